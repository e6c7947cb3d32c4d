import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { databaseFloor } from './fixtures/database-floor.js';
import { ownPool } from './fixtures/own-pool.js';
import type { DatabaseAccess } from './plugin-statement.js';

// Below the SQL guard: what is refused here is refused by Postgres, whatever the guard may have overlooked. Giving up the
// role with RESET ROLE or set_config is what Postgres cannot refuse inside a transaction; that is the guard's.

let database: TestDatabase;
let floor: ReturnType<typeof databaseFloor>;
const acme = { tenant: 'acme', pluginId: 'p' };
const globex = { tenant: 'globex', pluginId: 'p' };
const send = (sql: string, { key = acme, access = 'read-write' as DatabaseAccess } = {}) =>
  floor.statements.send(key, { sql, params: [], access });
const WHO = `SELECT current_user::text AS role, replace(current_setting('search_path'), '"', '') AS path`;

beforeAll(async () => {
  database = await createTestDatabase();
  floor = databaseFloor(database.pool);
  for (const key of [acme, globex]) {
    await send(`CREATE TABLE t AS SELECT '${key.tenant}' AS owner`, { key });
  }
  await database.pool.query(
    `CREATE SCHEMA app; CREATE TABLE app.users (id int); CREATE TABLE public.loose (n int)`,
  );
});
afterAll(async () => {
  for (const tenant of ['acme', 'globex']) await floor.schemas.drop(tenant);
  await database.drop();
});

describe('a plugin’s statement that passed the guard', () => {
  it('runs as its tenant’s role, which owns what it makes', async () => {
    const { role, schema } = await floor.schemas.ensure('acme');
    expect((await send(WHO)).rows).toEqual([{ role, path: `${schema}, pg_temp` }]);
    expect(
      (await send('SELECT tableowner::text AS owner FROM pg_tables WHERE tablename = $$t$$')).rows,
    ).toContainEqual({ owner: role });
    await floor.sessions.transaction(acme, async () => {
      expect((await send(WHO)).rows).toEqual([{ role, path: `${schema}, pg_temp` }]);
    });
  });

  it.each([
    ['another tenant’s table', 'SELECT * FROM plugins_globex.t'],
    ['another tenant’s table, to write', `INSERT INTO plugins_globex.t VALUES ('acme')`],
    ['another tenant’s schema, to create', 'CREATE TABLE plugins_globex.mine (n int)'],
    ['another tenant’s schema, to drop', 'DROP SCHEMA plugins_globex CASCADE'],
    ['the host’s tables', 'SELECT * FROM plugin_host.plugin_config'],
    ['the host’s tables, to write', `DELETE FROM plugin_host.plugin_installations`],
    ['the application’s tables', 'SELECT * FROM app.users'],
    ['tables in public', 'SELECT * FROM public.loose'],
    ['schema public, to create', 'CREATE TABLE public.mine (n int)'],
    ['a schema of its own', 'CREATE SCHEMA mine'],
    ['files', `SELECT pg_read_file('/etc/hostname')`],
    ['folders', `SELECT pg_ls_dir('.')`],
    ['files, by COPY', `COPY t TO '/tmp/plugin'`],
    ['programs, by COPY', `COPY t FROM PROGRAM 'true'`],
    ['files, by large objects', `SELECT lo_import('/etc/hostname')`],
    ['passwords', 'SELECT * FROM pg_authid'],
    ['superuser functions', 'SELECT pg_reload_conf()'],
    ['settings of the server', `ALTER SYSTEM SET work_mem = '1GB'`],
    ['parameters of superusers', `SELECT set_config('log_statement', 'all', true)`],
    [
      'the host’s other connections',
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()',
    ],
    ['untrusted languages', `CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'x', 'y'`],
    ['extensions', 'CREATE EXTENSION file_fdw'],
    ['roles', 'CREATE ROLE mine SUPERUSER'],
    ['other tenants’ roles', 'REASSIGN OWNED BY SESSION_USER TO CURRENT_USER'],
    ['temporary tables', 'CREATE TEMP TABLE t (n int)'],
  ])('does not reach %s', async (_, sql) => {
    // Another connection to be after.
    const client = await database.pool.connect();
    try {
      await expect(send(sql)).rejects.toMatchObject({
        code: 'QUERY_FAILED',
        details: { sqlState: expect.stringMatching(/^(42501|0A000|0LP01|25001)$/) },
      });
      await expect(floor.sessions.transaction(acme, () => send(sql))).rejects.toMatchObject({
        code: 'QUERY_FAILED',
      });
    } finally {
      client.release();
    }
    expect((await send('SELECT owner FROM t', { key: globex })).rows).toEqual([{ owner: 'globex' }]);
  });

  it.each([
    `INSERT INTO t VALUES ('x')`,
    'WITH gone AS (DELETE FROM t RETURNING owner) SELECT * FROM gone',
    'CREATE TABLE other (n int)',
    'SELECT * FROM t FOR UPDATE',
    'TRUNCATE t',
  ])('does not write with access to read: %s', async (sql) => {
    const access = 'read';
    await expect(send(sql, { access })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    // Also in a transaction that writes, and not after an attempt to make it writable.
    await floor.sessions.transaction(acme, async () => {
      await send(`SELECT set_config('transaction_read_only', 'off', true)`, { access }).catch(() => {});
      await expect(send(sql, { access })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
      await send('SELECT * FROM t');
    });
    expect((await send('SELECT owner FROM t')).rows).toEqual([{ owner: 'acme' }]);
  });

  it('has the host’s own statements beside it run as the host’s login, and its deferred triggers not', async () => {
    await send(`CREATE FUNCTION spy() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN INSERT INTO seen VALUES (current_user::text); RETURN NULL; END'`);
    await send('CREATE TABLE seen (who text)');
    await send('CREATE TABLE watched (n int)');
    await send(`CREATE CONSTRAINT TRIGGER late AFTER INSERT ON watched DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION spy()`);
    await floor.transactions.run(
      async (db) => {
        await send('INSERT INTO watched VALUES (1)');
        // The last statement before COMMIT is the host's.
        await db.insertInto('secrets_canary').values({ kid: 'after', envelope: '' }).execute();
      },
      { plugin: acme },
    );
    const { role } = await floor.schemas.ensure('acme');
    expect((await send('SELECT who FROM seen')).rows).toEqual([{ who: role }]);
  });

  it('finds its tenant’s schema and role each time among 1,000 tenants on 2 connections, and leaves neither', async () => {
    const pool = ownPool({ connectionString: database.connectionString, max: 2 });
    const few = databaseFloor(pool);
    try {
      const before = await Promise.all([1, 2].map(async () => (await pool.query('SHOW ALL')).rows));
      const spaces = new Map<string, string>();
      await Promise.all(
        Array.from({ length: 1000 }, async (_, n) => {
          const key = { tenant: `many-${n}`, pluginId: 'p' };
          const statement = { sql: WHO, params: [], access: n % 3 === 0 ? 'read' : 'read-write' } as const;
          // All at once would wait for a connection longer than the host lets anybody wait.
          while (running >= 20) await new Promise((resolve) => waiting.push(resolve as () => void));
          running++;
          try {
            const { role = '', schema } = await few.schemas.ensure(key.tenant);
            spaces.set(role, schema);
            const expected = [{ role, path: `${schema}, pg_temp` }];
            expect((await few.statements.send(key, statement)).rows).toEqual(expected);
            if (n % 5 === 0) {
              await few.sessions.transaction(key, async () => {
                expect((await few.statements.send(key, statement)).rows).toEqual(expected);
                await few.statements.send(key, { ...statement, sql: 'SELECT nonsense' }).catch(() => {});
                expect((await few.statements.send(key, statement)).rows).toEqual(expected);
              });
            }
          } finally {
            running--;
            waiting.shift()?.();
          }
        }),
      );
      expect(spaces.size).toBe(1000);
      const after = await Promise.all([1, 2].map(async () => (await pool.query('SHOW ALL')).rows));
      expect(after).toEqual(before);
      const { rows } = await pool.query('SELECT current_user = session_user AS own');
      expect(rows).toEqual([{ own: true }]);
    } finally {
      await pool.end();
    }
  }, 60_000);
});

let running = 0;
const waiting: (() => void)[] = [];
