import { type Kysely, sql } from 'kysely';
import type { PluginKey } from '../foundation/plugin-key.js';
import type { HostDatabase } from '../postgres/schema.js';
import type { TenantSchemas } from '../postgres/tenant-schema.js';

interface Relation {
  readonly name: string;
  /** The plugin in whose catalogue it is. */
  readonly owner: string | null;
  /** A sequence of its own; else a table. */
  readonly sequence: boolean;
}

/**
 * Which tables of a tenant's schema belong to which plugin, in `plugin_tables`. Ownership is a row, because
 * no prefix tells `plugin_jira_sync_log` of `jira-sync` from a table of `jira` (design decision 14).
 */
export class PluginTables {
  readonly #schemaOf: TenantSchemas['schemaOf'];

  constructor(schemaOf: TenantSchemas['schemaOf']) {
    this.#schemaOf = schemaOf;
  }

  /** Every table, and every sequence that is not a column's, in the tenant's schema, as the transaction of `db` sees it. */
  async existing(db: Kysely<HostDatabase>, tenant: string): Promise<ReadonlySet<string>> {
    return new Set((await this.#read(db, tenant)).map(({ name }) => name));
  }

  /** Files what has appeared since `before` under the plugin, forgets what it dropped, and returns the new names. */
  async catalogue(db: Kysely<HostDatabase>, key: PluginKey, before: ReadonlySet<string>): Promise<string[]> {
    const now = await this.#read(db, key.tenant);
    // Another plugin's operation may have committed meanwhile; its tables and their rows here appear together.
    const created = now
      .filter(({ name, owner }) => (owner === null || owner === key.pluginId) && !before.has(name))
      .map(({ name }) => name);
    const present = new Set(now.map(({ name }) => name));
    const dropped = [...before].filter((name) => !present.has(name));
    if (created.length > 0) {
      await db
        .insertInto('plugin_tables')
        .values(created.map((name) => ({ tenant: key.tenant, plugin_id: key.pluginId, name })))
        // Tables of models are filed when they are made.
        .onConflict((conflict) => conflict.columns(['tenant', 'name']).doNothing())
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

  /** Drops tables and sequences the plugin owns. */
  async drop(db: Kysely<HostDatabase>, key: PluginKey, owned: readonly string[]): Promise<void> {
    if (owned.length === 0) return;
    const present = (await this.#read(db, key.tenant)).filter(({ name }) => owned.includes(name));
    const named = (sequence: boolean) =>
      present
        .filter((relation) => relation.sequence === sequence)
        .map(({ name }) => sql.id(this.#schemaOf(key.tenant), name));
    const [tables, sequences] = [named(false), named(true)];
    // As the tenant's role, which owns them: the host's login has no rights on them.
    await sql`SELECT pg_catalog.set_config('role', pg_catalog.pg_get_userbyid(nspowner), true)
      FROM pg_catalog.pg_namespace WHERE nspname = ${this.#schemaOf(key.tenant)}`.execute(db);
    // One statement, so that foreign keys among them do not dictate an order.
    if (tables.length > 0) await sql`DROP TABLE IF EXISTS ${sql.join(tables)} CASCADE`.execute(db);
    if (sequences.length > 0) await sql`DROP SEQUENCE IF EXISTS ${sql.join(sequences)} CASCADE`.execute(db);
    await sql`SELECT pg_catalog.set_config('role', NULL, true)`.execute(db);
    await db
      .deleteFrom('plugin_tables')
      .where('tenant', '=', key.tenant)
      .where('name', 'in', [...owned])
      .execute();
  }

  /** In one statement, so that tables and ownership are of one moment. */
  async #read(db: Kysely<HostDatabase>, tenant: string): Promise<Relation[]> {
    const { rows } = await sql<Relation>`
      SELECT c.relname::text AS name, t.plugin_id AS owner, c.relkind = 'S' AS sequence
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN plugin_host.plugin_tables t ON t.tenant = ${tenant} AND t.name = c.relname
      WHERE n.nspname = ${this.#schemaOf(tenant)} AND (
        c.relkind IN ('r', 'p')
        -- The sequence of a column is part of its table.
        OR c.relkind = 'S' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
          WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
            AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0)
      )`.execute(db);
    return rows;
  }
}
