import { createConfigValidator } from '@verifywise/plugin-manifest';
import type { ConfigField } from '@verifywise/plugin-types';
import type { ConfigIssueDetail } from '../../foundation/errors/index.js';
import { isPlainObject } from '../../foundation/json.js';
import { MASK } from '../../foundation/redact.js';
import { isEnvelope } from '../../secrets/envelope.js';
import {
  canonicalJson,
  childPath,
  fieldAt,
  hasSecrets,
  isSecret,
  mapLeaves,
  StoredSecret,
} from './config-fields.js';

interface Place {
  readonly path: string;
  readonly storedPath: string;
  /** Gathers what cannot be merged. */
  readonly issues: ConfigIssueDetail[];
  /** An element of a list whose visible part was changed: a mask keeps its secrets, leaving them out does not. */
  readonly edited: boolean;
}

/** The stored element a new element of a list continues. */
interface Partner {
  readonly index: number;
  readonly edited: boolean;
}

/**
 * What a change makes of a stored value. The mask keeps what is stored; a secret left out, or left empty,
 * keeps it too; `null` clears. Everything else replaces. `undefined` means that nothing remains.
 */
export function mergeChange(
  field: ConfigField,
  next: unknown,
  stored: unknown,
  { key, issues }: { key: string; issues: ConfigIssueDetail[] },
): unknown {
  return merge(field, next, stored, { path: key, storedPath: key, issues, edited: false });
}

function merge(field: ConfigField | undefined, next: unknown, stored: unknown, place: Place): unknown {
  if (next === null) return undefined;
  if (isSecret(field)) return mergeSecret(next, stored, place);
  if (next === MASK) return typeof stored === 'string' && !isEnvelope(stored) ? stored : undefined;
  if (isEnvelope(next)) place.issues.push({ field: place.path, message: 'must not be an encrypted secret' });
  if (Array.isArray(next)) {
    const items = field?.type === 'array' ? field.items : undefined;
    return mergeList(items, next, Array.isArray(stored) ? stored : [], place);
  }
  if (isPlainObject(next)) return mergeGroup(field, next, isPlainObject(stored) ? stored : {}, place);
  return next;
}

function mergeSecret(next: unknown, stored: unknown, { storedPath, path, issues, edited }: Place): unknown {
  const keeps = next === MASK || (!edited && (next === undefined || next === ''));
  if (!keeps) return next === '' ? undefined : next;
  if (stored !== undefined && stored !== null) return new StoredSecret(stored, storedPath);
  // In a list a mask may have lost the entry it stood for; elsewhere there simply was nothing to keep.
  if (next === MASK && edited) issues.push({ field: path, message: 'must be entered again' });
  return undefined;
}

function mergeGroup(
  field: ConfigField | undefined,
  next: Record<string, unknown>,
  stored: Record<string, unknown>,
  place: Place,
): unknown {
  const properties = field?.type === 'object' ? field.properties : {};
  const secrets = Object.keys(properties).filter((key) => isSecret(fieldAt(properties, key)));
  const entries = [...new Set([...Object.keys(next), ...secrets])].map((key) => [
    key,
    merge(fieldAt(properties, key), own(next, key), own(stored, key), {
      ...place,
      path: childPath(place.path, key),
      storedPath: childPath(place.storedPath, key),
    }),
  ]);
  return Object.fromEntries(entries.filter(([, member]) => member !== undefined));
}

function mergeList(
  items: ConfigField | undefined,
  next: readonly unknown[],
  stored: readonly unknown[],
  place: Place,
): unknown[] {
  const partners = items && hasSecrets(items) ? pairElements(items, next, stored) : [];
  return next.map((item, i) => {
    // For the validator to refuse: only a member can be cleared, not an element.
    if (item === null) return null;
    const partner = partners[i];
    const merged = merge(items, item, partner && stored[partner.index], {
      ...place,
      path: childPath(place.path, i),
      storedPath: childPath(place.storedPath, partner?.index ?? i),
      edited: partner?.edited ?? true,
    });
    return merged ?? null;
  });
}

/**
 * Which stored element each new one continues. Going by position alone would hand one entry's secret to
 * another as soon as an entry before it is removed.
 *
 * Elements equal in all but their secrets belong together, in order; where fewer of them are left than there
 * were, nobody can say which. Beyond that, a single changed element continues the one it stands in place of.
 */
function pairElements(
  items: ConfigField,
  next: readonly unknown[],
  stored: readonly unknown[],
): (Partner | undefined)[] {
  const storedBy = indexesByVisiblePart(items, stored);
  const partners: (Partner | undefined)[] = next.map(() => undefined);
  const claimed = new Set<number>();
  for (const [visible, positions] of indexesByVisiblePart(items, next)) {
    const candidates = storedBy.get(visible) ?? [];
    if (positions.length < candidates.length) continue;
    for (const [i, index] of candidates.entries()) {
      const position = positions[i];
      if (position === undefined) continue;
      partners[position] = { index, edited: false };
      claimed.add(index);
    }
  }
  const [open, ...others] = partners.flatMap((partner, i) => (partner ? [] : [i]));
  if (next.length === stored.length && open !== undefined && others.length === 0 && !claimed.has(open)) {
    partners[open] = { index: open, edited: true };
  }
  return partners;
}

function indexesByVisiblePart(items: ConfigField, list: readonly unknown[]): Map<string, number[]> {
  // With defaults, since what an admin sends back was shown with them.
  const shown = createConfigValidator({ list: { type: 'array', items } }).withDefaults({ list }).list;
  const indexes = new Map<string, number[]>();
  for (const [i, item] of (shown as unknown[]).entries()) {
    const visible = mapLeaves(items, item, '', (leaf, { secret }) => (secret ? undefined : leaf));
    const text = canonicalJson(visible) ?? '';
    indexes.set(text, [...(indexes.get(text) ?? []), i]);
  }
  return indexes;
}

const own = (object: Record<string, unknown>, key: string): unknown =>
  Object.hasOwn(object, key) ? object[key] : undefined;
