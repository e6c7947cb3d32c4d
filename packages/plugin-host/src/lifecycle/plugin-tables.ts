import { type Kysely, sql } from 'kysely';
import type { PluginKey } from '../foundation/plugin-key.js';
import type { HostDatabase } from '../postgres/schema.js';
import type { TenantSchemas } from '../postgres/tenant-schema.js';

/**
 * Which tables of a tenant's schema belong to which plugin, in `plugin_tables`. Ownership is a row, because
 * no prefix tells `plugin_jira_sync_log` of `jira-sync` from a table of `jira` (design decision 14).
 */
export class PluginTables {
  readonly #schemaOf: TenantSchemas['schemaOf'];

  constructor(schemaOf: TenantSchemas['schemaOf']) {
    this.#schemaOf = schemaOf;
  }

  /** Every table there is in the tenant's schema, seen from inside the transaction `db` belongs to. */
  async existing(db: Kysely<HostDatabase>, tenant: string): Promise<ReadonlySet<string>> {
    return new Set((await this.#read(db, tenant)).map(({ name }) => name));
  }

  /** Files what has appeared since `before` under the plugin, forgets what it dropped, and returns the new names. */
  async catalogue(db: Kysely<HostDatabase>, key: PluginKey, before: ReadonlySet<string>): Promise<string[]> {
    const now = await this.#read(db, key.tenant);
    // Another plugin's operation may have committed meanwhile; its tables and their rows here appear together.
    const created = now.filter(({ name, owned }) => !owned && !before.has(name)).map(({ name }) => name);
    const present = new Set(now.map(({ name }) => name));
    const dropped = [...before].filter((name) => !present.has(name));
    if (created.length > 0) {
      await db
        .insertInto('plugin_tables')
        .values(created.map((name) => ({ tenant: key.tenant, plugin_id: key.pluginId, name })))
        .execute();
    }
    if (dropped.length > 0) {
      await db
        .deleteFrom('plugin_tables')
        .where('tenant', '=', key.tenant)
        .where('name', 'in', dropped)
        .execute();
    }
    return created;
  }

  async list(db: Kysely<HostDatabase>, { tenant, pluginId }: PluginKey): Promise<string[]> {
    const rows = await db
      .selectFrom('plugin_tables')
      .select('name')
      .where('tenant', '=', tenant)
      .where('plugin_id', '=', pluginId)
      .orderBy('name')
      .execute();
    return rows.map((row) => row.name);
  }

  /** Drops tables the plugin owns. */
  async drop(db: Kysely<HostDatabase>, key: PluginKey, owned: readonly string[]): Promise<void> {
    if (owned.length === 0) return;
    // One statement, so that foreign keys among them do not dictate an order.
    const tables = sql.join(owned.map((name) => sql.id(this.#schemaOf(key.tenant), name)));
    await sql`DROP TABLE IF EXISTS ${tables} CASCADE`.execute(db);
    await db
      .deleteFrom('plugin_tables')
      .where('tenant', '=', key.tenant)
      .where('name', 'in', [...owned])
      .execute();
  }

  /** In one statement, so that tables and ownership are of one moment. */
  async #read(db: Kysely<HostDatabase>, tenant: string): Promise<{ name: string; owned: boolean }[]> {
    const { rows } = await sql<{ name: string; owned: boolean }>`
      SELECT c.relname::text AS name, t.name IS NOT NULL AS owned
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN plugin_host.plugin_tables t ON t.tenant = ${tenant} AND t.name = c.relname
      WHERE n.nspname = ${this.#schemaOf(tenant)} AND c.relkind IN ('r', 'p')`.execute(db);
    return rows;
  }
}
