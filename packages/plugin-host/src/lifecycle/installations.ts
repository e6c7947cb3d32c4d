import type { PluginManifest } from '@verifywise/plugin-types';
import type { Kysely, Selectable } from 'kysely';
import type { PluginKey } from '../foundation/plugin-key.js';
import type { HostDatabase, InstallationsTable } from '../postgres/schema.js';
import { toStorableJson } from '../records/storable-text.js';

export type Trust = InstallationsTable['trust'];

export interface LastError {
  readonly code: string;
  readonly message: string;
  readonly at: string;
  readonly callback?: string;
  readonly stack?: string;
}

/** One row of intent: which package a tenant runs, and whether it should be enabled. */
export interface Installation {
  readonly key: PluginKey;
  readonly activeSha: string;
  readonly previousSha: string | null;
  readonly enabled: boolean;
  readonly status: InstallationsTable['status'];
  readonly trust: Trust;
  readonly generation: number;
  readonly lastError: LastError | null;
  readonly installedAt: Date;
  readonly manifest: PluginManifest;
}

type Row = Selectable<InstallationsTable> & { manifest: unknown };

const toInstallation = (row: Row): Installation => ({
  key: { tenant: row.tenant, pluginId: row.plugin_id },
  activeSha: row.active_sha,
  previousSha: row.previous_sha,
  enabled: row.enabled,
  status: row.status,
  trust: row.trust,
  generation: row.generation,
  lastError: row.last_error,
  installedAt: row.installed_at,
  // Validated when the package was ingested; rows are written by the host alone.
  manifest: row.manifest as PluginManifest,
});

/** Reads and writes `plugin_installations`. Takes a transaction's handle where a change must be part of one. */
export class Installations {
  readonly #db: Kysely<HostDatabase>;

  constructor(db: Kysely<HostDatabase>) {
    this.#db = db;
  }

  #select(db: Kysely<HostDatabase>) {
    return db
      .selectFrom('plugin_installations as i')
      .innerJoin('plugin_packages as p', 'p.sha256', 'i.active_sha')
      .selectAll('i')
      .select('p.manifest');
  }

  async find({ tenant, pluginId }: PluginKey, db = this.#db): Promise<Installation | undefined> {
    const row = await this.#select(db)
      .where('i.tenant', '=', tenant)
      .where('i.plugin_id', '=', pluginId)
      .executeTakeFirst();
    return row && toInstallation(row as Row);
  }

  async ofTenant(tenant: string, db = this.#db): Promise<Installation[]> {
    const rows = await this.#select(db).where('i.tenant', '=', tenant).orderBy('i.plugin_id').execute();
    return rows.map((row) => toInstallation(row as Row));
  }

  async tenants(): Promise<string[]> {
    const rows = await this.#db
      .selectFrom('plugin_installations')
      .select('tenant')
      .distinct()
      .orderBy('tenant')
      .execute();
    return rows.map((row) => row.tenant);
  }

  async insert(db: Kysely<HostDatabase>, key: PluginKey, sha256: string, trust: Trust): Promise<void> {
    await db
      .insertInto('plugin_installations')
      .values({
        tenant: key.tenant,
        plugin_id: key.pluginId,
        active_sha: sha256,
        previous_sha: null,
        enabled: false,
        status: 'ok',
        trust,
        last_error: JSON.stringify(null),
      })
      .execute();
  }

  async update(
    db: Kysely<HostDatabase>,
    key: PluginKey,
    change: { enabled?: boolean; status: Installation['status']; lastError?: LastError | null },
  ): Promise<void> {
    await db
      .updateTable('plugin_installations')
      .set((row) => ({
        ...(change.enabled === undefined ? {} : { enabled: change.enabled }),
        status: change.status,
        ...(change.lastError === undefined ? {} : { last_error: toStorableJson(change.lastError) }),
        generation: row('generation', '+', 1),
        updated_at: new Date(),
      }))
      .where('tenant', '=', key.tenant)
      .where('plugin_id', '=', key.pluginId)
      .execute();
  }

  async delete(db: Kysely<HostDatabase>, key: PluginKey): Promise<void> {
    await db
      .deleteFrom('plugin_installations')
      .where('tenant', '=', key.tenant)
      .where('plugin_id', '=', key.pluginId)
      .execute();
  }
}
