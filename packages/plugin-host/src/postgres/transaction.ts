import { AsyncLocalStorage } from 'node:async_hooks';
import type { Kysely } from 'kysely';
import { commitUnknown, queryFailed } from '../foundation/errors/index.js';
import type { Limits } from '../foundation/limits.js';
import { type PluginKey, samePlugin } from '../foundation/plugin-key.js';
import { Connection } from './connection.js';
import { hostSettings, OpenTransaction, type TransactionLimits } from './open-transaction.js';
import type { PgPool, PgResult } from './pg-pool.js';
import { setLocal } from './quote.js';
import type { HostDatabase } from './schema.js';
import type { TenantSchemas } from './tenant-schema.js';

export interface TransactionOptions {
  /**
   * The plugin whose code may join. Other plugins' code that happens to run inside, such as handlers of events
   * emitted there, stays outside. Default: every plugin's code that runs inside joins.
   */
  readonly plugin?: PluginKey | undefined;
  /**
   * Whether the plugin's code in it may create, alter and drop its tables: the plugin is being installed or removed.
   * Default false.
   */
  readonly schemaChanges?: boolean;
  /** How long it may take as a whole, in ms; then it is rolled back. Default `limits.hookMs` and a second. */
  readonly timeoutMs?: number;
}

/** A transaction the current code runs in, and those it is nested in. */
interface Bound {
  readonly transaction: OpenTransaction;
  readonly outside: Bound | undefined;
}

/** After its own time-out a hook still has to tell so before its transaction is cut off. */
const GRACE_MS = 1_000;

const INSUFFICIENT_PRIVILEGE = '42501';
/** Before a refusal to become a tenant's role is believed. */
const CONNECTIONS_TRIED = 10;

/**
 * Transactions of the host. One is bound to the code that runs in it, through all its awaits, so that the
 * plugin code called there joins it without being handed anything.
 */
export class Transactions {
  readonly #pool: PgPool;
  readonly #db: Kysely<HostDatabase>;
  readonly #schemas: Pick<TenantSchemas, 'ensure'>;
  readonly #limits: TransactionLimits & Pick<Limits, 'hookMs'>;
  readonly #storage = new AsyncLocalStorage<Bound>();

  constructor(options: {
    pool: PgPool;
    /** Over the same pool, for {@link database}. */
    db: Kysely<HostDatabase>;
    schemas: Pick<TenantSchemas, 'ensure'>;
    limits: TransactionLimits & Pick<Limits, 'hookMs'>;
  }) {
    this.#pool = options.pool;
    this.#db = options.db;
    this.#schemas = options.schemas;
    this.#limits = options.limits;
  }

  /**
   * Runs `fn` in a transaction: committed when it resolves, rolled back when it rejects or its time is up. `db`
   * is the host's tables inside it. With a `plugin` that is in a transaction already it is a savepoint of that
   * one; otherwise it is a transaction of its own, wherever it is called, and the tenant's schema is there.
   *
   * @throws TRANSACTION_TIMEOUT, TRANSACTION_IDLE, DB_UNAVAILABLE, COMMIT_UNKNOWN, QUERY_FAILED where COMMIT
   * fails, and what `fn` throws
   */
  async run<T>(
    fn: (db: Kysely<HostDatabase>, transaction: OpenTransaction) => Promise<T>,
    { plugin, schemaChanges, timeoutMs = this.#limits.hookMs + GRACE_MS }: TransactionOptions = {},
  ): Promise<T> {
    const call = (transaction: OpenTransaction) => fn(transaction.db, transaction);
    const joined = plugin && this.current(plugin);
    if (joined) {
      return joined.nested(call, { plugin, ms: timeoutMs, enter: (inner, run) => this.#bind(inner, run) });
    }
    // Before a connection is held, since it may take another one.
    const role = plugin && (await this.#schemas.ensure(plugin.tenant)).role;
    // Whether the connection can become the role has to be known while another one will still do.
    const trial = role === undefined ? '' : `${setLocal({ role })}; `;
    return this.once(`BEGIN; ${trial}${hostSettings(this.#limits)}`, async (connection) => {
      const owner = { plugin, schemaChanges, ms: timeoutMs, limits: this.#limits };
      const transaction = OpenTransaction.on(connection, owner);
      const result = await this.#bind(transaction, () => transaction.live(call, timeoutMs));
      await transaction.handOver();
      return result;
    });
  }

  /**
   * Begins with `begin`, which must be the host's own text, runs `work` on that connection, and commits or rolls
   * back. Nothing joins it.
   *
   * @throws as {@link run}
   */
  async once<T>(begin: string, work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await this.#begin(begin);
    try {
      const result = await work(connection);
      await commit(connection);
      return result;
    } catch (error) {
      await rollBack(connection);
      throw error;
    } finally {
      connection.close();
    }
  }

  /**
   * A connection that is inside a transaction. Postgres may leave a connection without the news that the login has been
   * given a role, where that came while it was looking up all others; until the next such change it refuses to
   * become that role. Such a connection is closed, and another one tried.
   */
  async #begin(begin: string): Promise<Connection> {
    for (let attempt = 1; ; attempt++) {
      const connection = await Connection.open(this.#pool);
      try {
        await connection.query({ text: begin });
        return connection;
      } catch (error) {
        const ignorant = (error as { code?: string }).code === INSUFFICIENT_PRIVILEGE;
        if (ignorant) connection.destroy(error as Error);
        else await rollBack(connection);
        connection.close();
        if (!ignorant || attempt === CONNECTIONS_TRIED) throw error;
      }
    }
  }

  /**
   * The transaction the calling code runs in; with `plugin` the innermost that plugin's code may join. What another
   * plugin has begun is not its own, nor is a host's transaction around that: it would wait for the one that
   * waits for it.
   */
  current(plugin?: PluginKey): OpenTransaction | undefined {
    let foreign = false;
    for (let bound = this.#storage.getStore(); bound; bound = bound.outside) {
      const { transaction } = bound;
      if (!plugin || (transaction.plugin && samePlugin(transaction.plugin, plugin))) return transaction;
      if (!transaction.plugin && !foreign) return transaction;
      foreign ||= transaction.plugin !== undefined;
    }
    return undefined;
  }

  /** The host's tables, in the current transaction if there is one. */
  database(plugin?: PluginKey): Kysely<HostDatabase> {
    return this.current(plugin)?.db ?? this.#db;
  }

  #bind<R>(transaction: OpenTransaction, fn: () => R): R {
    return this.#storage.run({ transaction, outside: this.#storage.getStore() }, fn);
  }
}

async function commit(connection: Connection): Promise<void> {
  const lostBefore = isLost(connection);
  let result: PgResult;
  try {
    result = await connection.query({ text: 'COMMIT' });
  } catch (error) {
    if (lostBefore) throw error;
    const { message: reason, code: sqlState } = error as Error & { code?: string };
    if (isLost(connection)) throw commitUnknown({ reason }, { cause: error });
    // A deferred constraint.
    throw queryFailed({ reason, ...(sqlState === undefined ? {} : { sqlState }) }, { cause: error });
  }
  // Postgres answers so, without an error, where a statement failed and the transaction went on all the same.
  if (result.command === 'ROLLBACK') {
    throw queryFailed({ reason: 'the transaction was rolled back, since one of its statements had failed' });
  }
}

const isLost = (connection: Connection): boolean => connection.broken !== undefined;

async function rollBack(connection: Connection): Promise<void> {
  if (isLost(connection)) return;
  try {
    await connection.query({ text: 'ROLLBACK' });
  } catch (error) {
    connection.destroy(error as Error);
  }
}
