import { isNamingError, pluginTableName } from '@verifywise/plugin-manifest';
import { identifierTooLong, modelInvalid } from '../../foundation/errors/index.js';

/** Postgres cuts longer identifiers off without a word. In bytes. */
const IDENTIFIER_BYTES = 63;

const MODEL_NAME = /^[A-Za-z][A-Za-z0-9_]*$/;
const COLUMN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Names a row, a condition or Postgres itself has taken. */
const TAKEN: Readonly<Record<string, string>> = {
  save: 'rows have a method of that name',
  update: 'rows have a method of that name',
  destroy: 'rows have a method of that name',
  toJSON: 'JSON.stringify would call it',
  and: 'conditions use the word',
  or: 'conditions use the word',
  constructor: 'objects have that name already',
  prototype: 'objects have that name already',
  ctid: 'Postgres has a column of that name',
  xmin: 'Postgres has a column of that name',
  xmax: 'Postgres has a column of that name',
  cmin: 'Postgres has a column of that name',
  cmax: 'Postgres has a column of that name',
  tableoid: 'Postgres has a column of that name',
};

/** `AuditLog` → `audit_log`, `HTTPLog2` → `http_log2`. */
export const snakeCase = (name: string): string =>
  name
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase();

/** `AuditLog` → `auditLog`. */
export const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

/** @throws MODEL_INVALID */
export function requireModelName(name: unknown): string {
  if (typeof name !== 'string' || !MODEL_NAME.test(name)) {
    throw modelInvalid({
      model: String(name),
      field: 'name',
      reason: 'a name is a letter and then letters, digits and underscores',
    });
  }
  return name;
}

/**
 * The table of a model: (`jira-sync`, `IssueMapping`) → `plugin_jira_sync_issue_mapping` (§22.2).
 *
 * @throws IDENTIFIER_TOO_LONG
 */
export function modelTable(pluginId: string, model: string): string {
  try {
    return pluginTableName(pluginId, snakeCase(model));
  } catch (error) {
    if (!isNamingError(error)) throw error;
    if (error.code !== 'IDENTIFIER_TOO_LONG')
      throw modelInvalid({ model, field: 'name', reason: error.message });
    throw tooLong(`plugin_${pluginId.replaceAll('-', '_')}_${snakeCase(model)}`);
  }
}

/**
 * A name as it may stand in SQL, of a column or whatever `field` says.
 *
 * @throws MODEL_INVALID, IDENTIFIER_TOO_LONG
 */
export function requireColumnName(model: string, field: string, name: unknown): string {
  const refuse = (reason: string) => modelInvalid({ model, field, reason });
  if (typeof name !== 'string' || !COLUMN_NAME.test(name)) {
    throw refuse(
      `${JSON.stringify(name) ?? String(name)} is no name: letters, digits and underscores make one`,
    );
  }
  if (name === '__proto__') throw refuse('objects have that name already');
  if (Object.hasOwn(TAKEN, name)) throw refuse(`${name} cannot be used, since ${TAKEN[name]}`);
  requireShort(name);
  return name;
}

/** @throws IDENTIFIER_TOO_LONG */
export function requireShort(identifier: string): void {
  if (Buffer.byteLength(identifier) > IDENTIFIER_BYTES) throw tooLong(identifier);
}

const tooLong = (identifier: string) =>
  identifierTooLong({ identifier, bytes: Buffer.byteLength(identifier), limit: IDENTIFIER_BYTES });
