import type { EventEmitter } from 'node:events';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { ownPool } from './fixtures/own-pool.js';
import type { PgPool } from './pg-pool.js';
import { openPool } from './pool.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
});

function recorder() {
  const warnings: string[] = [];
  const ignore = () => {};
  return {
    warnings,
    debug: ignore,
    info: ignore,
    error: ignore,
    warn: (_: object, message: string) => warnings.push(message),
  };
}

describe('the host’s pool', () => {
  it('takes any pool of pg', () => {
    expectTypeOf<pg.Pool>().toExtend<PgPool>();
  });

  it('hears of an idle connection that is lost, and has another one ready', async () => {
    const logger = recorder();
    const { pool, close } = openPool(database.connectionString, logger);
    const client = await pool.connect();
    const { rows } = await client.query({ text: 'SELECT pg_backend_pid() AS pid' });
    client.release();
    await database.pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
    await expect.poll(() => logger.warnings).toEqual(['an idle database connection was lost']);
    const next = await pool.connect();
    expect((await next.query({ text: 'SELECT 1 AS n' })).rows).toEqual([{ n: 1 }]);
    next.release();
    await close();
    await close();
  });

  it('is left to the application if it is the application’s', async () => {
    const own = ownPool({ connectionString: database.connectionString });
    const before = (own as EventEmitter).listenerCount('error');
    const { pool, close } = openPool(own, recorder());
    expect(pool).toBe(own);
    expect(own.listenerCount('error')).toBe(before + 1);
    await close();
    expect(own.listenerCount('error')).toBe(before);
    expect((await own.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }]);
    await own.end();
  });
});
