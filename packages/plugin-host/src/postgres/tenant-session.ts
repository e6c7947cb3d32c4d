import { isHostError } from '../foundation/errors/index.js';
import type { Limits } from '../foundation/limits.js';
import type { PluginKey } from '../foundation/plugin-key.js';
import type { CoreTables } from './core-tables.js';
import type { OpenTransaction } from './open-transaction.js';
import { type IsOwn, OwnTables, tablePrefix } from './own-tables.js';
import type { PgPool } from './pg-pool.js';
import type { PluginQueryResult } from './plugin-query.js';
import { guardStatement, loadSqlGuard } from './sql-guard/sql-guard.js';
import type { TenantSchemas } from './tenant-schema.js';
import {
  type PluginStatement,
  type StatementLimits,
  type StatementPlace,
  TenantStatements,
} from './tenant-statements.js';
import type { Transactions } from './transaction.js';

export type { PluginStatement } from './tenant-statements.js';

export type SessionLimits = StatementLimits & Pick<Limits, 'transactionMs'>;

/** Rules whose refusal may be due to tables that have come to the plugin since they were last looked at. */
const OWNERSHIP_RULES: ReadonlySet<unknown> = new Set(['own-tables', 'schema-qualifier', 'type', 'sequence']);

/** Runs plugins' SQL: what the guard lets pass, in the tenant's schema, as its role, never outside a transaction. */
export class TenantSessions {
  readonly #transactions: Transactions;
  readonly #statements: TenantStatements;
  readonly #own: OwnTables;
  readonly #core: ReadonlyMap<string, 'read' | 'read-write'>;
  readonly #limits: SessionLimits;

  constructor(options: {
    pool: PgPool;
    transactions: Transactions;
    schemas: TenantSchemas;
    core: CoreTables;
    limits: SessionLimits;
  }) {
    const { pool, transactions, schemas, core, limits } = options;
    this.#transactions = transactions;
    this.#statements = new TenantStatements({ transactions, schemas, limits });
    this.#own = new OwnTables({ pool, schemaOf: schemas.schemaOf });
    this.#core = new Map([...core.tables].map(([name, { access = 'read' }]) => [name, access]));
    this.#limits = limits;
  }

  /**
   * Runs one statement of a plugin's making: in the transaction the plugin is in, or in `within` where the calling
   * code is outside it, under a savepoint; or else in a transaction of its own. With access `read` that transaction,
   * or the savepoint, is read-only.
   *
   * @throws what {@link guardStatement} and {@link TenantStatements.send} throw
   */
  query(key: PluginKey, statement: PluginStatement, within?: OpenTransaction): Promise<PluginQueryResult> {
    return this.#statements.send(key, statement, {
      within,
      check: (place) => this.#check(key, statement, place),
    });
  }

  /**
   * The same for a statement the host has made for the plugin, whose names it has quoted and checked, and whose values
   * are bound: the guard has nothing to say about it. Postgres has.
   *
   * @throws what {@link TenantStatements.send} throws
   */
  queryTrusted(key: PluginKey, statement: PluginStatement): Promise<PluginQueryResult> {
    return this.#statements.send(key, statement);
  }

  /** For when the plugin's tables have changed: the next statement looks again. */
  forgetTables(key: PluginKey): void {
    this.#own.forget(key);
  }

  /**
   * Runs `fn` in a transaction of the plugin's, or in a savepoint of the one it is in.
   *
   * @throws TRANSACTION_TIMEOUT, TRANSACTION_IDLE, DB_UNAVAILABLE, COMMIT_UNKNOWN, QUERY_FAILED where COMMIT
   * fails, and what `fn` throws
   */
  transaction<T>(key: PluginKey, fn: (transaction: OpenTransaction) => Promise<T>): Promise<T> {
    return this.#transactions.run((_, transaction) => fn(transaction), {
      plugin: key,
      timeoutMs: this.#limits.transactionMs,
    });
  }

  async #check(
    key: PluginKey,
    { sql, access }: PluginStatement,
    { schemaChanges, host }: StatementPlace,
  ): Promise<void> {
    await loadSqlGuard();
    const { pluginId } = key;
    const guard = (own: IsOwn) =>
      guardStatement(sql, pluginId, {
        own,
        access,
        prefix: tablePrefix(pluginId),
        core: this.#core,
        ddl: schemaChanges,
      });
    if (schemaChanges && host) {
      // What is known from before is no longer true once the operation ends.
      this.#own.forget(key);
      guard(await this.#own.changing(key, host));
      return;
    }
    try {
      guard(await this.#own.known(key, host));
    } catch (error) {
      if (!isHostError(error) || !OWNERSHIP_RULES.has(error.details.rule)) throw error;
      this.#own.forget(key);
      guard(await this.#own.known(key, host));
    }
  }
}
