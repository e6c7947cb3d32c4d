import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { databaseFloor } from './fixtures/database-floor.js';
import type { OpenTransaction } from './open-transaction.js';
import type { PgPool } from './pg-pool.js';

const jira = { tenant: 'acme', pluginId: 'jira' };
const slack = { tenant: 'acme', pluginId: 'slack' };

let database: TestDatabase;
let floor: ReturnType<typeof databaseFloor>;

beforeAll(async () => {
  database = await createTestDatabase();
  floor = databaseFloor(database.pool);
});
afterAll(async () => {
  await database.drop();
});
beforeEach(async () => {
  await floor.db.deleteFrom('secrets_canary').execute();
});

const kids = async (): Promise<string[]> => {
  const rows = await floor.db.selectFrom('secrets_canary').select('kid').orderBy('kid').execute();
  return rows.map((row) => row.kid);
};

const add = (db: typeof floor.db, kid: string) =>
  db.insertInto('secrets_canary').values({ kid, envelope: '' }).execute();

/** A statement as plugin code sends it: alone, under its savepoint. */
const pluginStatement = (transaction: OpenTransaction, text: string) =>
  transaction.statement(
    async () => `SELECT pg_catalog.set_config('search_path', 'pg_catalog', true)`,
    (connection) => connection.query({ text }),
  );

async function backendOf(db: typeof floor.db): Promise<number | undefined> {
  const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(db);
  return rows[0]?.pid;
}

/** Every connection of the pool is there, idle, and outside a transaction. */
async function expectCleanPool(pool = database.pool): Promise<void> {
  await expect.poll(() => pool.totalCount - pool.idleCount).toBe(0);
  const { rows } = await pool.query(
    `SELECT state FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`,
  );
  expect(rows).toEqual([]);
}

describe('a host transaction', () => {
  it('commits what it did when the function resolves, and gives back what it returned', async () => {
    const value = await floor.transactions.run(async (db) => {
      await add(db, 'a');
      expect(await kids()).toEqual([]);
      return 7;
    });
    expect(value).toBe(7);
    expect(await kids()).toEqual(['a']);
    await expectCleanPool();
  });

  it('leaves nothing when the function throws, at once or later', async () => {
    const failure = new Error('mine');
    await expect(
      floor.transactions.run(async (db) => {
        await add(db, 'a');
        throw failure;
      }),
    ).rejects.toBe(failure);
    await expect(
      floor.transactions.run(() => {
        throw failure;
      }),
    ).rejects.toBe(failure);
    expect(await kids()).toEqual([]);
    await expectCleanPool();
  });

  it('is found by the code it calls, through awaits, and only there', async () => {
    expect(floor.transactions.current()).toBeUndefined();
    await floor.transactions.run(async (_, transaction) => {
      await sleep(1);
      expect(floor.transactions.current()).toBe(transaction);
      expect(floor.transactions.current(jira)).toBe(transaction);
      await add(floor.transactions.database(), 'a');
      expect(await kids()).toEqual([]);
    });
    expect(floor.transactions.current()).toBeUndefined();
    expect(await kids()).toEqual(['a']);
    await add(floor.transactions.database(), 'b');
    expect(await kids()).toEqual(['a', 'b']);
  });

  it('is joined by the plugin it is for, and by no other', async () => {
    await floor.transactions.run(
      async (_, outer) => {
        expect(floor.transactions.current(jira)).toBe(outer);
        expect(floor.transactions.current(slack)).toBeUndefined();
        await floor.transactions.run(
          async (__, other) => {
            expect(floor.transactions.current(slack)).toBe(other);
            // The plugin that began it is found again below the other one's.
            expect(floor.transactions.current(jira)).toBe(outer);
          },
          { plugin: slack },
        );
      },
      { plugin: jira },
    );
  });

  it('is not joined by a plugin that another one calls from a transaction of its own inside', async () => {
    await floor.transactions
      .run(async (_, host) => {
        expect(floor.transactions.current(slack)).toBe(host);
        await floor.transactions.run(
          async () => {
            // Joining the host's would wait for this one to end.
            expect(floor.transactions.current(slack)).toBeUndefined();
            await floor.transactions.run((db) => add(db, 'other'), { plugin: slack });
          },
          { plugin: jira },
        );
        throw new Error('undone');
      })
      .catch(() => {});
    expect(await kids()).toEqual(['other']);
  });

  it('is a savepoint where the plugin is in one already', async () => {
    await floor.transactions.run(
      async (db) => {
        await add(db, 'outer');
        await expect(
          floor.transactions.run(
            async (inner) => {
              await add(inner, 'inner');
              throw new Error('undone');
            },
            { plugin: jira },
          ),
        ).rejects.toThrow('undone');
        await floor.transactions.run((inner) => add(inner, 'second'), { plugin: jira });
      },
      { plugin: jira },
    );
    expect(await kids()).toEqual(['outer', 'second']);
  });

  it('lets nested ones of the same moment take turns', async () => {
    await floor.transactions.run(
      async () => {
        const nested = (kid: string, fails: boolean) =>
          floor.transactions.run(
            async (db) => {
              await add(db, `${kid}1`);
              await sleep(2);
              await add(db, `${kid}2`);
              if (fails) throw new Error('undone');
            },
            { plugin: jira },
          );
        await Promise.allSettled([nested('a', false), nested('b', true), nested('c', false)]);
      },
      { plugin: jira },
    );
    expect(await kids()).toEqual(['a1', 'a2', 'c1', 'c2']);
  });

  it('runs what is asked of it at once one after another, and none of it is lost', async () => {
    await floor.transactions.run(async (db, transaction) => {
      await Promise.all([
        add(db, 'a'),
        pluginStatement(transaction, `SELECT 1`),
        add(db, 'b'),
        expect(pluginStatement(transaction, 'SELECT 1/0')).rejects.toMatchObject({ code: '22012' }),
        add(db, 'c'),
      ]);
    });
    expect(await kids()).toEqual(['a', 'b', 'c']);
  });

  it('survives a plugin statement that failed, and does not survive a host statement that did', async () => {
    await floor.transactions.run(async (db, transaction) => {
      await add(db, 'a');
      await expect(pluginStatement(transaction, 'SELECT nonsense')).rejects.toMatchObject({ code: '42703' });
      await add(db, 'b');
    });
    expect(await kids()).toEqual(['a', 'b']);
    await expect(
      floor.transactions.run(async (db) => {
        await add(db, 'c');
        await add(db, 'a').catch(() => {});
      }),
    ).rejects.toMatchObject({ code: 'QUERY_FAILED', message: expect.stringContaining('rolled back') });
    expect(await kids()).toEqual(['a', 'b']);
    await expectCleanPool();
  });

  it('sets the host’s own settings again before each statement of the host’s', async () => {
    const settings = (db: typeof floor.db) =>
      sql<{
        path: string;
        wait: string;
      }>`SELECT current_setting('search_path') AS path, current_setting('lock_timeout') AS wait`
        .execute(db)
        .then(({ rows }) => rows[0]);
    await floor.transactions.run(async (db, transaction) => {
      const before = await settings(db);
      expect(before).toEqual({ path: 'plugin_host, pg_temp', wait: '5s' });
      await pluginStatement(
        transaction,
        `SELECT set_config('search_path', 'evil', true), set_config('lock_timeout', '0', true)`,
      );
      expect(await settings(db)).toEqual(before);
      await pluginStatement(transaction, `SELECT 1/0`).catch(() => {});
      expect(await settings(db)).toEqual(before);
      await expect(
        transaction.nested(
          async (inner) => {
            await settings(inner.db);
            throw new Error('undone');
          },
          { ms: 1000 },
        ),
      ).rejects.toThrow('undone');
      expect(await settings(db)).toEqual(before);
    });
  });

  it('tells what comes too late that it is over', async () => {
    let late: OpenTransaction | undefined;
    let lateCall: Promise<unknown> | undefined;
    let resume = () => {};
    const signal = new Promise<void>((resolve) => {
      resume = resolve;
    });
    await floor.transactions.run(async (_, transaction) => {
      late = transaction;
      lateCall = signal.then(() => add(floor.transactions.database(), 'late'));
    });
    resume();
    await expect(lateCall).rejects.toMatchObject({ code: 'TRANSACTION_CLOSED' });
    if (!late) throw new Error('the transaction did not run');
    await expect(pluginStatement(late, 'SELECT 1')).rejects.toMatchObject({ code: 'TRANSACTION_CLOSED' });
    await expect(late.nested(async () => 1, { ms: 1000 })).rejects.toMatchObject({
      code: 'TRANSACTION_CLOSED',
    });
    expect(await kids()).toEqual([]);
  });

  it('finishes what it has accepted before it commits', async () => {
    await floor.transactions.run(async (_, transaction) => {
      for (const kid of ['a', 'b']) {
        void pluginStatement(transaction, `INSERT INTO plugin_host.secrets_canary VALUES ('${kid}', '')`);
      }
    });
    expect(await kids()).toEqual(['a', 'b']);
  });

  it('refuses a transaction of Kysely’s own inside, which would commit the whole', async () => {
    await floor.transactions.run(async (db) => {
      await add(db, 'a');
      await expect(db.transaction().execute((inner) => add(inner, 'b'))).rejects.toThrow(
        'a transaction already',
      );
    });
    expect(await kids()).toEqual(['a']);
  });

  it('fails as a whole when a deferred constraint does at the end', async () => {
    await database.pool.query(
      `CREATE TABLE deferred (n int, CONSTRAINT one_each UNIQUE (n) DEFERRABLE INITIALLY DEFERRED)`,
    );
    await expect(
      floor.transactions.run(async (db) => {
        await sql`INSERT INTO public.deferred VALUES (1), (1)`.execute(db);
      }),
    ).rejects.toMatchObject({ code: 'QUERY_FAILED', details: { sqlState: '23505' } });
    await expectCleanPool();
  });
});

describe('the time a transaction has', () => {
  it('ends one whose function never settles, and frees its connection', async () => {
    let transaction: OpenTransaction | undefined;
    await expect(
      floor.transactions.run(
        async (db, own) => {
          transaction = own;
          await add(db, 'a');
          await new Promise(() => {});
        },
        { timeoutMs: 50 },
      ),
    ).rejects.toMatchObject({ code: 'TRANSACTION_TIMEOUT', details: { ms: 50 } });
    expect(await kids()).toEqual([]);
    await expect(transaction?.db.selectFrom('secrets_canary').execute()).rejects.toMatchObject({
      code: 'TRANSACTION_CLOSED',
    });
    await expectCleanPool();
  });

  it('ends a nested one alone', async () => {
    await floor.transactions.run(
      async (db) => {
        await add(db, 'outer');
        await expect(
          floor.transactions.run(
            async (inner) => {
              await add(inner, 'inner');
              await new Promise(() => {});
            },
            { plugin: jira, timeoutMs: 50 },
          ),
        ).rejects.toMatchObject({ code: 'TRANSACTION_TIMEOUT' });
        await add(db, 'after');
      },
      { plugin: jira },
    );
    expect(await kids()).toEqual(['after', 'outer']);
  });

  it('takes back all of a nested one that is cut off in the middle of a statement', async () => {
    await floor.transactions.run(
      async (db, transaction) => {
        await add(db, 'outer');
        await expect(
          transaction.nested(
            async (inner) => {
              await add(inner.db, 'inner');
              await inner.statement(
                async () => `SELECT set_config('statement_timeout', '${inner.remainingMs}', true)`,
                (connection) => connection.query({ text: 'SELECT pg_sleep(20)' }),
              );
            },
            { ms: 100 },
          ),
        ).rejects.toMatchObject({ code: expect.stringMatching(/^(TRANSACTION_TIMEOUT|57014)$/) });
        await add(db, 'after');
      },
      { plugin: jira },
    );
    expect(await kids()).toEqual(['after', 'outer']);
    await expectCleanPool();
  });

  it('runs out in idleness sooner', async () => {
    const impatient = databaseFloor(database.pool, { idleInTransactionMs: 50 });
    const standIdle = async (db: typeof floor.db): Promise<void> => {
      await add(db, 'a');
      const pid = await backendOf(db);
      const alive = async () =>
        (await database.pool.query('SELECT FROM pg_stat_activity WHERE pid = $1', [pid])).rowCount;
      await expect.poll(alive).toBe(0);
    };
    await expect(
      impatient.transactions.run(async (db) => {
        await standIdle(db);
        await add(db, 'b');
      }),
    ).rejects.toMatchObject({ code: 'TRANSACTION_IDLE', details: { ms: 50 } });
    await expect(impatient.transactions.run(standIdle)).rejects.toMatchObject({ code: 'TRANSACTION_IDLE' });
    expect(await kids()).toEqual([]);
    await expectCleanPool();
  });
});

describe('a connection that is lost', () => {
  const killOwn = async (db: typeof floor.db): Promise<void> => {
    await database.pool.query('SELECT pg_terminate_backend($1)', [await backendOf(db)]);
  };

  it('in a transaction is told as such, changes nothing, and is replaced', async () => {
    await expect(
      floor.transactions.run(async (db) => {
        await add(db, 'a');
        await killOwn(db);
        await add(db, 'b');
      }),
    ).rejects.toMatchObject({ code: 'DB_UNAVAILABLE' });
    await expect(
      floor.transactions.run(async (db) => {
        await add(db, 'a');
        await killOwn(db);
      }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/^(DB_UNAVAILABLE|COMMIT_UNKNOWN)$/) });
    expect(await kids()).toEqual([]);
    await floor.transactions.run((db) => add(db, 'c'));
    expect(await kids()).toEqual(['c']);
    await expectCleanPool();
  });

  it('outside one, or in Kysely’s own, does not end the process', async () => {
    await expect(
      floor.db.transaction().execute(async (db) => {
        await killOwn(db);
        await sleep(50);
        await add(db, 'a');
      }),
    ).rejects.toMatchObject({ code: 'DB_UNAVAILABLE' });
    expect(await kids()).toEqual([]);
    await expectCleanPool();
  });

  it('while committing leaves it open what happened', async () => {
    const cut: PgPool = {
      on: () => {},
      removeListener: () => {},
      end: async () => {},
      connect: async () => {
        const client = await database.pool.connect();
        return {
          on: (event, listener) => client.on(event, listener),
          removeListener: (event, listener) => client.removeListener(event, listener),
          release: (destroy) => client.release(destroy),
          getTransactionStatus: () => client.getTransactionStatus(),
          query: async (query) => {
            const answer = await client.query(query);
            if (query.text === 'COMMIT')
              throw Object.assign(new Error('read ECONNRESET'), { syscall: 'read' });
            return answer;
          },
        };
      },
    };
    await expect(databaseFloor(cut).transactions.run((db) => add(db, 'a'))).rejects.toMatchObject({
      code: 'COMMIT_UNKNOWN',
    });
    expect(await kids()).toEqual(['a']);
  });

  it('is not waited for forever: a pool with none free is unavailable', async () => {
    const never: PgPool = {
      on: () => {},
      removeListener: () => {},
      end: async () => {},
      connect: () => new Promise(() => {}),
    };
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const refused = expect(databaseFloor(never).transactions.run(async () => {})).rejects.toMatchObject({
      code: 'DB_UNAVAILABLE',
    });
    await vi.advanceTimersByTimeAsync(5_000);
    await refused;
  });
});
