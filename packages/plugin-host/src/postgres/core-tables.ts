import { createHash } from 'node:crypto';
import { coreTableInvalid } from '../foundation/errors/index.js';
import type { Connection } from './connection.js';
import { quoteIdentifier, quoteLiteral } from './quote.js';
import { ROLE_LOCK } from './tenant-role.js';

/** A table of the application that plugins may name in their SQL. */
export interface CoreTable {
  /** Default `public`. */
  readonly schema?: string;
  readonly table: string;
  /** The column that says whose a row is: compared with the tenant, as the column's type. */
  readonly tenantColumn: string;
  /** What plugins see. Default: all columns there are when the host starts. */
  readonly columns?: readonly string[];
  /**
   * `read-write` lets plugins with `database:write` insert, update and delete their tenant's rows; what they insert
   * must name the tenant. Default `read`.
   */
  readonly access?: 'read' | 'read-write';
}

/** The schema of the views through which plugins see core tables. The same for all tenants. */
export const CORE_SCHEMA = 'plugin_core';

/**
 * Who asks: the tenant whose role runs the statement. Where tenants have no roles it is what the host has set for
 * the statement. Read once per statement, so that an index on the tenant column is used.
 */
const TENANT = `COALESCE((SELECT t.tenant FROM plugin_host.plugin_tenants t WHERE t.role = current_user),
  CASE WHEN current_user = pg_catalog.pg_get_userbyid(
    (SELECT n.nspowner FROM pg_catalog.pg_namespace n WHERE n.nspname = '${CORE_SCHEMA}'))
  THEN pg_catalog.current_setting('plugin_host.tenant', true) END)`;

/** The views of the host's option `coreTables`. */
export class CoreTables {
  readonly tables: ReadonlyMap<string, CoreTable>;
  #ready: Promise<void> | undefined;

  /** @throws CORE_TABLE_INVALID for what is wrong whatever the database holds */
  constructor(tables: Readonly<Record<string, CoreTable>> = {}) {
    this.tables = new Map(Object.entries(tables));
    for (const name of this.tables.keys()) {
      const bytes = Buffer.byteLength(name);
      if (bytes === 0 || bytes > 63 || name.includes('\0'))
        throw coreTableInvalid({ name, reason: 'its name is no name Postgres takes' });
    }
  }

  /** Makes the views what the option says, once; again after a failure. */
  ensure(connection: Connection): Promise<void> {
    this.#ready ??= this.#refresh(connection).catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  async #refresh(connection: Connection): Promise<void> {
    if (this.tables.size === 0 && (await existingViews(connection)).size === 0) return;
    await connection.query({ text: `BEGIN; ${ROLE_LOCK}` });
    try {
      const schema = quoteIdentifier(CORE_SCHEMA);
      // To everybody: what the views show depends on who asks, and is nothing to whoever is no tenant.
      await connection.query({
        text: `CREATE SCHEMA IF NOT EXISTS ${schema}; GRANT USAGE ON SCHEMA ${schema} TO PUBLIC`,
      });
      const existing = await existingViews(connection);
      for (const [name, table] of this.tables) await refreshView(connection, name, table, existing.get(name));
      for (const name of existing.keys()) {
        if (!this.tables.has(name)) await connection.query({ text: `DROP VIEW ${view(name)}` });
      }
      await connection.query({ text: 'COMMIT' });
    } catch (error) {
      await connection.query({ text: 'ROLLBACK' }).catch(() => {});
      throw error;
    }
  }
}

const view = (name: string): string => `${quoteIdentifier(CORE_SCHEMA)}.${quoteIdentifier(name)}`;

/** Each view and the mark of the definition it was made from. */
async function existingViews(connection: Connection): Promise<ReadonlyMap<string, string | null>> {
  const { rows } = await connection.query({
    text: `SELECT c.relname::text AS name, pg_catalog.obj_description(c.oid, 'pg_class') AS mark
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind = 'v'`,
    values: [CORE_SCHEMA],
  });
  return new Map(rows.map((row) => [String(row.name), row.mark as string | null]));
}

async function refreshView(
  connection: Connection,
  name: string,
  table: CoreTable,
  present: string | null | undefined,
): Promise<void> {
  try {
    const definition = await viewDefinition(connection, name, table);
    const mark = createHash('sha256').update(definition).digest('hex');
    if (present === mark) return;
    // RESTRICT: what a plugin has built on the view is not dropped behind its back.
    if (present !== undefined) await connection.query({ text: `DROP VIEW ${view(name)}` });
    await connection.query({ text: definition });
    await connection.query({ text: `COMMENT ON VIEW ${view(name)} IS ${quoteLiteral(mark)}` });
  } catch (cause) {
    throw coreTableInvalid({ name, reason: (cause as Error).message }, { cause });
  }
}

async function viewDefinition(connection: Connection, name: string, core: CoreTable): Promise<string> {
  const { schema = 'public', table, tenantColumn, access = 'read' } = core;
  const { rows } = await connection.query({
    text: `SELECT a.attname::text AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type
      FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    values: [schema, table],
  });
  const types = new Map(rows.map((row) => [String(row.name), String(row.type)]));
  if (types.size === 0) throw new Error(`there is no table ${schema}.${table}`);
  const columns = core.columns ?? [...types.keys()];
  if (columns.length === 0) throw new Error('it names no columns');
  const missing = [tenantColumn, ...columns].filter((column) => !types.has(column));
  if (missing.length > 0) throw new Error(`${schema}.${table} has no column ${missing.join(', ')}`);
  const list = columns.map((column) => `c.${quoteIdentifier(column)}`).join(', ');
  const rights = access === 'read-write' ? 'SELECT, INSERT, UPDATE, DELETE' : 'SELECT';
  return `CREATE VIEW ${view(name)} WITH (security_barrier) AS SELECT ${list}
    FROM ${quoteIdentifier(schema)}.${quoteIdentifier(table)} c
    WHERE c.${quoteIdentifier(tenantColumn)} = CAST((SELECT ${TENANT}) AS ${types.get(tenantColumn)})
    ${access === 'read-write' ? 'WITH CHECK OPTION' : ''};
    GRANT ${rights} ON ${view(name)} TO PUBLIC`;
}
