import type { HostError } from '../../foundation/errors/index.js';

/** Every rule of the guard and what it keeps out. Each refusal names its rule in `details.rule`. */
export const SQL_RULES = {
  size: 'SQL text of more than 100 kB, or nested more than 2,000 levels deep',
  text: 'SQL text the parser and the server would read differently: NUL, lone surrogates',
  parse: 'what Postgres’ own grammar does not understand',
  'one-statement': 'several statements in one text, or none',
  'statement-kind': 'statements other than reading, writing and changing tables',
  'unknown-syntax': 'every node and field of the syntax tree that is not on the list of known ones',
  'ddl-context': 'changing tables outside installation, uninstallation and migrations',
  'read-permission': 'reading without database:read',
  'write-permission': 'writing without database:write',
  'own-tables': 'tables of other plugins, of the host and of Postgres',
  'core-read-only': 'writing to, locking or referring to core tables beyond what the host lists',
  'core-deletes': 'foreign keys that would block the application’s deletes',
  'schema-qualifier': 'names with a schema, other than listed core tables',
  'created-name': 'new tables, indexes and sequences without the plugin’s prefix',
  'identifier-length': 'names beyond 63 bytes, which Postgres would cut off',
  temporary: 'temporary tables, which outlive the statement on a shared connection',
  function: 'functions that are not on the allow-list',
  sequence: 'sequences named by a computed text, and those of others',
  'session-value': 'CURRENT_USER and other facts about the host’s connection',
  type: 'types that are not on the allow-list, such as regclass',
  operator: 'operators with a schema',
  collation: 'collations and operator classes with a schema',
  'alter-action': 'ALTER TABLE actions on owners, triggers, rules, policies, inheritance and storage',
  option: 'storage and sequence options that are not on the allow-list',
} as const;

export type SqlRule = keyof typeof SQL_RULES;

/** One rule a statement breaks. */
export interface SqlViolation {
  readonly rule: SqlRule;
  readonly error: () => HostError;
}
