import type { Kysely } from 'kysely';
import {
  type HostError,
  isHostError,
  transactionClosed,
  transactionIdle,
  transactionTimeout,
} from '../foundation/errors/index.js';
import type { Limits } from '../foundation/limits.js';
import type { PluginKey } from '../foundation/plugin-key.js';
import type { Connection } from './connection.js';
import { hostDatabase } from './database.js';
import { HOST_TYPES } from './host-types.js';
import type { PgResult } from './pg-pool.js';
import { isIdleTimeout } from './query-errors.js';
import { setLocal } from './quote.js';
import { HOST_SCHEMA, type HostDatabase } from './schema.js';

export type TransactionLimits = Pick<Limits, 'statementMs' | 'lockMs' | 'idleInTransactionMs'>;

/** How long after its own time-out a statement may take to come back before the connection is given up, in ms. */
const ANSWER_MS = 5_000;

const IN_FAILED_TRANSACTION = '25P02';

/** What all levels of one transaction share: the connection, and whose settings it has at the moment. */
interface TransactionRoot {
  readonly connection: Connection;
  readonly limits: TransactionLimits;
  /** Whether the settings are the host's, as {@link hostSettings} makes them. */
  hostSettings: boolean;
  /** Of the last statement that ran as a plugin. */
  identity: string | undefined;
}

/** Whose transaction it is; absent for one of the host alone. */
export interface TransactionOwner {
  readonly plugin?: PluginKey | undefined;
  /** Whether the plugin may create, alter and drop its tables in it: it is being installed or removed. Default false. */
  readonly schemaChanges?: boolean | undefined;
}

/** The settings under which the host's own statements run. */
export const hostSettings = (limits: TransactionLimits): string =>
  `${setLocal({
    // The host's tables are always named with their schema. A function a plugin made must not get in between.
    search_path: `${HOST_SCHEMA}, pg_temp`,
    statement_timeout: limits.statementMs,
    lock_timeout: limits.lockMs,
    idle_in_transaction_session_timeout: limits.idleInTransactionMs,
    // NULL is what the session began with: `none`, unless the application's pool sets a role of its own.
  })}, pg_catalog.set_config('role', NULL, true)`;

/** What a plugin's statement needs to be set. */
export interface PluginSettings {
  /** A statement that sets all of it. */
  readonly settings: string;
  /** One that sets whom the statement runs as, and where its names resolve, alone. */
  readonly identity: string;
}

/** Sends a statement of the host's on the transaction, in the turn that is under way. */
export type HostQuery = (text: string, values: readonly unknown[]) => Promise<PgResult>;

/**
 * A transaction, or a savepoint in one. Whatever is asked of it at once, it does one after another: the host's
 * statements as they are, those of plugins and nested transactions each under a savepoint, so that an error
 * somebody catches does not poison the rest.
 */
export class OpenTransaction {
  readonly plugin: PluginKey | undefined;
  readonly schemaChanges: boolean;
  readonly #root: TransactionRoot;
  readonly #outer: OpenTransaction | undefined;
  readonly #deadline: number;
  /** Of this level: undoing it also undoes the savepoints of levels inside that did not get to close theirs. */
  readonly #savepointName: string;
  #db: Kysely<HostDatabase> | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  /** `closing` takes no new work but finishes what it has. */
  #state: 'open' | 'closing' | 'closed' = 'open';

  private constructor(
    root: TransactionRoot,
    options: TransactionOwner & { ms: number; outer?: OpenTransaction | undefined },
  ) {
    const { outer, plugin, schemaChanges = false, ms } = options;
    const deadline = performance.now() + ms;
    this.#root = root;
    this.#outer = outer;
    this.plugin = plugin;
    this.schemaChanges = schemaChanges || (outer?.schemaChanges ?? false);
    this.#savepointName = outer ? `${outer.#savepointName}_` : 'vw';
    this.#deadline = outer ? Math.min(deadline, outer.#deadline) : deadline;
  }

  /** The outermost level, on a connection that has begun one with {@link hostSettings}. */
  static on(
    connection: Connection,
    options: TransactionOwner & { ms: number; limits: TransactionLimits },
  ): OpenTransaction {
    const root = { connection, limits: options.limits, hostSettings: true, identity: undefined };
    return new OpenTransaction(root, options);
  }

  /** Host statements in this transaction. Its own `.transaction()` is refused: nest with {@link nested}. */
  get db(): Kysely<HostDatabase> {
    this.#db ??= hostDatabase(async () => ({
      query: (text, values) => this.#hostStatement(text, values),
      release: () => {},
    }));
    return this.#db;
  }

  /** Whether this is `other`, or a savepoint somewhere in it. */
  isInside(other: OpenTransaction): boolean {
    return this === other || (this.#outer?.isInside(other) ?? false);
  }

  /** How long what is left of the transaction may take, in ms; at least 1. */
  get remainingMs(): number {
    return Math.max(1, Math.ceil(this.#deadline - performance.now()));
  }

  /**
   * Runs one exchange of a plugin's, alone, under a savepoint, with the settings `preamble` gives it; as a mere
   * text where it is the host that acts on the plugin's behalf.
   *
   * @throws TRANSACTION_CLOSED, TRANSACTION_IDLE, DB_UNAVAILABLE, what `preamble` and `exchange` throw
   */
  statement<T>(
    preamble: (host: HostQuery) => Promise<PluginSettings | string>,
    exchange: (connection: Connection) => Promise<T>,
  ): Promise<T> {
    return this.#inTurn(async () => {
      const given = await preamble((text, values) => this.#asHost(text, values));
      if (typeof given === 'string') return this.#savepoint(given, () => exchange(this.#root.connection));
      this.#root.identity = given.identity;
      return this.#savepoint(given.settings, () => exchange(this.#root.connection));
    });
  }

  /**
   * Called before COMMIT: what a plugin has put off until then, such as deferred triggers, runs as the role that
   * commits, which must not be the host's.
   */
  async handOver(): Promise<void> {
    const { connection, identity } = this.#root;
    if (identity === undefined) return;
    try {
      await connection.query({ text: identity });
    } catch (error) {
      // It has failed, and COMMIT will say so.
      if ((error as { code?: string }).code !== IN_FAILED_TRANSACTION) throw error;
    }
  }

  /**
   * Runs `fn` in a savepoint of this transaction, alone: kept when it resolves, undone when it rejects or takes
   * longer than `ms`. `enter` runs it where it is the current one.
   *
   * @throws TRANSACTION_CLOSED, TRANSACTION_TIMEOUT, TRANSACTION_IDLE, DB_UNAVAILABLE, what `fn` throws
   */
  nested<T>(
    fn: (inner: OpenTransaction) => Promise<T>,
    options: TransactionOwner & { ms: number; enter?: <R>(inner: OpenTransaction, fn: () => R) => R },
  ): Promise<T> {
    const { ms, plugin = this.plugin, enter = (_, run) => run() } = options;
    return this.#inTurn(() =>
      this.#savepoint(undefined, () => {
        const inner = new OpenTransaction(this.#root, { plugin, outer: this, ms });
        return enter(inner, () => inner.live(fn, ms));
      }),
    );
  }

  /**
   * Runs `fn` for as long as this level lasts. When it settles or its time is up, nothing more is accepted, and
   * nothing more is sent: the connection is the caller's, to commit or to roll back.
   */
  async live<T>(fn: (transaction: OpenTransaction) => Promise<T>, ms: number): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(transactionTimeout({ ms })), ms);
    });
    try {
      // Called in a function of its own, so that one that throws at once is a rejection like any other.
      const result = await Promise.race([(async () => fn(this))(), expired]);
      this.#state = 'closing';
      // Statements nobody awaited were accepted, and belong to it.
      await Promise.race([this.#turn, expired]);
      this.#refuseLost();
      return result;
    } catch (error) {
      throw this.#lost() ?? error;
    } finally {
      clearTimeout(timer);
      this.#state = 'closed';
      await this.#root.connection.idle(ANSWER_MS);
    }
  }

  get #alive(): boolean {
    return this.#state !== 'closed' && (!this.#outer || this.#outer.#alive);
  }

  /** Queues `work`. The queue goes on whether or not it succeeds. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#state !== 'open' || !this.#alive) return Promise.reject(transactionClosed({}));
    const turn = this.#turn.then(() => {
      if (!this.#alive) throw transactionClosed({});
      return work();
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }

  #hostStatement(text: string, values: readonly unknown[]): Promise<PgResult> {
    if (/^(begin|start transaction)/.test(text)) {
      return Promise.reject(new Error('this is a transaction already; nest with OpenTransaction.nested'));
    }
    return this.#inTurn(() => this.#asHost(text, values));
  }

  async #asHost(text: string, values: readonly unknown[]): Promise<PgResult> {
    if (!this.#root.hostSettings) {
      await this.#send(hostSettings(this.#root.limits));
      this.#root.hostSettings = true;
    }
    return this.#exchange((connection) => connection.query({ text, values: [...values], types: HOST_TYPES }));
  }

  async #savepoint<T>(settings: string | undefined, work: () => Promise<T>): Promise<T> {
    const name = this.#savepointName;
    if (settings !== undefined) this.#root.hostSettings = false;
    await this.#send(`SAVEPOINT ${name}; ${settings ?? ''}`);
    let result: T;
    try {
      result = await this.#exchange(work);
    } catch (error) {
      // Undoing the savepoint takes back settings made since, whoever made them.
      this.#root.hostSettings = false;
      if (this.#alive) await this.#send(`ROLLBACK TO SAVEPOINT ${name}; RELEASE SAVEPOINT ${name}`);
      throw error;
    }
    await this.#send(`RELEASE SAVEPOINT ${name}`);
    return result;
  }

  #send(text: string): Promise<PgResult> {
    return this.#exchange((connection) => connection.query({ text }));
  }

  /** The one way to the connection: closed in the same instant in which somebody else may use it. */
  async #exchange<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    if (!this.#alive) throw transactionClosed({});
    this.#refuseLost();
    return work(this.#root.connection);
  }

  #refuseLost(): void {
    const lost = this.#lost();
    if (lost) throw lost;
  }

  /** What became of the transaction, if its connection has gone. */
  #lost(): HostError | undefined {
    const { connection, limits } = this.#root;
    if (!connection.broken) return undefined;
    if (isIdleTimeout(connection.broken)) {
      return transactionIdle({ ms: limits.idleInTransactionMs }, { cause: connection.broken });
    }
    // Given up by this host, which has said why. Any other loss the connection itself reports.
    return isHostError(connection.broken) ? connection.broken : undefined;
  }
}
