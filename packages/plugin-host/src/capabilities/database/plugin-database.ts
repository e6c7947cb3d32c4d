import type {
  PluginDatabase as PluginDatabaseContract,
  PluginTransaction,
  QueryResult,
} from '@verifywise/plugin-types';
import { hasCode, queryFailed } from '../../foundation/errors/index.js';
import type { Faults } from '../../foundation/faults.js';
import type { CapabilityOwner } from '../../foundation/owner.js';
import type { OpenTransaction } from '../../postgres/open-transaction.js';
import type { DatabaseAccess } from '../../postgres/plugin-statement.js';
import type { TenantSessions } from '../../postgres/tenant-session.js';

const MEMBER = 'db.query';

/** `context.db` of one instance (§15.1): SQL on its tenant's tables, with the access its permissions give. */
export class PluginDatabase implements PluginDatabaseContract {
  readonly #owner: Pick<CapabilityOwner, 'key'>;
  readonly #sessions: Pick<TenantSessions, 'query' | 'transaction'>;
  readonly #access: DatabaseAccess;
  readonly #faults: Pick<Faults, 'denied'>;

  constructor(options: {
    owner: Pick<CapabilityOwner, 'key'>;
    sessions: Pick<TenantSessions, 'query' | 'transaction'>;
    /** `read` for `database:read` alone, `write` for `database:write` alone. */
    access: DatabaseAccess;
    /** Is told of statements the access does not cover. */
    faults: Pick<Faults, 'denied'>;
  }) {
    this.#owner = options.owner;
    this.#sessions = options.sessions;
    this.#access = options.access;
    this.#faults = options.faults;
  }

  query<Row>(sql: string, params?: readonly unknown[]): Promise<QueryResult<Row>> {
    return this.#query(sql, params);
  }

  async transaction<T>(fn: (tx: PluginTransaction) => Promise<T>): Promise<T> {
    if (typeof fn !== 'function') throw queryFailed({ reason: 'db.transaction takes a function' });
    return this.#sessions.transaction(this.#owner.key, (transaction) =>
      fn({ query: (sql, params) => this.#query(sql, params, transaction) }),
    );
  }

  async #query<Row>(
    sql: string,
    params: readonly unknown[] = [],
    within?: OpenTransaction,
  ): Promise<QueryResult<Row>> {
    if (!Array.isArray(params)) throw queryFailed({ reason: 'the parameters have to be an array' });
    const { key } = this.#owner;
    try {
      // The shape of a row is between the plugin and its SQL.
      return (await this.#sessions.query(
        key,
        { sql, params, access: this.#access },
        within,
      )) as QueryResult<Row>;
    } catch (error) {
      if (hasCode(error, 'PERMISSION_DENIED')) {
        this.#faults.denied({
          key,
          member: MEMBER,
          required: [this.#access === 'read' ? 'database:write' : 'database:read'],
        });
      }
      throw error;
    }
  }
}
