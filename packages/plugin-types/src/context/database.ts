import type { Untyped } from '../untyped.js';

export interface QueryResult<Row = Untyped> {
  rows: Row[];
  /** Rows returned or changed; 0 where Postgres counts none. */
  rowCount: number;
}

/** Anything that runs SQL inside an open transaction: what `db.transaction` passes, or a client of `pg`. */
export interface TransactionClient {
  query(sql: string, params?: readonly unknown[]): Promise<unknown>;
}

/** SQL inside the transaction that `db.transaction` opened. */
export interface PluginTransaction {
  /** As `db.query`, in this transaction. */
  query<Row = Untyped>(sql: string, params?: readonly unknown[]): Promise<QueryResult<Row>>;
}

/**
 * SQL on the tenant's own tables (§15). Reading needs `database:read` or `database:write`, writing `database:write`.
 * Tables are named `plugin_{id_underscored}_{table}`; names resolve in the tenant's schema, whatever the statement says.
 */
export interface PluginDatabase {
  /**
   * Runs one statement with `$1`, `$2`, … from `params`. Inside `transaction` it joins that transaction.
   *
   * @throws PERMISSION_DENIED, SQL_MULTIPLE_STATEMENTS, SQL_STATEMENT_NOT_ALLOWED, SQL_UNPARSEABLE, TABLE_NOT_OWNED,
   * IDENTIFIER_TOO_LONG, QUERY_TIMEOUT (30 s), and what Postgres reports
   */
  query<Row = Untyped>(sql: string, params?: readonly unknown[]): Promise<QueryResult<Row>>;
  /**
   * Runs `fn` in a transaction: committed when it resolves, rolled back when it rejects or takes longer than 30 s. A
   * transaction in a transaction is a savepoint.
   */
  transaction<T>(fn: (tx: PluginTransaction) => Promise<T>): Promise<T>;
}
