import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { testDatabaseMissing } from '../foundation/errors/index.js';
import { migrateToLatest } from '../postgres/migrate.js';

/** Under this key a vitest global setup provides {@link TestServer} to its test files. */
export const TEST_SERVER_KEY = 'pluginHostPostgres';

/** The server test databases are made on. */
export interface TestServer {
  /** Connection string of a login that may create databases. Use one like the host's in production, no superuser. */
  readonly server: string;
  /**
   * A database with the host's migrations applied, which is faster to copy than to make. Nobody may be connected
   * to it. Default: each test database is migrated by itself.
   */
  readonly template?: string | undefined;
}

export interface TestDatabase {
  readonly connectionString: string;
  /** Belongs to the test database: `drop` ends it. */
  readonly pool: pg.Pool;
  /** Ends the pool and every other connection, and drops the database. Idempotent. */
  drop(): Promise<void>;
}

/**
 * A database of its own for one test file, with the host's tables in it.
 *
 * Without `options` the server is the one the vitest global setup provides; give it yourself under other runners.
 *
 * @throws TEST_DATABASE_MISSING where there is no server
 */
export async function createTestDatabase(options?: TestServer): Promise<TestDatabase> {
  const { server, template } = options ?? (await providedServer());
  const name = `test_${randomBytes(8).toString('hex')}`;
  await onServer(server, async (client) => {
    await client.query(
      `CREATE DATABASE ${name}${template ? ` TEMPLATE ${client.escapeIdentifier(template)}` : ''}`,
    );
    await client.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
  });
  const url = new URL(server);
  url.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: url.href });
  // Tests kill connections; the pool replaces them.
  pool.on('error', () => {});
  let dropping: Promise<void> | undefined;
  const drop = async (): Promise<void> => {
    if (!pool.ending) await pool.end();
    await onServer(server, async (client) => {
      await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    });
  };
  const database: TestDatabase = {
    connectionString: url.href,
    pool,
    drop: () => {
      dropping ??= drop();
      return dropping;
    },
  };
  try {
    await migrateToLatest(pool);
  } catch (error) {
    await database.drop();
    throw error;
  }
  return database;
}

async function onServer(server: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  client.on('error', () => {});
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

async function providedServer(): Promise<TestServer> {
  if (process.env.VITEST === undefined) throw testDatabaseMissing({});
  // vitest is an optional peer, and can be imported in its own workers only.
  const { inject } = await import('vitest');
  const provided = (inject as (key: string) => TestServer | undefined)(TEST_SERVER_KEY);
  if (!provided) throw testDatabaseMissing({});
  return provided;
}
