import { type Kysely, sql } from 'kysely';
import type { PluginKey } from '../../foundation/plugin-key.js';
import type { HostDatabase } from '../../postgres/schema.js';
import type { TenantSchemas } from '../../postgres/tenant-schema.js';
import type { ModelDefinition } from './model-definition.js';

/** A table as it is in the tenant's schema now. */
export interface ExistingTable {
  readonly name: string;
  /** The plugin it is filed under; null while the operation that made it goes on. */
  readonly owner: string | null;
  readonly columns: readonly string[];
  readonly indexes: readonly string[];
}

type Db = Kysely<HostDatabase>;

/** Definitions of models, which outlive the process that made them (design decision 20), and the tables they have. */
export class ModelStore {
  readonly schemaOf: TenantSchemas['schemaOf'];

  constructor(schemaOf: TenantSchemas['schemaOf']) {
    this.schemaOf = schemaOf;
  }

  async load(db: Db, { tenant, pluginId }: PluginKey): Promise<ModelDefinition[]> {
    const rows = await db
      .selectFrom('plugin_models')
      .select('definition')
      .where('tenant', '=', tenant)
      .where('plugin_id', '=', pluginId)
      .orderBy('name')
      .execute();
    return rows.map(({ definition }) => definition as ModelDefinition);
  }

  async save(
    db: Db,
    { tenant, pluginId }: PluginKey,
    definitions: readonly ModelDefinition[],
  ): Promise<void> {
    if (definitions.length === 0) return;
    await db
      .insertInto('plugin_models')
      .values(
        definitions.map((definition) => ({
          tenant,
          plugin_id: pluginId,
          name: definition.name,
          table_name: definition.table,
          definition: JSON.stringify(definition),
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(['tenant', 'plugin_id', 'name']).doUpdateSet((row) => ({
          table_name: row.ref('excluded.table_name'),
          definition: row.ref('excluded.definition'),
          updated_at: new Date(),
        })),
      )
      .execute();
  }

  async deleteAll(db: Db, { tenant, pluginId }: PluginKey): Promise<void> {
    await db
      .deleteFrom('plugin_models')
      .where('tenant', '=', tenant)
      .where('plugin_id', '=', pluginId)
      .execute();
  }

  /** Forgets definitions that have no table: those of an installation that was taken back. */
  async deleteTableless(db: Db, { tenant, pluginId }: PluginKey): Promise<void> {
    await db
      .deleteFrom('plugin_models')
      .where('tenant', '=', tenant)
      .where('plugin_id', '=', pluginId)
      .where('table_name', 'not in', (tables) =>
        tables
          .selectFrom('plugin_tables')
          .select('plugin_tables.name')
          .where('plugin_tables.tenant', '=', tenant),
      )
      .execute();
  }

  /** Until the end of the transaction nobody else makes or drops tables of this plugin's models. */
  async lock(db: Db, { tenant, pluginId }: PluginKey): Promise<void> {
    const name = `plugin_host models ${JSON.stringify([tenant, pluginId])}`;
    await sql`SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(${name}, 0))`.execute(db);
  }

  /** Those of `tables` there are. */
  async existing(
    db: Db,
    tenant: string,
    tables: readonly string[],
  ): Promise<ReadonlyMap<string, ExistingTable>> {
    const { rows } = await sql<ExistingTable>`
      SELECT c.relname::text AS name, t.plugin_id AS owner,
        (SELECT COALESCE(pg_catalog.jsonb_agg(a.attname), '[]') FROM pg_catalog.pg_attribute a
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
        (SELECT COALESCE(pg_catalog.jsonb_agg(i.relname), '[]') FROM pg_catalog.pg_index x
          JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = c.oid) AS indexes
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN plugin_host.plugin_tables t ON t.tenant = ${tenant} AND t.name = c.relname
      WHERE n.nspname = ${this.schemaOf(tenant)} AND c.relname = ANY(${[...tables]}::name[])`.execute(db);
    return new Map(rows.map((table) => [table.name, table]));
  }

  /** Files tables under the plugin. */
  async own(db: Db, { tenant, pluginId }: PluginKey, tables: readonly string[]): Promise<void> {
    if (tables.length === 0) return;
    await db
      .insertInto('plugin_tables')
      .values(tables.map((name) => ({ tenant, plugin_id: pluginId, name })))
      .onConflict((conflict) => conflict.columns(['tenant', 'name']).doNothing())
      .execute();
  }

  async disown(db: Db, { tenant, pluginId }: PluginKey, tables: readonly string[]): Promise<void> {
    if (tables.length === 0) return;
    await db
      .deleteFrom('plugin_tables')
      .where('tenant', '=', tenant)
      .where('plugin_id', '=', pluginId)
      .where('name', 'in', [...tables])
      .execute();
  }
}
