import { isPlainObject } from '../../foundation/json.js';

/**
 * A copy that shares no plain object and no array with `value`, circles included. Everything else (dates, buffers,
 * instances of classes) is the same object in both: only its author knows how to copy it.
 */
export function plainCopy<T>(value: T): T {
  return copy(value, new Map()) as T;
}

function copy(value: unknown, copies: Map<object, object>): unknown {
  if (!Array.isArray(value) && !isPlainObject(value)) return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  const to: object = Array.isArray(value) ? [] : Object.create(Object.getPrototypeOf(value) as object | null);
  copies.set(value, to);
  for (const key of Object.keys(value)) {
    const child = copy((value as Record<string, unknown>)[key], copies);
    Object.defineProperty(to, key, { value: child, enumerable: true, configurable: true, writable: true });
  }
  return to;
}
