import type { EntityReference, MetadataEntry } from '@verifywise/plugin-types';
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { PluginKey } from '../../foundation/plugin-key.js';
import { HOST_SCHEMA, type HostDatabase } from '../../postgres/schema.js';

export interface MetadataAddress extends EntityReference {
  readonly key: string;
}

type Database = Kysely<HostDatabase>;

const TABLE = sql.table(`${HOST_SCHEMA}.plugin_metadata`);

/**
 * The metadata of all plugins of all tenants, in `plugin_metadata`. Each method works for one plugin of one tenant,
 * on the handle it is given.
 */
export class MetadataStore {
  /** The stored value; `undefined` if there is none, which `null` is not. */
  async get(db: Database, plugin: PluginKey, { key, ...entity }: MetadataAddress): Promise<unknown> {
    const row = await this.#of(db, plugin)
      .select('value')
      .where('entity_type', '=', entity.entityType)
      .where('entity_id', '=', entity.entityId)
      .where('key', '=', key)
      .executeTakeFirst();
    return row?.value;
  }

  async ofEntity(db: Database, plugin: PluginKey, entity: EntityReference): Promise<MetadataEntry[]> {
    return toEntries(
      await this.#of(db, plugin)
        .selectAll()
        .where('entity_type', '=', entity.entityType)
        .where('entity_id', '=', entity.entityId)
        .orderBy('key')
        .execute(),
    );
  }

  /**
   * Stores values of one entity, all of them or none. They come as the text of a JSON object, and are written in
   * the order of their keys, so that two callers never wait for each other.
   */
  async set(db: Database, plugin: PluginKey, entity: EntityReference, values: string): Promise<void> {
    await sql`
      INSERT INTO ${TABLE} (tenant, plugin_id, entity_type, entity_id, key, value)
      SELECT ${plugin.tenant}, ${plugin.pluginId}, ${entity.entityType}, ${entity.entityId}::bigint, item.key, item.value
      FROM jsonb_each(${values}::jsonb) AS item
      ORDER BY item.key COLLATE "C"
      ON CONFLICT (tenant, plugin_id, entity_type, entity_id, key)
      DO UPDATE SET value = excluded.value, updated_at = now()`.execute(db);
  }

  /** Whether there was anything. */
  async delete(db: Database, plugin: PluginKey, { key, ...entity }: MetadataAddress): Promise<boolean> {
    const { numDeletedRows } = await db
      .deleteFrom('plugin_metadata')
      .where('tenant', '=', plugin.tenant)
      .where('plugin_id', '=', plugin.pluginId)
      .where('entity_type', '=', entity.entityType)
      .where('entity_id', '=', entity.entityId)
      .where('key', '=', key)
      .executeTakeFirst();
    return numDeletedRows > 0n;
  }

  /** How many there were. */
  deleteEntity(db: Database, plugin: PluginKey, entity: EntityReference): Promise<number> {
    return this.#delete(
      db,
      plugin,
      sql`AND entity_type = ${entity.entityType} AND entity_id = ${entity.entityId}::bigint`,
    );
  }

  /** Everything of the plugin's; how much there was. */
  deleteAll(db: Database, plugin: PluginKey): Promise<number> {
    return this.#delete(db, plugin, sql``);
  }

  /** The entities of one type whose `key` holds this value, given as JSON text. */
  async findByKey(
    db: Database,
    plugin: PluginKey,
    { entityType, key, value }: { entityType: string; key: string; value: string },
  ): Promise<EntityReference[]> {
    const rows = await this.#of(db, plugin)
      .select('entity_id')
      .where('entity_type', '=', entityType)
      .where('key', '=', key)
      .where('value', '=', sql<string>`${value}::jsonb`)
      .orderBy('entity_id')
      .execute();
    return rows.map((row) => ({ entityType, entityId: row.entity_id }));
  }

  async findByKeyPrefix(
    db: Database,
    plugin: PluginKey,
    { entityType, prefix }: { entityType: string; prefix: string },
  ): Promise<MetadataEntry[]> {
    return toEntries(
      await this.#of(db, plugin)
        .selectAll()
        .where('entity_type', '=', entityType)
        // In a pattern these three do not stand for themselves.
        .where('key', 'like', `${prefix.replace(/[\\%_]/g, '\\$&')}%`)
        .orderBy('entity_id')
        .orderBy('key')
        .execute(),
    );
  }

  async all(db: Database, plugin: PluginKey): Promise<MetadataEntry[]> {
    return toEntries(
      await this.#of(db, plugin)
        .selectAll()
        .orderBy('entity_type')
        .orderBy('entity_id')
        .orderBy('key')
        .execute(),
    );
  }

  #of(db: Database, { tenant, pluginId }: PluginKey) {
    return db.selectFrom('plugin_metadata').where('tenant', '=', tenant).where('plugin_id', '=', pluginId);
  }

  async #delete(db: Database, { tenant, pluginId }: PluginKey, more: RawBuilder<unknown>): Promise<number> {
    // Locked in the order in which `set` locks them.
    const { numAffectedRows } = await sql`
      WITH doomed AS MATERIALIZED (
        SELECT entity_type, entity_id, key FROM ${TABLE}
        WHERE tenant = ${tenant} AND plugin_id = ${pluginId} ${more}
        ORDER BY entity_type COLLATE "C", entity_id, key COLLATE "C"
        FOR UPDATE
      )
      DELETE FROM ${TABLE} AS m USING doomed
      WHERE m.tenant = ${tenant} AND m.plugin_id = ${pluginId}
        AND m.entity_type = doomed.entity_type AND m.entity_id = doomed.entity_id AND m.key = doomed.key`.execute(
      db,
    );
    return Number(numAffectedRows ?? 0n);
  }
}

const toEntries = (
  rows: readonly { entity_type: string; entity_id: number; key: string; value: unknown; updated_at: Date }[],
): MetadataEntry[] =>
  rows.map((row) => ({
    entityType: row.entity_type,
    entityId: row.entity_id,
    key: row.key,
    value: row.value,
    updatedAt: row.updated_at,
  }));
