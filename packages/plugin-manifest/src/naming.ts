import { MANIFEST_SCHEMA } from '@verifywise/plugin-types';
import { BrandedError, hasBrandedCode } from './branded-error.js';
import { FORBIDDEN_NAMES } from './json-document.js';
import { isVersion, quote } from './versions.js';

/**
 * Words that the host's own endpoints use where a plugin's id stands: `/api/plugins/upload`,
 * `/api/marketplace/tags`.
 */
export const RESERVED_PLUGIN_IDS = [
  'upload',
  'install-from-url',
  'ui-extensions',
  'openapi.json',
  'categories',
  'tags',
  'updates',
  'refresh',
] as const;

/** A name that cannot be used, or cannot be made. */
export class NamingError extends BrandedError<'IDENTIFIER_TOO_LONG' | 'IDENTIFIER_INVALID'> {}

export const isNamingError = (error: unknown): error is NamingError =>
  hasBrandedCode(error, ['IDENTIFIER_TOO_LONG', 'IDENTIFIER_INVALID']);

/** Postgres cuts longer identifiers off without saying so. In bytes. */
const MAX_IDENTIFIER_BYTES = 63;

const { pattern, maxLength } = MANIFEST_SCHEMA.definitions.pluginId;
const ID = new RegExp(pattern);
const TABLE = /^[a-z0-9_]+$/;

/** Whether the id is one that no plugin may have, although it is written like one. */
export const isReservedId = (id: string): boolean =>
  FORBIDDEN_NAMES.includes(id) || (RESERVED_PLUGIN_IDS as readonly string[]).includes(id);

/**
 * Whether a plugin may have this id: lower-case letters and digits in words joined by single hyphens, at most
 * 50 characters, not reserved.
 */
export const isPluginId = (id: unknown): id is string =>
  typeof id === 'string' && id.length <= maxLength && ID.test(id) && !isReservedId(id);

function requirePluginId(id: string): void {
  if (isPluginId(id)) return;
  throw new NamingError({
    code: 'IDENTIFIER_INVALID',
    message: `${quote(id)} cannot be a plugin's id.`,
    hint: 'Use lower-case words joined by single hyphens, at most 50 characters, such as audit-trail.',
  });
}

/**
 * What the names of a plugin's tables begin with: `jira-integration` → `plugin_jira_integration_` (§13.2). It
 * says nothing about who owns a table: those of `jira` and of `jira-integration` begin alike.
 *
 * @throws {NamingError} `IDENTIFIER_INVALID`
 */
export function pluginTablePrefix(id: string): string {
  requirePluginId(id);
  return `plugin_${id.replaceAll('-', '_')}_`;
}

/**
 * The full name of a plugin's table: (`jira-integration`, `mappings`) → `plugin_jira_integration_mappings`
 * (§13.2).
 *
 * @throws {NamingError} `IDENTIFIER_TOO_LONG` over 63 bytes, which Postgres would cut off;
 * `IDENTIFIER_INVALID`
 */
export function pluginTableName(id: string, table: string): string {
  const name = pluginTablePrefix(id) + table;
  if (!TABLE.test(table)) {
    throw new NamingError({
      code: 'IDENTIFIER_INVALID',
      message: `${quote(table)} cannot be the name of a table.`,
      hint: 'Use lower-case letters, digits and underscores.',
    });
  }
  if (name.length > MAX_IDENTIFIER_BYTES) {
    throw new NamingError({
      code: 'IDENTIFIER_TOO_LONG',
      message: `The table name ${name} has ${name.length} bytes; ${MAX_IDENTIFIER_BYTES} are possible.`,
      hint: `Shorten "${table}" by ${name.length - MAX_IDENTIFIER_BYTES}.`,
    });
  }
  return name;
}

/**
 * The file name of a plugin's package (Appendix A): `slack-notifications-1.0.0.zip`.
 *
 * @throws {NamingError} `IDENTIFIER_INVALID`
 */
export function zipName(id: string, version: string): string {
  requirePluginId(id);
  if (!isVersion(version)) {
    throw new NamingError({
      code: 'IDENTIFIER_INVALID',
      message: `${quote(version)} cannot be part of a package's name: it is not a version.`,
      hint: 'Write X.Y or X.Y.Z.',
    });
  }
  return `${id}-${version}.zip`;
}
