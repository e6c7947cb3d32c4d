import semverSatisfies from 'semver/functions/satisfies.js';
import { isVersion, parseVersion, quote, VersionError } from './versions.js';

/** The operators of §16.2. */
export const RANGE_OPERATORS = ['>=', '<=', '>', '<', '=', '^', '~'] as const;

export type RangeOperator = (typeof RANGE_OPERATORS)[number];

/** One part of a range, such as `>=1.2.0`. */
export interface Comparator {
  /** Empty if none was written, which is read as `=`. */
  readonly operator: RangeOperator | '';
  /** As it is compared: `X.Y` is `X.Y.0`. */
  readonly version: string;
}

/** A range of §16.2: a version is in it if every comparator holds. */
export interface VersionRange {
  readonly raw: string;
  readonly comparators: readonly Comparator[];
}

/** A longer range is not a range anybody wrote. In characters. */
const MAX_LENGTH = 256;

const COMPARATOR = /^(>=|<=|>|<|=|\^|~)? *([^ ]+)(?: +|$)/;

function readRange(text: unknown): VersionRange | undefined {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return undefined;
  const comparators: Comparator[] = [];
  for (let rest = text.trim(); rest !== ''; ) {
    const [matched, operator = '', version = ''] = COMPARATOR.exec(rest) ?? [];
    if (matched === undefined || !isVersion(version)) return undefined;
    comparators.push({
      operator: operator as Comparator['operator'],
      version: parseVersion(version).normalized,
    });
    rest = rest.slice(matched.length);
  }
  return comparators.length === 0 ? undefined : { raw: text, comparators };
}

/** Whether `text` is a range as §16.2 writes them. */
export const isRange = (text: unknown): text is string => readRange(text) !== undefined;

/**
 * Takes a range apart: the operators of §16.2 before versions of §16.1, joined by spaces, 256 characters at
 * most. What npm knows beyond that (`||`, `*`, `1.x`, `1.0.0 - 2.0.0`) is not a range. A version alone means
 * exactly that version.
 *
 * @throws {VersionError} `RANGE_INVALID`
 */
export function parseRange(text: string): VersionRange {
  const range = readRange(text);
  if (range) return range;
  throw new VersionError({
    code: 'RANGE_INVALID',
    message: `${quote(text)} is not a range of versions.`,
    hint: 'Write >=, >, <=, <, =, ^ or ~ before a version, such as >=1.0.0; join several by spaces.',
  });
}

/**
 * Whether a version is in a range (§16.2). `1.2` is `1.2.0` on either side, so `=1.5` is only 1.5.0. A
 * prerelease is in a range only if a comparator names a prerelease of the same X.Y.Z: `>=1.0.0` holds 2.0.0
 * but not 2.0.0-beta.1.
 *
 * @throws {VersionError} `VERSION_INVALID`, `RANGE_INVALID`
 */
export function satisfies(version: string, range: string): boolean {
  const comparators = parseRange(range).comparators.map(({ operator, version: of }) => operator + of);
  return semverSatisfies(parseVersion(version).normalized, comparators.join(' '));
}
