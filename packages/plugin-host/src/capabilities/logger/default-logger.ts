import { type DestinationStream, pino } from 'pino';
import type { HostLogger } from '../../foundation/logger.js';

export interface DefaultLoggerOptions {
  /** Lines below it are dropped: `debug`, `info`, `warn`, `error` or `silent`. Default `info`. */
  readonly level?: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Where the lines go. Default: standard output. */
  readonly destination?: DestinationStream;
}

/** The logger of a host that was given none: pino, one JSON line per entry. */
export function createDefaultLogger({ level = 'info', destination }: DefaultLoggerOptions = {}): HostLogger {
  const options = { name: 'plugin-host', level };
  return destination ? pino(options, destination) : pino(options);
}
