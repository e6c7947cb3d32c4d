import type { Limits } from '../foundation/limits.js';
import type { PluginKey } from '../foundation/plugin-key.js';
import type { Connection } from './connection.js';
import type { HostQuery, OpenTransaction, TransactionLimits } from './open-transaction.js';
import { type PluginQueryResult, runPluginQuery } from './plugin-query.js';
import type { DatabaseAccess } from './plugin-statement.js';
import { toQueryError } from './query-errors.js';
import { setLocal } from './quote.js';
import type { TenantSchemas, TenantSpace } from './tenant-schema.js';
import type { Transactions } from './transaction.js';

export type StatementLimits = TransactionLimits & Pick<Limits, 'resultRows' | 'resultBytes'>;

/** One statement of a plugin's. */
export interface PluginStatement {
  readonly sql: string;
  readonly params: readonly unknown[];
  readonly access: DatabaseAccess;
}

/** Where a statement is about to run. */
export interface StatementPlace {
  /** Whether it runs in the transaction that installs or removes the plugin. */
  readonly schemaChanges: boolean;
  /** Asks the host's tables as they are there: in the transaction, if there is one. */
  readonly host?: HostQuery;
}

export interface StatementOptions {
  /** The transaction it belongs to, where the calling code is outside it. */
  readonly within?: OpenTransaction | undefined;
  /** Called when it is the statement's turn, before anything of it is sent. What it throws refuses the statement. */
  readonly check?: (place: StatementPlace) => Promise<void>;
}

/** No such schema, no such role, not (any more) one the login may become: the next statement looks again. */
const GONE: ReadonlySet<string | undefined> = new Set(['3F000', '22023', '42704', '42501']);

/**
 * Sends plugins' statements as the database is to see them: never outside a transaction, as the tenant's role, names
 * resolving in the tenant's schema, with limits. All of it is set anew before each. This is the layer below the SQL
 * guard; what stops a statement here is Postgres. It cannot stop a statement from taking the role off again: that
 * is the guard's (design decision 6).
 */
export class TenantStatements {
  readonly #transactions: Transactions;
  readonly #schemas: TenantSchemas;
  readonly #limits: StatementLimits;

  constructor(options: { transactions: Transactions; schemas: TenantSchemas; limits: StatementLimits }) {
    this.#transactions = options.transactions;
    this.#schemas = options.schemas;
    this.#limits = options.limits;
  }

  /**
   * Runs one statement: in the transaction the plugin is in, under a savepoint, or else in a transaction of its own.
   * With access `read` that transaction, or the savepoint, is read-only.
   *
   * @throws PERMISSION_DENIED, SQL_MULTIPLE_STATEMENTS, QUERY_TIMEOUT, QUERY_FAILED, RESULT_TOO_LARGE,
   * TRANSACTION_CLOSED, TRANSACTION_IDLE, TENANT_ROLE_UNUSABLE, CORE_TABLE_INVALID, DB_UNAVAILABLE, COMMIT_UNKNOWN
   */
  async send(
    key: PluginKey,
    statement: PluginStatement,
    { within, check }: StatementOptions = {},
  ): Promise<PluginQueryResult> {
    const current = this.#transactions.current(key);
    const transaction = within && !current?.isInside(within) ? within : current;
    const { pluginId, tenant } = key;
    const readOnly = statement.access === 'read';
    const exchange = (connection: Connection) => runPluginQuery(connection, statement, this.#limits);
    let { statementMs } = this.#limits;
    try {
      if (transaction) {
        // In the same tick, so that a call nobody awaits is still part of the transaction it was made in.
        return await transaction.statement(async (host) => {
          const space = await this.#schemas.ensure(tenant);
          await check?.({ schemaChanges: transaction.schemaChanges, host });
          statementMs = Math.min(statementMs, transaction.remainingMs);
          return {
            settings: this.#settings(space, statementMs, readOnly ? { transaction_read_only: 'on' } : {}),
            identity: setLocal(space.settings),
          };
        }, exchange);
      }
      const space = await this.#schemas.ensure(tenant);
      await check?.({ schemaChanges: false });
      const begin = `BEGIN ${readOnly ? 'READ ONLY' : 'READ WRITE'}; ${this.#settings(space, statementMs)}`;
      return await this.#transactions.once(begin, exchange);
    } catch (error) {
      if (GONE.has((error as { code?: string }).code)) this.#schemas.forget(tenant);
      throw toQueryError(error, { pluginId, readOnly, statementMs, lockMs: this.#limits.lockMs });
    }
  }

  /**
   * As the first statement, so that the transaction has its snapshot and cannot be made writable any more. Names
   * resolve in the tenant's schema, and the tenant's role runs what follows.
   */
  #settings(space: TenantSpace, statementMs: number, more: Readonly<Record<string, string>> = {}): string {
    return setLocal({
      ...space.settings,
      statement_timeout: statementMs,
      lock_timeout: this.#limits.lockMs,
      idle_in_transaction_session_timeout: this.#limits.idleInTransactionMs,
      ...more,
    });
  }
}
