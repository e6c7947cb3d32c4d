import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { PluginKey } from '../../foundation/plugin-key.js';
import type { HostDatabase } from '../../postgres/schema.js';
import { canonicalJson } from './config-fields.js';

/** What is stored for one plugin of one tenant: key → value, secrets as envelopes. */
export type ConfigRows = ReadonlyMap<string, unknown>;

type Db = Kysely<HostDatabase>;

export async function readRows(db: Db, { tenant, pluginId }: PluginKey): Promise<ConfigRows> {
  const rows = await db
    .selectFrom('plugin_config')
    .select(['key', 'value'])
    .where('tenant', '=', tenant)
    .where('plugin_id', '=', pluginId)
    .orderBy('key')
    .execute();
  return new Map(rows.map(({ key, value }) => [key, value]));
}

/**
 * The same, with no other change of this plugin's configuration until the transaction ends. An advisory lock,
 * because the first setting of all has no row to lock yet; the rows too, against single writes.
 */
export async function lockRows(db: Db, { tenant, pluginId }: PluginKey): Promise<ConfigRows> {
  const name = JSON.stringify(['plugin_config', tenant, pluginId]);
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(db);
  const rows = await db
    .selectFrom('plugin_config')
    .select(['key', 'value'])
    .where('tenant', '=', tenant)
    .where('plugin_id', '=', pluginId)
    .orderBy('key')
    .forUpdate()
    .execute();
  return new Map(rows.map(({ key, value }) => [key, value]));
}

/** Writes one setting, or with `undefined` removes it. */
export async function writeRow(db: Db, plugin: PluginKey, key: string, value: unknown): Promise<void> {
  const { tenant, pluginId } = plugin;
  if (value === undefined) {
    await db
      .deleteFrom('plugin_config')
      .where('tenant', '=', tenant)
      .where('plugin_id', '=', pluginId)
      .where('key', '=', key)
      .execute();
    return;
  }
  const row = { value: JSON.stringify(value), updated_at: new Date() };
  await db
    .insertInto('plugin_config')
    .values({ tenant, plugin_id: pluginId, key, ...row })
    .onConflict((conflict) => conflict.columns(['tenant', 'plugin_id', 'key']).doUpdateSet(row))
    .execute();
}

export async function deleteRows(db: Db, { tenant, pluginId }: PluginKey): Promise<void> {
  await db
    .deleteFrom('plugin_config')
    .where('tenant', '=', tenant)
    .where('plugin_id', '=', pluginId)
    .execute();
}

/** A strong ETag of what is stored: equal exactly as long as nothing changes. */
export function etagOf(rows: ConfigRows): string {
  const text = canonicalJson([...rows].sort(([a], [b]) => (a < b ? -1 : 1)));
  return `"${createHash('sha256').update(text).digest('hex').slice(0, 32)}"`;
}

/** Whether an `If-Match` header allows the change (RFC 9110): a list of tags, or `*`. */
export const etagMatches = (ifMatch: string, etag: string): boolean =>
  ifMatch
    .split(',')
    .map((tag) => tag.trim())
    .some((tag) => tag === '*' || tag === etag);
