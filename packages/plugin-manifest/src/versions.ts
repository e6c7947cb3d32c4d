import { MANIFEST_SCHEMA } from '@verifywise/plugin-types';
import semverCompare from 'semver/functions/compare.js';
import semverParse from 'semver/functions/parse.js';
import { BrandedError, hasBrandedCode } from './branded-error.js';

/** A version of §16.1, taken apart. */
export interface Version {
  /** As it was written; what is shown. */
  readonly raw: string;
  /** As it is compared: `X.Y` is `X.Y.0`, build data is left out. */
  readonly normalized: string;
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  readonly prerelease: readonly (string | number)[];
}

/** A version or range that is not written as §16 writes them. */
export class VersionError extends BrandedError<'VERSION_INVALID' | 'RANGE_INVALID'> {}

export const isVersionError = (error: unknown): error is VersionError =>
  hasBrandedCode(error, ['VERSION_INVALID', 'RANGE_INVALID']);

const GRAMMAR = new RegExp(MANIFEST_SCHEMA.definitions.version.pattern);
const MAX_LENGTH = MANIFEST_SCHEMA.definitions.version.maxLength;

function readVersion(text: unknown): Version | undefined {
  if (typeof text !== 'string' || text.length > MAX_LENGTH || !GRAMMAR.test(text)) return undefined;
  const parsed = semverParse(text.replace(/^(\d+\.\d+)(?=$|[-+])/, '$1.0'));
  if (!parsed) return undefined;
  const { major, minor, patch, prerelease, version: normalized } = parsed;
  return { raw: text, normalized, major, minor, patch, prerelease };
}

/**
 * Whether `text` is `X.Y` or `X.Y.Z`, with an optional prerelease and build (§16.1). Nothing is coerced:
 * `v1.2.3`, `1.2.3.4` and `1.2.3-` are not.
 */
export const isVersion = (text: unknown): text is string => readVersion(text) !== undefined;

/**
 * Takes a version apart.
 *
 * @throws {VersionError} `VERSION_INVALID`
 */
export function parseVersion(text: string): Version {
  const version = readVersion(text);
  if (version) return version;
  throw new VersionError({
    code: 'VERSION_INVALID',
    message: `${quote(text)} is not a version.`,
    hint: 'Write X.Y or X.Y.Z, such as 1.2.0, optionally with a prerelease such as 1.2.0-beta.1.',
  });
}

/**
 * Orders two versions as Semantic Versioning does: a prerelease comes before its release, build data does not
 * count.
 *
 * @throws {VersionError} `VERSION_INVALID`
 */
export const compareVersions = (a: string, b: string): -1 | 0 | 1 =>
  semverCompare(parseVersion(a).normalized, parseVersion(b).normalized);

/**
 * Whether a plugin that asks for `minVersion` runs on this host (§16.3). Prereleases of the host take part in
 * the plain order: 1.8.0-beta.1 is enough for 1.7.0, 1.7.0-rc.1 is not. Without a `minVersion` any host will
 * do.
 *
 * @throws {VersionError} `VERSION_INVALID`
 */
export const isCompatible = (hostVersion: string, minVersion: string | undefined): boolean =>
  minVersion === undefined || compareVersions(hostVersion, minVersion) >= 0;

/** For messages: shortened, so that a long text does not drown what is said about it. */
export const quote = (text: unknown): string => {
  const written = JSON.stringify(text) ?? String(text);
  return written.length > 60 ? `${written.slice(0, 57)}…"` : written;
};
