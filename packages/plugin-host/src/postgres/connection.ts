import { AsyncResource } from 'node:async_hooks';
import { databaseUnavailable, isHostError } from '../foundation/errors/index.js';
import type { PgClient, PgPool, PgQuery, PgResult } from './pg-pool.js';
import { isConnectionFailure } from './query-errors.js';

/** How long to wait for a connection before saying DB_UNAVAILABLE, in ms. */
const CONNECT_MS = 5_000;

/**
 * Where no plugin's code and no transaction is current. A new socket remembers where it was made, for as long as
 * the pool keeps it: that must not be whoever happened to ask first.
 */
const outside = new AsyncResource('plugin-host:connect');

/**
 * A connection on loan from the application's pool. It goes back clean or not at all: one that broke, is still
 * busy or is still in a transaction is closed instead.
 */
export class Connection {
  readonly #client: PgClient;
  #broken: Error | undefined;
  #closed = false;
  #exchange: Promise<unknown> | undefined;

  private constructor(client: PgClient) {
    this.#client = client;
    // A client that is checked out reports the loss of its connection here; unheard, that ends the process.
    client.on('error', this.#onError);
  }

  /** @throws DB_UNAVAILABLE */
  static async open(pool: PgPool): Promise<Connection> {
    const connecting = outside.runInAsyncScope(() => pool.connect());
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), CONNECT_MS);
    });
    try {
      const client = await Promise.race([connecting, patience]);
      if (client) return new Connection(client);
    } catch (cause) {
      throw databaseUnavailable({ reason: reasonOf(cause) }, { cause });
    } finally {
      clearTimeout(timer);
    }
    connecting.then(
      (late) => late.release(),
      () => {},
    );
    throw databaseUnavailable({ reason: `no connection became free within ${CONNECT_MS} ms` });
  }

  /** Why the connection is lost, if it is. */
  get broken(): Error | undefined {
    return this.#broken;
  }

  /** @throws DB_UNAVAILABLE where the connection is lost, else what the server answered */
  query(query: PgQuery): Promise<PgResult> {
    return this.use((client) => client.query(query));
  }

  /** Runs one exchange with the server. Begins it at once. */
  async use<T>(exchange: (client: PgClient) => Promise<T>): Promise<T> {
    if (this.#broken) throw loss(this.#broken, this.#broken);
    if (this.#closed) throw new Error('the connection was given back already');
    const running = exchange(this.#client);
    this.#exchange = running;
    try {
      return await running;
    } catch (error) {
      if (isConnectionFailure(error)) this.#broken ??= error;
      if (this.#broken) throw loss(this.#broken, error);
      throw error;
    } finally {
      if (this.#exchange === running) this.#exchange = undefined;
    }
  }

  /** Resolves when no exchange is in progress. One that does not end within `ms` costs the connection. */
  async idle(ms: number): Promise<void> {
    const exchange = this.#exchange;
    if (!exchange || this.#closed) return;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<'overdue'>((resolve) => {
      timer = setTimeout(() => resolve('overdue'), ms);
    });
    const settled = exchange.then(
      () => {},
      () => {},
    );
    if ((await Promise.race([settled, patience])) === 'overdue')
      this.destroy(new Error('the server does not answer'));
    clearTimeout(timer);
  }

  /** Closes the connection for good, whatever it is doing. */
  destroy(reason: Error): void {
    this.#broken ??= reason;
    this.close();
  }

  /** Ends the loan. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const status = this.#client.getTransactionStatus?.() ?? 'I';
    this.#client.removeListener('error', this.#onError);
    this.#client.release(this.#broken !== undefined || this.#exchange !== undefined || status !== 'I');
  }

  readonly #onError = (error: Error): void => {
    this.#broken ??= error;
  };
}

/** Where this host gave the connection up itself, the reason it gave. */
const loss = (broken: Error, cause: unknown): Error =>
  isHostError(broken) ? broken : databaseUnavailable({ reason: reasonOf(broken) }, { cause });

/** `pg` gives a list of failures without a message where a name has several addresses. */
function reasonOf(error: unknown): string {
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  return first instanceof Error ? first.message || first.name : String(first);
}
