import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
} from 'kysely';
import { modelQueryInvalid } from '../../foundation/errors/index.js';
import type { PluginKey } from '../../foundation/plugin-key.js';
import type { TenantSessions } from '../../postgres/tenant-session.js';

export type Row = Record<string, unknown>;

/** How many rows a statement returned or changed, and those it returned. */
export interface Outcome {
  readonly rows: Row[];
  readonly rowCount: number;
}

/** What the wire protocol has room for. Beyond it the count wraps round, and the statement is another one. */
const MAX_PARAMETERS = 65_535;

const compiler = new Kysely<object>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

/**
 * SQL text and its values.
 *
 * @throws MODEL_QUERY_INVALID where there are more values than one statement can have
 */
export function compile(
  model: string,
  query: RawBuilder<unknown>,
): { sql: string; params: readonly unknown[] } {
  const { sql, parameters } = query.compile(compiler);
  if (parameters.length > MAX_PARAMETERS) {
    throw modelQueryInvalid({ model, field: 'where', reason: `it has more than ${MAX_PARAMETERS} values` });
  }
  return { sql, params: parameters };
}

/** Sends what models make, in the plugin's own session: its tenant's schema, its transaction, its limits. */
export class ModelSession {
  readonly key: PluginKey;
  readonly #sessions: TenantSessions;

  constructor(key: PluginKey, sessions: TenantSessions) {
    this.key = key;
    this.#sessions = sessions;
  }

  /** @throws MODEL_QUERY_INVALID, QUERY_FAILED, QUERY_TIMEOUT, RESULT_TOO_LARGE, DB_UNAVAILABLE */
  async query(model: string, query: RawBuilder<unknown>, access: 'read' | 'write'): Promise<Outcome> {
    return this.#sessions.queryTrusted(this.key, {
      ...compile(model, query),
      // What is written is also read: a row comes back with what the database made of it.
      access: access === 'read' ? 'read' : 'read-write',
    });
  }

  async define(sql: string): Promise<void> {
    await this.#sessions.queryTrusted(this.key, { sql, params: [], access: 'read-write' });
  }

  /** The plugin's own SQL is held against its tables, which have changed. */
  tablesChanged(): void {
    this.#sessions.forgetTables(this.key);
  }

  transaction<T>(fn: () => Promise<T>): Promise<T> {
    return this.#sessions.transaction(this.key, fn);
  }
}
