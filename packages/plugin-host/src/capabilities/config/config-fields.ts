import type { ConfigField, ConfigSchema } from '@verifywise/plugin-types';
import { isPlainObject } from '../../foundation/json.js';
import { isEnvelope } from '../../secrets/envelope.js';

/** Where a leaf stands, in dotted form (`accounts.0.token`), and whether the manifest declares it secret. */
export interface LeafPlace {
  readonly path: string;
  readonly secret: boolean;
}

/** Replaces one leaf. `undefined` leaves it out; of a list, which keeps its length, it becomes `null`. */
export type MapLeaf = (leaf: unknown, place: LeafPlace) => unknown;

/** A secret within a value, still encrypted. */
export class StoredSecret {
  /** Its envelope, or plain text where an older manifest did not declare it secret. */
  readonly stored: unknown;
  /** The path it was stored at, which an envelope is bound to; an element of a list may have moved since. */
  readonly path: string;

  constructor(stored: unknown, path: string) {
    this.stored = stored;
    this.path = path;
  }
}

/** A declared field. Not a plain look-up: `constructor` is a key like any other. */
export const fieldAt = (schema: ConfigSchema, key: string): ConfigField | undefined =>
  Object.hasOwn(schema, key) ? schema[key] : undefined;

export const isSecret = (field: ConfigField | undefined): boolean =>
  field?.type === 'string' && field.secret === true;

/** Whether a secret stands at or beneath `field`. */
export function hasSecrets(field: ConfigField | undefined): boolean {
  if (field?.type === 'array') return hasSecrets(field.items);
  if (field?.type === 'object') return Object.values(field.properties).some(hasSecrets);
  return isSecret(field);
}

/** Dots are enough: the keys a manifest may declare hold none. */
export const childPath = (path: string, key: string | number): string => `${path}.${key}`;

/**
 * A copy of `value` with every leaf replaced. `value` may not fit `field`: it may have been stored for
 * another version of the manifest.
 */
export function mapLeaves(
  field: ConfigField | undefined,
  value: unknown,
  path: string,
  map: MapLeaf,
): unknown {
  if (Array.isArray(value)) {
    const items = field?.type === 'array' ? field.items : undefined;
    return value.map((item, i) => mapLeaves(items, item, childPath(path, i), map) ?? null);
  }
  if (!isPlainObject(value)) return map(value, { path, secret: isSecret(field) });
  const properties = field?.type === 'object' ? field.properties : {};
  const entries = Object.entries(value).map(([key, member]) => [
    key,
    mapLeaves(fieldAt(properties, key), member, childPath(path, key), map),
  ]);
  return Object.fromEntries(entries.filter(([, member]) => member !== undefined));
}

/**
 * A stored value with its secrets wrapped. One that the manifest no longer declares secret counts as not set:
 * what was kept secret must not show because a new version says so (fault S7).
 */
export const wrapSecrets = (field: ConfigField, stored: unknown, key: string): unknown =>
  mapLeaves(field, stored, key, (leaf, { path, secret }) => {
    if (leaf === undefined || leaf === null) return leaf;
    if (secret) return new StoredSecret(leaf, path);
    return isEnvelope(leaf) ? undefined : leaf;
  });

/** A copy with each wrapped secret replaced. */
export const unwrapSecrets = (value: unknown, reveal: (secret: StoredSecret) => unknown): unknown =>
  mapLeaves(undefined, value, '', (leaf) => (leaf instanceof StoredSecret ? reveal(leaf) : leaf));

/** JSON text that is the same for equal values, whatever the order of their keys. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    isPlainObject(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
