import { type Kysely, sql } from 'kysely';
import type { PluginKey } from '../../foundation/plugin-key.js';
import type { Connection } from '../../postgres/connection.js';
import { hostSettings } from '../../postgres/open-transaction.js';
import { runPluginQuery } from '../../postgres/plugin-query.js';
import { toQueryError } from '../../postgres/query-errors.js';
import { setLocal } from '../../postgres/quote.js';
import type { HostDatabase } from '../../postgres/schema.js';
import type { SessionLimits } from '../../postgres/tenant-session.js';
import type { Transactions } from '../../postgres/transaction.js';
import { compile } from './model-session.js';
import type { RowSource } from './row-source.js';
import { columnRef } from './where.js';

/** A table of the application that plugins may read, and refer to with a foreign key (§22.6). */
export interface CoreModel {
  readonly table: string;
  /** Default `public`. */
  readonly schema?: string;
  /** The columns plugins get to see; no other can be read, or asked for in a condition. */
  readonly attributes: readonly string[];
  /** Default `id`. */
  readonly primaryKey?: string;
  /** The column that says whose a row is; only the tenant's own are read. `null`: every tenant sees all. Default `tenant`. */
  readonly tenantColumn?: string | null;
}

type ForeignKeyWork = (db: Kysely<HostDatabase>) => Promise<void>;

/** The models of the application, as the host lists them in `coreModels`. */
export class CoreModels {
  readonly #models: ReadonlyMap<string, CoreModel>;
  readonly #deferred = new Map<string, Map<string, ForeignKeyWork>>();
  readonly #transactions: Transactions;
  readonly #limits: SessionLimits;

  constructor(options: {
    models: Readonly<Record<string, CoreModel>>;
    transactions: Transactions;
    limits: SessionLimits;
  }) {
    this.#models = new Map(Object.entries(options.models));
    this.#transactions = options.transactions;
    this.#limits = options.limits;
  }

  /**
   * Puts a foreign key off to the end of an installation: making it locks the application's table until the
   * transaction ends, and a hook may take long (design decision 36). A later one for the same `column` replaces it.
   */
  defer(key: PluginKey, column: string, work: ForeignKeyWork): void {
    const name = JSON.stringify([key.tenant, key.pluginId]);
    const works = this.#deferred.get(name) ?? new Map<string, ForeignKeyWork>();
    this.#deferred.set(name, works.set(column, work));
  }

  /** Makes what was put off, or, without `db`, forgets it. */
  async settle(key: PluginKey, db?: Kysely<HostDatabase>): Promise<void> {
    const name = JSON.stringify([key.tenant, key.pluginId]);
    const works = this.#deferred.get(name);
    this.#deferred.delete(name);
    if (!db || !works) return;
    for (const work of works.values()) await work(db);
  }

  /** By its name, or as `references` also says it, by its table's. */
  find(name: string): CoreModel | undefined {
    return this.#models.get(name) ?? [...this.#models.values()].find(({ table }) => table === name);
  }

  /** The rows of a model as one tenant's plugin may read them. */
  source(key: PluginKey, name: string): RowSource | undefined {
    const model = this.#models.get(name);
    if (!model) return undefined;
    const { table, schema = 'public', attributes, primaryKey = 'id', tenantColumn = 'tenant' } = model;
    return {
      name,
      columns: [...new Set([primaryKey, ...attributes])].map((column) => ({ name: column })),
      primaryKey: [primaryKey],
      table: sql`${sql.id(schema, table)}`,
      local: false,
      scope: (alias) =>
        tenantColumn === null ? undefined : sql`${columnRef({ alias }, tenantColumn)} = ${key.tenant}`,
      read: async (query) => (await this.#read(key, compile(name, query))).rows,
    };
  }

  /**
   * Makes a foreign key to a core table, with the rights the tenant's role has just for that. `statement` gets where
   * both tables are. The application's login has to own the table, or may grant REFERENCES on it.
   */
  async addForeignKey(
    db: Kysely<HostDatabase>,
    { model, key, schema }: { model: CoreModel; key: string; schema: string },
    statement: (target: { schema: string; table: string }) => string,
  ): Promise<void> {
    const target = { schema: model.schema ?? 'public', table: model.table };
    // Two grants on one table at once are an error; the lock goes with the transaction.
    const lock = `plugin_host references ${JSON.stringify(target)}`;
    await sql`SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(${lock}, 0))`.execute(db);
    const { rows } = await sql<{ role: string; own: boolean }>`
      SELECT pg_catalog.pg_get_userbyid(nspowner)::text AS role, nspowner = current_user::regrole AS own
      FROM pg_catalog.pg_namespace WHERE nspname = ${schema}`.execute(db);
    const [owner] = rows;
    if (!owner) return;
    const within = sql.id(target.schema);
    const table = sql.id(target.schema, target.table);
    const role = sql.id(owner.role);
    if (!owner.own) {
      await sql`GRANT USAGE ON SCHEMA ${within} TO ${role}`.execute(db);
      await sql`GRANT REFERENCES (${sql.id(key)}) ON ${table} TO ${role}`.execute(db);
      await sql`SELECT pg_catalog.set_config('role', ${owner.role}, true)`.execute(db);
    }
    await sql.raw(statement(target)).execute(db);
    if (!owner.own) {
      await sql`SELECT pg_catalog.set_config('role', NULL, true)`.execute(db);
      await sql`REVOKE REFERENCES (${sql.id(key)}) ON ${table} FROM ${role}`.execute(db);
      await sql`REVOKE USAGE ON SCHEMA ${within} FROM ${role}`.execute(db);
    }
  }

  /** As the application's own login, whose tables these are, in the plugin's transaction if there is one. */
  async #read(key: PluginKey, statement: { sql: string; params: readonly unknown[] }) {
    const limits = this.#limits;
    const send = (connection: Connection) => runPluginQuery(connection, statement, limits);
    const current = this.#transactions.current(key);
    try {
      if (!current) return await this.#transactions.once(`BEGIN READ ONLY; ${hostSettings(limits)}`, send);
      const settings = `${hostSettings(limits)}; ${setLocal({ transaction_read_only: 'on' })}`;
      return await current.statement(async () => settings, send);
    } catch (error) {
      const { pluginId } = key;
      throw toQueryError(error, {
        pluginId,
        readOnly: true,
        statementMs: limits.statementMs,
        lockMs: limits.lockMs,
      });
    }
  }
}
