import type { Limits } from '../foundation/limits.js';
import type { PluginKey } from '../foundation/plugin-key.js';
import type { Connection } from './connection.js';
import type { OpenTransaction, TransactionLimits } from './open-transaction.js';
import { type PluginQueryResult, runPluginQuery } from './plugin-query.js';
import { checkStatement, type DatabaseAccess } from './plugin-statement.js';
import { toQueryError } from './query-errors.js';
import { quoteIdentifier, setLocal } from './quote.js';
import type { TenantSchemas } from './tenant-schema.js';
import type { Transactions } from './transaction.js';

export type SessionLimits = TransactionLimits & Pick<Limits, 'transactionMs' | 'resultRows' | 'resultBytes'>;

/** One statement of a plugin's. */
export interface PluginStatement {
  readonly sql: string;
  readonly params: readonly unknown[];
  readonly access: DatabaseAccess;
}

const NO_SUCH_SCHEMA = '3F000';

/** Runs plugins' SQL, each in its tenant's schema and never outside a transaction. */
export class TenantSessions {
  readonly #transactions: Transactions;
  readonly #schemas: TenantSchemas;
  readonly #limits: SessionLimits;

  constructor(options: { transactions: Transactions; schemas: TenantSchemas; limits: SessionLimits }) {
    this.#transactions = options.transactions;
    this.#schemas = options.schemas;
    this.#limits = options.limits;
  }

  /**
   * Runs one statement: in the transaction the plugin is in, or in `within` where the calling code is outside it,
   * under a savepoint; or else in a transaction of its own. With access `read` that transaction, or the savepoint,
   * is read-only.
   *
   * @throws SQL_STATEMENT_NOT_ALLOWED, SQL_MULTIPLE_STATEMENTS, PERMISSION_DENIED, QUERY_TIMEOUT, QUERY_FAILED,
   * RESULT_TOO_LARGE, TRANSACTION_CLOSED, TRANSACTION_IDLE, DB_UNAVAILABLE, COMMIT_UNKNOWN
   */
  async query(
    key: PluginKey,
    statement: PluginStatement,
    within?: OpenTransaction,
  ): Promise<PluginQueryResult> {
    const current = this.#transactions.current(key);
    const transaction = within && !current?.isInside(within) ? within : current;
    const { pluginId, tenant } = key;
    checkStatement(statement.sql, { pluginId, access: statement.access });
    const readOnly = statement.access === 'read';
    const send = (connection: Connection) => runPluginQuery(connection, statement, this.#limits);
    let { statementMs } = this.#limits;
    try {
      if (transaction) {
        // In the same tick, so that a call nobody awaits is still part of the transaction it was made in.
        return await transaction.statement(async () => {
          const schema = await this.#schemas.ensure(tenant);
          statementMs = Math.min(statementMs, transaction.remainingMs);
          return this.#settings(schema, statementMs, readOnly ? { transaction_read_only: 'on' } : {});
        }, send);
      }
      const schema = await this.#schemas.ensure(tenant);
      const begin = `BEGIN ${readOnly ? 'READ ONLY' : 'READ WRITE'}; ${this.#settings(schema, statementMs)}`;
      return await this.#transactions.once(begin, send);
    } catch (error) {
      if ((error as { code?: string }).code === NO_SUCH_SCHEMA) this.#schemas.forget(tenant);
      throw toQueryError(error, { pluginId, readOnly, statementMs, lockMs: this.#limits.lockMs });
    }
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

  /**
   * As the first statement, so that the transaction has its snapshot and cannot be made writable any more. Names
   * resolve in the tenant's schema; temporary tables, last, cannot shadow what is there.
   */
  #settings(schema: string, statementMs: number, more: Readonly<Record<string, string>> = {}): string {
    return setLocal({
      search_path: `${quoteIdentifier(schema)}, pg_temp`,
      statement_timeout: statementMs,
      lock_timeout: this.#limits.lockMs,
      idle_in_transaction_session_timeout: this.#limits.idleInTransactionMs,
      ...more,
    });
  }
}
