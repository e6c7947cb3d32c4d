import { types } from 'node:util';

/** How deep a loggable value goes before the rest is summed up. */
const MAX_DEPTH = 12;
const TRUNCATED = '…[truncated]';

export interface LoggableOptions {
  /** Applied to every text and key. Must return what it makes of the first `limit` characters. */
  readonly mapText: (text: string, limit: number) => string;
  /** Characters the whole value may take; the rest is cut with a mark. Default 1_000_000. */
  readonly maxChars?: number;
}

/**
 * A copy of `value` that `JSON.stringify` can write: errors with their stack and cause, circles, bigints,
 * functions and binary data named, getters and proxies that throw survived. Never throws itself.
 */
export function toLoggable(value: unknown, { mapText, maxChars = 1_000_000 }: LoggableOptions): unknown {
  return new LoggableCopy(mapText, maxChars).of(value);
}

class LoggableCopy {
  readonly #mapText: LoggableOptions['mapText'];
  readonly #ancestors: object[] = [];
  #left: number;

  constructor(mapText: LoggableOptions['mapText'], maxChars: number) {
    this.#mapText = mapText;
    this.#left = maxChars;
  }

  of(value: unknown): unknown {
    // Each node costs something, so that neither wide nor shared structures escape the limit.
    this.#left -= 1;
    if (this.#left < 0) return TRUNCATED;
    switch (typeof value) {
      case 'string':
        return this.#text(value);
      case 'number':
        return this.#number(value);
      case 'bigint':
      case 'symbol':
        return this.#text(String(value));
      case 'function':
        return this.#text('[function]');
      case 'object':
        return value === null ? null : this.#object(value);
      default:
        return value;
    }
  }

  #text(text: string): string {
    const limit = Math.max(this.#left, 0);
    this.#left -= Math.min(text.length, limit);
    const mapped = this.#mapText(text, limit);
    return text.length > limit ? `${mapped}${TRUNCATED}` : mapped;
  }

  #number(value: number): unknown {
    const text = String(value);
    // A numeric secret may be logged as a number.
    const mapped = this.#text(text);
    return mapped === text && Number.isFinite(value) ? value : mapped;
  }

  #object(value: object): unknown {
    if (this.#ancestors.includes(value)) return '[circular]';
    if (this.#ancestors.length >= MAX_DEPTH) return '[nested too deep]';
    this.#ancestors.push(value);
    try {
      return this.#convert(value);
    } catch {
      return '[unreadable]';
    } finally {
      this.#ancestors.pop();
    }
  }

  #convert(value: object): unknown {
    if (types.isNativeError(value) || value instanceof Error) return this.#error(value as Error);
    if (types.isArrayBufferView(value) || types.isAnyArrayBuffer(value)) return `[${value.byteLength} bytes]`;
    if (types.isDate(value)) return Number.isNaN(Number(value)) ? 'Invalid Date' : value.toISOString();
    if (types.isRegExp(value)) return this.#text(String(value));
    if (types.isPromise(value)) return '[promise]';
    if (types.isBoxedPrimitive(value)) return this.of(value.valueOf());
    if (types.isMap(value)) return this.#list([...value]);
    if (types.isSet(value)) return this.#list([...value]);
    if (Array.isArray(value)) return this.#list(value);
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === 'function') return this.of(toJSON.call(value, ''));
    return this.#entries(Object.keys(value), value);
  }

  #error(error: Error): unknown {
    const always = ['name', 'message', 'stack', 'cause', 'errors'].filter((key) => key in error);
    const copy = this.#entries([...new Set([...always, ...Object.keys(error)])], error);
    // Without a constructor, pino names the error by its name and not "Object".
    return Object.setPrototypeOf(copy, null);
  }

  #list(values: readonly unknown[]): unknown[] {
    const copy: unknown[] = [];
    for (let i = 0; i < values.length && this.#left >= 0; i++) copy.push(this.of(values[i]));
    return copy;
  }

  #entries(keys: readonly string[], source: object): object {
    const copy: [string, unknown][] = [];
    for (const key of keys) {
      if (this.#left < 0) {
        copy.push([TRUNCATED, true]);
        break;
      }
      copy.push([this.#text(key), this.of(read(source, key))]);
    }
    // Not assignments: a key may be __proto__.
    return Object.fromEntries(copy);
  }
}

function read(source: object, key: string): unknown {
  try {
    return (source as Record<string, unknown>)[key];
  } catch {
    return '[unreadable]';
  }
}
