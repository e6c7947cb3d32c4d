import type { PluginLogger as PluginLoggerApi } from '@verifywise/plugin-types';
import type { HostLogger } from '../../foundation/logger.js';
import type { PluginKey } from '../../foundation/plugin-key.js';
import type { SecretRedactor } from '../../foundation/redact.js';
import { bytesForData, isError, type LogData, toLogData, toLogMessage } from './log-line.js';

type Level = keyof HostLogger;

export interface PluginLoggerOptions {
  readonly key: PluginKey;
  /** Where the lines go. */
  readonly logger: HostLogger;
  readonly redactor: SecretRedactor;
  /** Lines one plugin may write in each window. Default 1_000; what is beyond is dropped and counted. */
  readonly maxLines?: number;
  /** Length of that window in ms. Default 10_000. */
  readonly windowMs?: number;
  /** A clock that never goes back, in ms. Default `performance.now`. */
  readonly now?: () => number;
}

/**
 * `context.logger`. Every line names tenant and plugin and takes at most 16 KB; secrets are masked wherever
 * they stand. Nothing a plugin passes can make it throw, end a line early, or flood the log.
 */
export class PluginLogger implements PluginLoggerApi {
  readonly #options: Required<PluginLoggerOptions>;
  readonly #fields: LogData;
  #windowStart: number;
  #lines = 0;
  #dropped = 0;

  constructor(options: PluginLoggerOptions) {
    this.#options = { maxLines: 1_000, windowMs: 10_000, now: () => performance.now(), ...options };
    this.#fields = { tenant: options.key.tenant, pluginId: options.key.pluginId };
    this.#windowStart = this.#options.now();
  }

  debug(message: string, meta?: unknown): void {
    this.#write('debug', message, meta);
  }

  info(message: string, meta?: unknown): void {
    this.#write('info', message, meta);
  }

  warn(message: string, meta?: unknown): void {
    this.#write('warn', message, meta);
  }

  error(message: string, meta?: unknown): void {
    this.#write('error', message, meta);
  }

  /** Says how many lines were dropped, if any were and it was not said yet. */
  close(): void {
    try {
      this.#summarise();
    } catch {
      // As below.
    }
  }

  #write(level: Level, message: unknown, meta: unknown): void {
    try {
      if (!this.#admit()) return;
      // logger.error(err): the error is the data, its message the line.
      const data = meta === undefined && typeof message === 'object' ? message : meta;
      const text =
        isError(message) || typeof message !== 'object' ? toLogMessage(message, this.#options.redactor) : '';
      this.#send(level, text, data);
    } catch {
      // Logging must never be what breaks a plugin, and there is nowhere left to say so.
    }
  }

  #send(level: Level, message: string, data: unknown): void {
    const { logger, redactor } = this.#options;
    const extra = toLogData(data, redactor, bytesForData(message, this.#fields));
    logger[level]({ ...extra, ...this.#fields }, message);
  }

  /** Counts the line; `false` when the window is full. */
  #admit(): boolean {
    const { now, windowMs, maxLines } = this.#options;
    const time = now();
    if (time - this.#windowStart >= windowMs) {
      this.#summarise();
      this.#windowStart = time;
      this.#lines = 0;
    }
    this.#lines += 1;
    if (this.#lines <= maxLines) return true;
    if (this.#dropped === 0) {
      const seconds = windowMs / 1000;
      this.#send(
        'warn',
        `More than ${maxLines} lines in ${seconds} s: the rest of them is dropped.`,
        undefined,
      );
    }
    this.#dropped += 1;
    return false;
  }

  #summarise(): void {
    const dropped = this.#dropped;
    if (dropped === 0) return;
    this.#dropped = 0;
    this.#send('warn', `${dropped} lines were dropped.`, undefined);
  }
}
