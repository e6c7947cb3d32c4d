import { defineError } from './host-error.js';

/** The database, plugin tables and metadata. */

export const databaseUnavailable = defineError('DB_UNAVAILABLE', 503, {
  message: (d: { reason: string }) => `The database is not available: ${d.reason}`,
  hint: 'Nothing was changed. Try again when the database is back.',
});

export const databaseRoleUnsafe = defineError('DB_ROLE_UNSAFE', 500, {
  message: (d: { role: string; attribute: string }) =>
    `The host connects as "${d.role}", which is ${d.attribute}: the database would not keep tenants apart.`,
  hint: 'Give the host a login that is neither superuser nor BYPASSRLS, or set allowUnsafeDbRole to accept the risk.',
});

export const schemaOutdated = defineError('SCHEMA_OUTDATED', 500, {
  message: (d: { missing: readonly string[] }) => `The host's tables lack the migrations ${d.missing.join(', ')}.`,
  hint: "Run the migrations, or create the host with migrate: 'auto'.",
});

export const queryFailed = defineError('QUERY_FAILED', 422, {
  message: (d: { reason: string; sqlState?: string }) => `The query failed: ${d.reason}`,
  hint: 'The message is the database’s own.',
});

export const queryTimeout = defineError('QUERY_TIMEOUT', 504, {
  message: (d: { ms: number }) => `The query took longer than ${d.ms} ms and was cancelled.`,
  hint: 'Narrow the query or add an index.',
});

export const multipleStatements = defineError('SQL_MULTIPLE_STATEMENTS', 422, {
  message: (_: object) => 'A query may hold one statement only.',
  hint: 'Send each statement in its own query, inside context.db.transaction if they belong together.',
});

export const transactionClosed = defineError('TRANSACTION_CLOSED', 409, {
  message: (_: object) => 'The transaction this call belongs to has ended.',
  hint: 'Await every query inside the hook or the transaction function.',
});

export const transactionTimeout = defineError('TRANSACTION_TIMEOUT', 504, {
  message: (d: { ms: number }) => `The transaction took longer than ${d.ms} ms and was rolled back.`,
  hint: 'Keep transactions short; do slow work before or after them.',
});

export const valueNotStorable = defineError('VALUE_NOT_STORABLE', 400, {
  message: (d: { path: string; reason: string }) => `The value at ${d.path || 'the root'} cannot be stored: ${d.reason}`,
  hint: 'Store what JSON can hold: objects, arrays, strings, finite numbers, booleans and null.',
});

export const valueTooLarge = defineError('VALUE_TOO_LARGE', 413, {
  message: (d: { bytes: number; limit: number }) => `The value is ${d.bytes} bytes; at most ${d.limit} are stored.`,
  hint: 'Keep large content in a table of its own, or split it.',
});

export const metadataKeyInvalid = defineError('METADATA_KEY_INVALID', 400, {
  message: (d: { field: string; reason: string }) => `Metadata ${d.field} is not valid: ${d.reason}`,
  hint: 'entityType and key are non-empty strings of at most 255 characters; entityId is a whole number from 0.',
});
