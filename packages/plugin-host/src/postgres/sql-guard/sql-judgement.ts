import type { Permission } from '@verifywise/plugin-types';
import {
  coreTableReadOnly,
  ddlNotAllowed,
  permissionDenied,
  sqlSyntaxNotAllowed,
  tableNameInvalid,
  tableNotOwned,
} from '../../foundation/errors/index.js';

import type { DatabaseAccess } from '../plugin-statement.js';
import type { SqlViolation } from './rules.js';
import type { SqlFacts, TableUse } from './sql-facts.js';

/** What one plugin may do in one call. */
export interface GuardRules {
  /**
   * Whether a table, index or sequence is the plugin's: by the catalogue; where `ddl` is set also by its prefix,
   * unless a longer prefix makes it another plugin's (`plugin_jira_sync_x` is not of plugin `jira`). Names come as
   * Postgres compares them: folded unless quoted.
   */
  readonly own: (name: string) => boolean;
  /** `plugin_jira_integration_` */
  readonly prefix: string;
  /** Core tables and views by name as plugins write it, bare or `schema.table`. */
  readonly core: ReadonlyMap<string, 'read' | 'read-write'>;
  readonly access: DatabaseAccess;
  /** Whether tables may be made, changed and dropped: in onInstall, onUninstall and migrations only. */
  readonly ddl: boolean;
}

/** Holds what a statement does against what the plugin may. Every violation is reported, in order. */
export function judge(
  facts: SqlFacts,
  pluginId: string,
  rules: GuardRules,
  report: (violation: SqlViolation) => void,
): void {
  for (const violation of facts.violations) report(violation);
  permissions(facts, pluginId, rules, report);
  if (facts.kind === 'ddl' && !rules.ddl) {
    const { statement } = facts;
    report({ rule: 'ddl-context', error: () => ddlNotAllowed({ rule: 'ddl-context', statement }) });
  }
  for (const use of facts.uses) {
    const violation = use.mode === 'create' ? created(use, rules) : used(use, rules);
    if (violation) report(violation);
  }
  for (const type of facts.rowTypes) {
    if (rules.own(type)) continue;
    const reason = 'it is neither an allowed type nor an own table';
    report({ rule: 'type', error: () => sqlSyntaxNotAllowed({ rule: 'type', token: type, reason }) });
  }
}

/**
 * Writing takes `database:write`, and that alone covers the written table's WHERE and RETURNING; reading any table
 * beside it, and every statement that only reads, take `database:read`.
 */
function permissions(
  facts: SqlFacts,
  pluginId: string,
  { access }: GuardRules,
  report: (violation: SqlViolation) => void,
): void {
  if (access === 'read-write') return;
  const denied = (required: Permission) => () =>
    permissionDenied({ pluginId, member: 'db.query', required: [required] });
  if (facts.kind !== 'read' && access === 'read') {
    report({ rule: 'write-permission', error: denied('database:write') });
  }
  if ((facts.kind === 'read' || facts.reads) && access === 'write') {
    report({ rule: 'read-permission', error: denied('database:read') });
  }
}

function created({ schema, name }: TableUse, rules: GuardRules): SqlViolation | undefined {
  if (schema !== undefined) return qualified(schema, name);
  if (name.startsWith(rules.prefix) && name.length > rules.prefix.length) {
    return rules.own(name) ? undefined : notOwned(name, 'the name is another plugin’s');
  }
  const rule = 'created-name';
  const expected = `${rules.prefix}${name.replace(/^_+/, '') || 'table'}`;
  return { rule, error: () => tableNameInvalid({ rule, name, expected }) };
}

function used({ schema, name, mode }: TableUse, rules: GuardRules): SqlViolation | undefined {
  if (schema === undefined && rules.own(name)) return undefined;
  const access = coreAccess(schema, name, rules);
  if (access === undefined) {
    if (schema !== undefined) return qualified(schema, name);
    return notOwned(name, reasonFor(name, rules));
  }
  const table = schema === undefined ? name : `${schema}.${name}`;
  switch (mode) {
    case 'read':
    case 'reference':
      return undefined;
    case 'blocking-reference':
      return readOnly(
        'core-deletes',
        table,
        'without ON DELETE CASCADE or SET NULL a foreign key blocks the application’s deletes',
      );
    case 'write':
    case 'lock':
      if (access === 'read-write') return undefined;
      return readOnly('core-read-only', table, 'the application lists it for reading');
    default:
      return notOwned(table, 'it is the application’s, and only its rows may be used');
  }
}

/** A name that holds a dot is never listed, so that `"a.b"` is not taken for `a.b`. */
function coreAccess(schema: string | undefined, name: string, { core }: GuardRules) {
  if (name.includes('.') || schema?.includes('.')) return undefined;
  return core.get(schema === undefined ? name : `${schema}.${name}`);
}

function reasonFor(name: string, rules: GuardRules): string {
  if (name.startsWith('pg_')) return 'Postgres’ own catalogues are not for plugins';
  const own = `${rules.prefix}${name}`;
  if (!name.startsWith(rules.prefix) && rules.own(own)) return `its own table is ${own}`;
  const listed = [...rules.core.keys()];
  const tables = listed.length > 0 ? ` and the core tables ${listed.join(', ')}` : '';
  return `it may use its own tables, which begin with ${rules.prefix},${tables}`.replace(/,$/, '');
}

function notOwned(table: string, reason: string): SqlViolation {
  return { rule: 'own-tables', error: () => tableNotOwned({ rule: 'own-tables', table, reason }) };
}

function readOnly(rule: 'core-read-only' | 'core-deletes', table: string, reason: string): SqlViolation {
  return { rule, error: () => coreTableReadOnly({ rule, table, reason }) };
}

function qualified(schema: string, name: string): SqlViolation {
  const rule = 'schema-qualifier';
  const reason = `tables are named without a schema; write ${name} if it is the plugin's`;
  return { rule, error: () => tableNotOwned({ rule, table: `${schema}.${name}`, reason }) };
}
