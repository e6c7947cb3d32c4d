import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ownPool } from '../../postgres/fixtures/own-pool.js';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.js';
import type { ContextOptions } from './fixtures/plugin-contexts.js';
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

describe('context.db.transaction', () => {
  const context = (options: ContextOptions = {}) => contextOf('tx', 'p', options);

  beforeAll(async () => {
    await context().db.query('CREATE TABLE t (n int PRIMARY KEY)');
  });
  beforeEach(async () => {
    await context().db.query('DELETE FROM t');
  });

  const stored = async (): Promise<number[]> =>
    (await context().db.query<{ n: number }>('SELECT n FROM t ORDER BY n')).rows.map((row) => row.n);

  it('commits, and returns what the function did', async () => {
    const { db } = context();
    expect(
      await db.transaction(async (tx) => {
        await tx.query('INSERT INTO t VALUES ($1)', [1]);
        return 'done';
      }),
    ).toBe('done');
    expect(await stored()).toEqual([1]);
  });

  it('is joined by context.db.query and context.metadata called inside', async () => {
    const { db, metadata } = context();
    await expect(
      db.transaction(async () => {
        await db.query('INSERT INTO t VALUES (1)');
        await metadata.set('e', 1, 'k', 'v');
        expect((await db.query('SELECT * FROM t')).rowCount).toBe(1);
        expect(await metadata.get('e', 1, 'k')).toBe('v');
        throw new Error('undone');
      }),
    ).rejects.toThrow('undone');
    expect(await stored()).toEqual([]);
    expect(await metadata.get('e', 1, 'k')).toBeNull();
  });

  it('is not joined by another plugin called inside', async () => {
    const [one, other] = [contextOf('tx', 'one'), contextOf('tx', 'other')];
    await expect(
      one.db.transaction(async () => {
        await one.db.query('INSERT INTO t VALUES (1)');
        await other.db.query('INSERT INTO t VALUES (2)');
        await other.metadata.set('e', 1, 'k', 'v');
        throw new Error('undone');
      }),
    ).rejects.toThrow('undone');
    expect(await stored()).toEqual([2]);
    expect(await other.metadata.get('e', 1, 'k')).toBe('v');
  });

  it('goes on after an error the plugin caught', async () => {
    const { db, metadata } = context();
    await db.transaction(async (tx) => {
      await tx.query('INSERT INTO t VALUES (1)');
      await expect(tx.query('INSERT INTO t VALUES (1)')).rejects.toMatchObject({
        details: { sqlState: '23505' },
      });
      await expect(metadata.set('e', 1, 'k', 1n)).rejects.toMatchObject({ code: 'VALUE_NOT_STORABLE' });
      await tx.query('INSERT INTO t VALUES (2)');
    });
    expect(await stored()).toEqual([1, 2]);
  });

  it('nests as savepoints', async () => {
    const { db } = context();
    await db.transaction(async (outer) => {
      await outer.query('INSERT INTO t VALUES (1)');
      await expect(
        db.transaction(async (inner) => {
          await inner.query('INSERT INTO t VALUES (2)');
          await db.transaction((innermost) => innermost.query('INSERT INTO t VALUES (3)'));
          // The outer handle, used inside, is used inside: it cannot wait for itself.
          await outer.query('INSERT INTO t VALUES (4)');
          throw new Error('undone');
        }),
      ).rejects.toThrow('undone');
      await db.transaction((inner) => inner.query('INSERT INTO t VALUES (5)'));
    });
    expect(await stored()).toEqual([1, 5]);
  });

  it('takes statements sent at once one after another', async () => {
    const { db } = context();
    await db.transaction(async (tx) => {
      await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          n % 5 === 4
            ? expect(tx.query('SELECT 1/0')).rejects.toMatchObject({ details: { sqlState: '22012' } })
            : tx.query('INSERT INTO t VALUES ($1)', [n]),
        ),
      );
    });
    expect(await stored()).toHaveLength(16);
  });

  it('includes a last statement nobody awaited', async () => {
    const { db } = context();
    await db.transaction(async (tx) => {
      void tx.query('INSERT INTO t VALUES (1)');
      void db.query('INSERT INTO t VALUES (2)');
    });
    expect(await stored()).toEqual([1, 2]);
  });

  it('is rolled back when its function never settles, and gives its connection back', async () => {
    const pool = ownPool({ connectionString: database.connectionString, max: 1 });
    try {
      const { db } = pluginContexts(pool).contextOf('tx', 'p', { limits: { transactionMs: 100 } });
      let late: (() => Promise<unknown>) | undefined;
      await expect(
        db.transaction(async (tx) => {
          await tx.query('INSERT INTO t VALUES (1)');
          late = () => tx.query('INSERT INTO t VALUES (2)');
          await new Promise(() => {});
        }),
      ).rejects.toMatchObject({ code: 'TRANSACTION_TIMEOUT', details: { ms: 100 } });
      await expect(late?.()).rejects.toMatchObject({ code: 'TRANSACTION_CLOSED' });
      expect((await db.query('SELECT * FROM t')).rowCount).toBe(0);
    } finally {
      await pool.end();
    }
  });

  it('is rolled back in time although a statement is under way', async () => {
    const { db } = context({ limits: { transactionMs: 150 } });
    await expect(
      db.transaction(async (tx) => {
        await tx.query('INSERT INTO t VALUES (1)');
        await tx.query('SELECT pg_sleep(20)');
      }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/^(TRANSACTION_TIMEOUT|QUERY_TIMEOUT)$/) });
    expect(await stored()).toEqual([]);
    await expect.poll(() => database.pool.totalCount - database.pool.idleCount).toBe(0);
  });

  it('wants a function', async () => {
    await expect(context().db.transaction(undefined as never)).rejects.toMatchObject({
      code: 'QUERY_FAILED',
    });
  });
});
