import { toLoggable } from '../../foundation/loggable.js';
import type { SecretRedactor } from '../../foundation/redact.js';

/** What a log line carries beside its message: a plain object that JSON can write. */
export type LogData = Readonly<Record<string, unknown>>;

/** Bytes of one line, what the logger itself adds included (fault L17). */
export const MAX_LINE_BYTES = 16 * 1024;
/** For level, time, process and host, which the logger adds. */
const RESERVED_BYTES = 1024;
const MAX_MESSAGE_BYTES = 4 * 1024;

/** Masks and bounds one text. */
export function toLogMessage(message: unknown, redactor: SecretRedactor): string {
  const text = typeof message === 'string' ? message : describe(message);
  const masked = printable(redactor.redact(text, MAX_MESSAGE_BYTES));
  const whole = text.length <= MAX_MESSAGE_BYTES && jsonBytes(masked) <= MAX_MESSAGE_BYTES;
  return whole ? masked : cut(masked, MAX_MESSAGE_BYTES, text.length);
}

/**
 * Masks and bounds what goes with a message: an `Error` under `error`, anything else under `meta`, so that
 * no plugin can overwrite a field of the line.
 */
export function toLogData(meta: unknown, redactor: SecretRedactor, maxBytes: number): LogData {
  if (meta === undefined) return {};
  const mapText = (text: string, limit: number) => printable(redactor.redact(text, limit));
  const safe = toLoggable(meta, { mapText, maxChars: maxBytes });
  const text = JSON.stringify(safe);
  if (text === undefined) return {};
  const bounded = byteLength(text) <= maxBytes ? safe : cut(text, maxBytes, text.length);
  return { [isError(meta) ? 'error' : 'meta']: bounded };
}

/** Bytes left for the data of a line once `message` and `fields` are written. */
export const bytesForData = (message: string, fields: LogData): number =>
  MAX_LINE_BYTES - RESERVED_BYTES - jsonBytes(message) - jsonBytes(fields);

function describe(value: unknown): string {
  try {
    return isError(value) ? String(value.message) : String(value);
  } catch {
    return '[unreadable]';
  }
}

export function isError(value: unknown): value is Error {
  try {
    return value instanceof Error;
  } catch {
    // A proxy whose traps throw.
    return false;
  }
}

// JSON escapes the controls below U+0020. These others move a terminal's cursor or end a line in some viewers.
const printable = (text: string): string =>
  text.replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** The start of `text`, with a mark saying how long it was, such that its JSON takes at most `maxBytes`. */
function cut(text: string, maxBytes: number, length: number): string {
  const mark = `…[truncated, ${length} characters]`;
  let kept = text;
  for (let size = jsonBytes(kept); size + jsonBytes(mark) > maxBytes && kept !== ''; size = jsonBytes(kept)) {
    kept = kept.slice(0, Math.floor((kept.length * (maxBytes - jsonBytes(mark))) / size));
  }
  return `${kept.replace(/[\ud800-\udbff]$/, '')}${mark}`;
}

const byteLength = (text: string): number => Buffer.byteLength(text, 'utf8');
const jsonBytes = (value: string | LogData): number => byteLength(JSON.stringify(value));
