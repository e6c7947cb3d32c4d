import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownPool } from '../../postgres/fixtures/own-pool.js';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.js';
import { pluginContexts } from './fixtures/plugin-contexts.js';

let database: TestDatabase;
let contexts: ReturnType<typeof pluginContexts>;
let contextOf: typeof contexts.contextOf;

beforeAll(async () => {
  database = await createTestDatabase();
  contexts = pluginContexts(database.pool);
  ({ contextOf } = contexts);
});
afterAll(async () => {
  await database.drop();
});

describe('context.db.query', () => {
  it('counts truly', async () => {
    const { db } = contextOf('counts', 'p');
    expect(await db.query('CREATE TABLE t (n int)')).toEqual({ rows: [], rowCount: 0 });
    expect(await db.query('INSERT INTO t SELECT generate_series(1, 5)')).toEqual({ rows: [], rowCount: 5 });
    expect((await db.query('UPDATE t SET n = 0 WHERE n > 3')).rowCount).toBe(2);
    expect(await db.query('DELETE FROM t WHERE n = 0 RETURNING n')).toEqual({
      rows: [{ n: 0 }, { n: 0 }],
      rowCount: 2,
    });
    expect(await db.query('SELECT n FROM t WHERE n = $1', [99])).toEqual({ rows: [], rowCount: 0 });
    expect(await db.query('')).toEqual({ rows: [], rowCount: 0 });
  });

  it('reads values as the application’s pool does', async () => {
    const pool = ownPool({
      connectionString: database.connectionString,
      types: {
        getTypeParser: (oid, format) => (oid === 20 ? BigInt : pg.types.getTypeParser(oid, format)) as never,
      },
    });
    try {
      const { db } = pluginContexts(pool).contextOf('types', 'p');
      const sql = `SELECT 1::int8 AS big, now() AS at, '{"a": [1]}'::jsonb AS json, ARRAY[1,2] AS list, NULL AS nothing`;
      expect((await db.query(sql)).rows).toEqual([
        { big: 1n, at: expect.any(Date), json: { a: [1] }, list: [1, 2], nothing: null },
      ]);
    } finally {
      await pool.end();
    }
  });

  it('keeps two tenants’ tables of one name apart', async () => {
    const [acme, globex] = [contextOf('acme', 'jira'), contextOf('globex', 'jira')];
    await acme.db.query('CREATE TABLE plugin_jira_t (owner text, version_1 text)');
    await globex.db.query('CREATE TABLE plugin_jira_t (owner text, version_2 text)');
    await acme.db.query(`INSERT INTO plugin_jira_t VALUES ('acme')`);
    await globex.db.query(`INSERT INTO plugin_jira_t VALUES ('globex')`);
    expect((await acme.db.query('SELECT * FROM plugin_jira_t')).rows).toEqual([
      { owner: 'acme', version_1: null },
    ]);
    await acme.db.query('DROP TABLE plugin_jira_t');
    expect((await globex.db.query('SELECT * FROM plugin_jira_t')).rows).toEqual([
      { owner: 'globex', version_2: null },
    ]);
  });

  it('says what the database says', async () => {
    const { db } = contextOf('errors', 'p');
    await expect(db.query('SELECT * FROM nowhere')).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: 'The query failed: relation "nowhere" does not exist',
      details: { sqlState: '42P01', reason: 'relation "nowhere" does not exist' },
      cause: expect.objectContaining({ code: '42P01' }),
    });
    await expect(db.query('SELECT $1::int', ['x'])).rejects.toMatchObject({ details: { sqlState: '22P02' } });
    await expect(db.query('SELECT $1::text', ['a\0b'])).rejects.toMatchObject({
      details: { sqlState: '22021' },
    });
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    await expect(db.query('SELECT $1::jsonb', [circle])).rejects.toMatchObject({ code: 'QUERY_FAILED' });
    await expect(db.query('SELECT $1::int', 'no list' as unknown as unknown[])).rejects.toMatchObject({
      code: 'QUERY_FAILED',
    });
    expect((await db.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }]);
  });
});

describe('the limits of a query', () => {
  it('end one that takes too long, and one that waits too long for a lock', async () => {
    const { db } = contextOf('slow', 'p', { limits: { statementMs: 50 } });
    await expect(db.query('SELECT pg_sleep(20)')).rejects.toMatchObject({
      code: 'QUERY_TIMEOUT',
      details: { ms: 50 },
    });
    await db.query('CREATE TABLE t (n int)');
    const impatient = contextOf('slow', 'p', { limits: { lockMs: 50 } });
    await impatient.db.transaction(async (tx) => {
      await tx.query('INSERT INTO t VALUES (1)');
      const other = contextOf('slow', 'other', { limits: { lockMs: 50 } });
      await expect(other.db.query('DROP TABLE t')).rejects.toMatchObject({
        code: 'QUERY_TIMEOUT',
        details: { ms: 50 },
      });
    });
  });

  it('stop a result that is too large, in rows or in bytes, and leave a working pool', async () => {
    const { db } = contextOf('large', 'p', { limits: { resultRows: 100, resultBytes: 10_000 } });
    expect((await db.query('SELECT generate_series(1, 100)')).rowCount).toBe(100);
    for (const sql of [
      'SELECT generate_series(1, 101)',
      'SELECT NULL FROM (SELECT generate_series(1, 1000000000)) AS many',
      'SELECT FROM (SELECT generate_series(1, 1000000000)) AS many',
      `SELECT repeat('x', 6000) FROM generate_series(1, 2)`,
    ]) {
      await expect(db.query(sql)).rejects.toMatchObject({
        code: 'RESULT_TOO_LARGE',
        details: { rows: 100, bytes: 10_000 },
      });
      await expect(db.transaction((tx) => tx.query(sql))).rejects.toMatchObject({ code: 'RESULT_TOO_LARGE' });
    }
    await expect(
      db.transaction(async (tx) => {
        await tx.query('SELECT generate_series(1, 101)').catch(() => {});
      }),
    ).rejects.toMatchObject({ code: 'RESULT_TOO_LARGE' });
    expect((await db.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }]);
    await expect.poll(() => database.pool.totalCount - database.pool.idleCount).toBe(0);
  });
});

describe('a database that goes away', () => {
  it('is told as such, and comes back by itself', async () => {
    const { db } = contextOf('away', 'p');
    const sleeping = db.query('SELECT pg_sleep(20)');
    const failed = expect(sleeping).rejects.toMatchObject({ code: 'DB_UNAVAILABLE' });
    await expect
      .poll(async () => {
        const { rowCount } = await database.pool.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep%' AND pid <> pg_backend_pid()`,
        );
        return rowCount;
      })
      .toBe(1);
    await failed;
    expect((await db.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }]);
  });

  it('is told as such when nothing can connect to it', async () => {
    const pool = ownPool({ connectionString: 'postgres://localhost:5432/x?host=/nonexistent' });
    pool.on('error', () => {});
    await expect(pluginContexts(pool).contextOf('away', 'p').db.query('SELECT 1')).rejects.toMatchObject({
      code: 'DB_UNAVAILABLE',
    });
    await pool.end();
  });
});

describe('many tenants on few connections', () => {
  it('find their own schema each time, and leave none of it behind', async () => {
    const pool = ownPool({ connectionString: database.connectionString, max: 2 });
    try {
      const few = pluginContexts(pool);
      const before = await Promise.all([1, 2].map(() => pool.query('SHOW ALL')));
      const plugins = Array.from({ length: 200 }, (_, n) => ({
        n,
        ...few.contextOf(`t${n}`, 'p', { access: n % 3 === 0 ? 'read' : 'read-write' }),
      }));
      await Promise.all(
        plugins.map(async ({ n, db, metadata }) => {
          const expected = [{ schema: `plugins_t${n}`, path: `plugins_t${n}, pg_temp` }];
          const sql = `SELECT current_schema() AS schema, replace(current_setting('search_path'), '"', '') AS path`;
          expect((await db.query(sql)).rows).toEqual(expected);
          await db.transaction(async (tx) => {
            expect((await tx.query(sql)).rows).toEqual(expected);
            await metadata.set('e', 1, 'n', n);
            await sleep(n % 3);
            expect((await tx.query(sql)).rows).toEqual(expected);
            await tx.query('SELECT nonsense').catch(() => {});
          });
          if (n % 3 !== 0) await db.query('CREATE TABLE t AS SELECT $1::int AS n', [n]);
          await db.query('SELECT nonsense').catch(() => {});
          expect(await metadata.get('e', 1, 'n')).toBe(n);
        }),
      );
      expect(pool.totalCount).toBeLessThanOrEqual(2);
      const clients = await Promise.all([pool.connect(), pool.connect()]);
      for (const [index, client] of clients.entries()) {
        expect((await client.query('SHOW ALL')).rows).toEqual(before[index]?.rows);
        client.release();
      }
    } finally {
      await pool.end();
    }
  }, 60_000);
});
