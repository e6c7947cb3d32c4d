/** The plugin's log. Free to every plugin. Entries name tenant and plugin; secret values are masked. */
export interface PluginLogger {
  /** `meta` is any value JSON can hold, or an `Error`, which is logged with its stack. */
  debug(message: string, meta?: unknown): void;
  info(message: string, meta?: unknown): void;
  warn(message: string, meta?: unknown): void;
  error(message: string, meta?: unknown): void;
}
