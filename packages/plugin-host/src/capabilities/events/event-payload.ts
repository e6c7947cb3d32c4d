import { types } from 'node:util';
import type { StampedPayload, TriggeredBy } from '@verifywise/plugin-types';
import { payloadInvalid } from '../../foundation/errors/index.js';
import { MAX_JSON_DEPTH } from '../../foundation/json.js';

/** What handlers get: plain data, frozen all the way down, the same object for all of them. */
export type DeliveredPayload = Readonly<StampedPayload> & {
  readonly triggeredBy?: Readonly<TriggeredBy>;
  readonly [field: string]: unknown;
};

/** What the host puts on a payload, whatever the emitter wrote there. */
export interface PayloadStamp {
  readonly event: string;
  readonly tenant: string;
  /** When the event occurred, in ms since 1970. */
  readonly timestamp: number;
  /** Used where the emitter names nobody. Absent: the event carries no `triggeredBy` at all. */
  readonly triggeredBy?: TriggeredBy | undefined;
}

type Fields = Record<string, unknown>;

/** Says in its message what JSON cannot hold, and where. */
class Unserialisable extends Error {}

const hasOwn = Object.prototype.hasOwnProperty;

/**
 * A frozen copy of `payload`, stamped: what `JSON.parse(JSON.stringify(payload))` gives, `toJSON` included, but in
 * one walk, and with dates still dates. A date cannot be frozen, so each read of one gives a fresh `Date` (design
 * decision 21).
 *
 * @throws PAYLOAD_INVALID for what JSON cannot hold: circles, nesting deeper than 200, bigints, what throws when it
 * is read, and a payload that is not an object.
 */
export function toDeliveredPayload(payload: unknown, stamp: PayloadStamp): DeliveredPayload {
  const { event, tenant, timestamp, triggeredBy } = stamp;
  try {
    const out: Fields = {};
    copyFields(rootOf(payload), out, 0);
    out.tenant = tenant;
    putDate(out, 'timestamp', timestamp);
    if (triggeredBy === undefined) delete out.triggeredBy;
    else if (out.triggeredBy === undefined || out.triggeredBy === null) {
      out.triggeredBy = copyOf(triggeredBy, 'triggeredBy', 1);
    }
    return Object.freeze(out) as DeliveredPayload;
  } catch (cause) {
    if (cause instanceof Unserialisable) throw payloadInvalid({ event, reason: cause.message });
    const reason = `reading it failed: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw payloadInvalid({ event, reason }, { cause });
  }
}

function rootOf(payload: unknown): Fields {
  if (payload === undefined || payload === null) return {};
  const root = typeof payload === 'object' && !types.isDate(payload) ? unwrap(payload, '') : payload;
  if (typeof root !== 'object' || root === null || Array.isArray(root) || types.isDate(root)) {
    throw new Unserialisable('it is not an object');
  }
  return root as Fields;
}

/** Copies what JSON would keep. The two fields at the top that are the host's to say are left to it. */
function copyFields(from: Fields, to: Fields, depth: number): void {
  for (const key in from) {
    if (!hasOwn.call(from, key) || (depth === 0 && (key === 'tenant' || key === 'timestamp'))) continue;
    const value = from[key];
    // Most fields of most records are strings: they are spared the call.
    const copy = typeof value === 'string' ? value : copyOf(value, key, depth + 1);
    if (copy === undefined) continue;
    if (copy instanceof Date) putDate(to, key, copy.getTime());
    else if (key === '__proto__') Object.defineProperty(to, key, { value: copy, enumerable: true });
    else to[key] = copy;
  }
}

function copyArray(from: readonly unknown[], depth: number): readonly unknown[] {
  const to: unknown[] = new Array(from.length);
  for (let i = 0; i < from.length; i++) {
    const value = from[i];
    const copy = typeof value === 'string' ? value : copyOf(value, String(i), depth + 1);
    if (copy instanceof Date) putDate(to, i, copy.getTime());
    else to[i] = copy === undefined ? null : copy;
  }
  return Object.freeze(to);
}

/** The frozen copy of one value; `undefined` for what JSON leaves out, and a valid `Date` for a date. */
function copyOf(value: unknown, key: string, depth: number): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      // As JSON has it: no NaN, no infinities, and -0 is 0.
      return Number.isFinite(value) ? value + 0 : null;
    case 'object':
      return value === null ? null : copyObject(value, key, depth);
    case 'bigint':
      return copyBigint(value, key, depth);
    default:
      return undefined;
  }
}

/** Applications that store bigints often give them a `toJSON`. */
function copyBigint(value: bigint, key: string, depth: number): unknown {
  const plain = unwrap(value, key);
  if (typeof plain === 'bigint') throw new Unserialisable(`"${key}" is a bigint`);
  return copyOf(plain, key, depth);
}

function copyObject(value: object, key: string, depth: number): unknown {
  if (depth > MAX_JSON_DEPTH) {
    throw new Unserialisable(`"${key}" is part of a circle, or nested more than ${MAX_JSON_DEPTH} deep`);
  }
  if (typeof (value as Fields).toJSON !== 'function') return copyContents(value, key, depth);
  if (types.isDate(value)) return copyDate(value);
  const plain = unwrap(value, key);
  if (types.isDate(plain)) return copyDate(plain);
  // Not asked a second time, as with JSON.
  return typeof plain === 'object' && plain !== null
    ? copyContents(plain, key, depth)
    : copyOf(plain, key, depth);
}

function copyContents(value: object, key: string, depth: number): unknown {
  if (Array.isArray(value)) return copyArray(value, depth);
  if (types.isBoxedPrimitive(value)) return copyOf(value.valueOf(), key, depth);
  const to: Fields = {};
  copyFields(value as Fields, to, depth);
  return Object.freeze(to);
}

const copyDate = (date: Date): Date | null =>
  Number.isNaN(date.getTime()) ? null : new Date(date.getTime());

function unwrap(value: object | bigint, key: string): unknown {
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === 'function' ? toJSON.call(value, key) : value;
}

/** A date is a box that freezing does not close: hand out a new one each time. */
function putDate(to: object, key: string | number, ms: number): void {
  Object.defineProperty(to, key, { enumerable: true, configurable: true, get: () => new Date(ms) });
}
