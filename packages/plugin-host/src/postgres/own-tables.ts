import type { PluginKey } from '../foundation/plugin-key.js';
import { Connection } from './connection.js';
import { HOST_TYPES } from './host-types.js';
import type { HostQuery } from './open-transaction.js';
import type { PgPool } from './pg-pool.js';
import { HOST_SCHEMA } from './schema.js';
import type { TenantSchemas } from './tenant-schema.js';

/** Whether a table, index or sequence of that name is the plugin's. */
export type IsOwn = (name: string) => boolean;

/**
 * Tables, indexes and sequences of the tenant's schema and whose they are: an index is its table's owner's, and so
 * is the sequence of a column. Null is nobody's in the catalogue.
 */
const RELATIONS = `WITH space AS (
    SELECT c.oid, c.relname, t.plugin_id FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN ${HOST_SCHEMA}.plugin_tables t ON t.tenant = $1 AND t.name = c.relname
    WHERE n.nspname = $2 AND c.relkind IN ('r', 'p', 'S', 'i', 'I')
  )
  SELECT x.relname::text AS name, COALESCE(x.plugin_id, holder.plugin_id) AS owner FROM space x
  LEFT JOIN LATERAL (
    SELECT i.indrelid AS oid FROM pg_catalog.pg_index i WHERE i.indexrelid = x.oid
    UNION ALL
    SELECT d.refobjid FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
      AND d.objid = x.oid AND d.refclassid = d.classid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
    LIMIT 1
  ) part ON true
  LEFT JOIN space holder ON holder.oid = part.oid`;

/** Plugins of the tenant that have, or may get, tables. */
const PLUGINS = `SELECT plugin_id AS id FROM ${HOST_SCHEMA}.plugin_installations WHERE tenant = $1
  UNION SELECT plugin_id FROM ${HOST_SCHEMA}.plugin_tables WHERE tenant = $1`;

/** `plugin_jira_integration_`, which names of the plugin's tables begin with (§13.2). */
export const tablePrefix = (pluginId: string): string => `plugin_${pluginId.replaceAll('-', '_')}_`;

/** Which tables each plugin owns, by the catalogue (design decision 14). */
export class OwnTables {
  readonly #pool: PgPool;
  readonly #schemaOf: TenantSchemas['schemaOf'];
  readonly #known = new Map<string, Promise<IsOwn>>();

  constructor(options: { pool: PgPool; schemaOf: TenantSchemas['schemaOf'] }) {
    this.#pool = options.pool;
    this.#schemaOf = options.schemaOf;
  }

  /**
   * As it was when it was first asked, or when it was last forgotten. `host` reads it for a caller that holds a
   * connection already.
   */
  known(key: PluginKey, host?: HostQuery): Promise<IsOwn> {
    const name = memoryName(key);
    let known = this.#known.get(name);
    if (!known) {
      known = this.#catalogued(key, host);
      this.#known.set(name, known);
      known.catch(() => this.#known.delete(name));
    }
    return known;
  }

  forget(key: PluginKey): void {
    this.#known.delete(memoryName(key));
  }

  /**
   * While the plugin is being installed or removed: also what has its prefix and is nobody else's, since what such an
   * operation makes is filed at its end. A longer prefix of another plugin makes a name that one's.
   */
  async changing(key: PluginKey, host: HostQuery): Promise<IsOwn> {
    const prefix = tablePrefix(key.pluginId);
    const relations = (await host(RELATIONS, [key.tenant, this.#schemaOf(key.tenant)])).rows;
    const owners = new Map(relations.map(({ name, owner }) => [name as string, owner as string | null]));
    const others = (await host(PLUGINS, [key.tenant])).rows
      .map(({ id }) => tablePrefix(id as string))
      .filter((other) => other !== prefix && other.startsWith(prefix));
    return (name) => {
      const owner = owners.get(name) ?? undefined;
      if (owner !== undefined) return owner === key.pluginId;
      return name.startsWith(prefix) && !others.some((other) => name.startsWith(other));
    };
  }

  async #catalogued(key: PluginKey, host?: HostQuery): Promise<IsOwn> {
    const values = [key.tenant, this.#schemaOf(key.tenant)];
    const { rows } = host ? await host(RELATIONS, values) : await this.#ask(RELATIONS, values);
    const own = new Set(rows.filter(({ owner }) => owner === key.pluginId).map(({ name }) => name as string));
    return (name) => own.has(name);
  }

  async #ask(text: string, values: unknown[]) {
    const connection = await Connection.open(this.#pool);
    try {
      return await connection.query({ text, values, types: HOST_TYPES });
    } finally {
      connection.close();
    }
  }
}

/** No plugin's id holds a blank. */
const memoryName = ({ tenant, pluginId }: PluginKey): string => `${pluginId} ${tenant}`;
