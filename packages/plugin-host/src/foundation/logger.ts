/**
 * What the host needs of a logger: pino's calling order, data first. pino, or any object with these
 * four methods, will do.
 */
export interface HostLogger {
  debug(data: object, message: string): void;
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
}
