import { types } from 'node:util';
import { valueNotStorable } from './errors/index.js';

/** How many arrays and objects a storable value may nest. */
export const MAX_JSON_DEPTH = 200;

export interface StorableJsonOptions {
  /** Where the value stands, as errors name it: `value`, `smtp`. Default: the root. */
  readonly path?: string;
}

/**
 * The JSON text of `value`, such that reading it back gives the same value.
 *
 * `toJSON` is applied first, so dates become ISO strings. Whatever JSON, or Postgres' `jsonb`, would
 * silently change or lose is refused with VALUE_NOT_STORABLE, naming its path: `undefined` (but for members of
 * objects, which JSON leaves out and reading back gives as `undefined` again), `NaN`, infinities, bigints, functions, symbols, invalid dates, maps, sets, errors and their like, circles, NUL
 * characters, lone surrogates, and nesting deeper than 200. The one exception is `-0`, stored as `0`.
 */
export function toStorableJson(value: unknown, { path = '' }: StorableJsonOptions = {}): string {
  return write(value, '', path, []);
}

/**
 * Freezes a JSON tree in place and returns it. An object that is already frozen is taken to be frozen all
 * the way down. Only plain objects and arrays are frozen: dates and buffers keep their contents elsewhere.
 */
export function deepFreeze<T>(value: T): T {
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next !== 'object' || next === null || Object.isFrozen(next)) continue;
    if (!Array.isArray(next) && !isPlainObject(next)) continue;
    Object.freeze(next);
    // Not push(...children): a long array would not fit the stack.
    for (const child of Array.isArray(next) ? next : Object.values(next)) pending.push(child);
  }
  return value;
}

/** Whether `value` is an object literal, or what `JSON.parse` makes of one; also when it comes from another realm. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** One step further down a path: `smtp.hosts[0]`, `["odd key"].x`. */
export function joinPath(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  if (!/^[\w$-]+$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

function write(given: unknown, key: string, path: string, ancestors: object[]): string {
  const value = unwrap(given, key, path);
  switch (typeof value) {
    case 'string':
      return writeString(value, path);
    case 'boolean':
      return String(value);
    case 'number':
      if (!Number.isFinite(value)) throw valueNotStorable({ path, reason: `it is ${value}` });
      return JSON.stringify(value);
    case 'object':
      return value === null ? 'null' : writeContainer(value, path, ancestors);
    default:
      throw valueNotStorable({
        path,
        reason: `it is ${typeof value === 'undefined' ? '' : 'a '}${typeof value}`,
      });
  }
}

function writeContainer(value: object, path: string, ancestors: object[]): string {
  const exotic = exoticName(value);
  if (exotic) throw valueNotStorable({ path, reason: `it is ${exotic}` });
  if (ancestors.includes(value)) throw valueNotStorable({ path, reason: 'it contains itself' });
  if (ancestors.length >= MAX_JSON_DEPTH) {
    throw valueNotStorable({ path: shorten(path), reason: `it is nested more than ${MAX_JSON_DEPTH} deep` });
  }
  ancestors.push(value);
  const text = Array.isArray(value)
    ? writeArray(value, path, ancestors)
    : writeObject(value, path, ancestors);
  ancestors.pop();
  return text;
}

function writeArray(array: readonly unknown[], path: string, ancestors: object[]): string {
  const parts: string[] = [];
  for (let i = 0; i < array.length; i++) {
    const child = joinPath(path, i);
    parts.push(
      write(
        guarded(child, () => array[i]),
        String(i),
        child,
        ancestors,
      ),
    );
  }
  return `[${parts.join(',')}]`;
}

function writeObject(object: object, path: string, ancestors: object[]): string {
  const parts: string[] = [];
  for (const key of guarded(path, () => Object.keys(object))) {
    const child = joinPath(path, key);
    const value = guarded(child, () => (object as Record<string, unknown>)[key]);
    if (value === undefined) continue;
    parts.push(`${writeString(key, child)}:${write(value, key, child, ancestors)}`);
  }
  return `{${parts.join(',')}}`;
}

function writeString(text: string, path: string): string {
  if (text.includes('\0')) throw valueNotStorable({ path, reason: 'it holds a NUL character' });
  // With the u flag a surrogate that is half of a pair does not match.
  if (/\p{Surrogate}/u.test(text)) throw valueNotStorable({ path, reason: 'it holds half a surrogate pair' });
  return JSON.stringify(text);
}

/** Applies `toJSON`, as JSON.stringify does. */
function unwrap(value: unknown, key: string, path: string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (types.isDate(value) && Number.isNaN(Number(value))) {
    throw valueNotStorable({ path, reason: 'it is an invalid date' });
  }
  return guarded(path, () => {
    const { toJSON } = value as { toJSON?: unknown };
    return typeof toJSON === 'function' ? (toJSON.call(value, key) as unknown) : value;
  });
}

/** Runs code of the value itself: getters, `toJSON`, proxy traps. */
function guarded<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw valueNotStorable({ path, reason: 'reading it failed' }, { cause });
  }
}

/** Objects JSON.stringify would turn into `{}` or a look-alike without a word. */
function exoticName(value: object): string | undefined {
  if (types.isMap(value) || types.isWeakMap(value)) return 'a Map';
  if (types.isSet(value) || types.isWeakSet(value)) return 'a Set';
  if (types.isNativeError(value)) return 'an Error';
  if (types.isRegExp(value)) return 'a regular expression';
  if (types.isPromise(value)) return 'a Promise; it was not awaited';
  if (types.isArrayBufferView(value) || types.isAnyArrayBuffer(value)) return 'binary data';
  if (types.isBoxedPrimitive(value)) return 'a boxed primitive';
  return undefined;
}

const shorten = (path: string): string => (path.length > 120 ? `${path.slice(0, 120)}…` : path);
