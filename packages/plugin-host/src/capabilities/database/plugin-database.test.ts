import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Denial } from '../../foundation/faults.js';
import type { Limits } from '../../foundation/limits.js';
import { databaseFloor } from '../../postgres/fixtures/database-floor.js';
import type { DatabaseAccess } from '../../postgres/plugin-statement.js';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.js';
import { MetadataStore } from '../metadata/metadata-store.js';
import { PluginMetadata } from '../metadata/plugin-metadata.js';
import { PluginDatabase } from './plugin-database.js';

let database: TestDatabase;
let floor: ReturnType<typeof databaseFloor>;
let denials: Denial[];

beforeAll(async () => {
  database = await createTestDatabase();
  floor = databaseFloor(database.pool);
});
afterAll(async () => {
  await database.drop();
});
beforeEach(() => {
  denials = [];
});

interface ContextOptions {
  access?: DatabaseAccess;
  limits?: Partial<Limits>;
  pool?: pg.Pool;
}

/** What a plugin has of its context here. */
function contextOf(
  tenant: string,
  pluginId: string,
  { access = 'read-write', limits, pool }: ContextOptions = {},
) {
  const own = limits || pool ? databaseFloor(pool ?? database.pool, limits) : floor;
  const owner = { key: { tenant, pluginId } };
  return {
    tenant,
    db: new PluginDatabase({
      owner,
      access,
      sessions: own.sessions,
      faults: { denied: (denial) => denials.push(denial) },
    }),
    metadata: new PluginMetadata({
      owner,
      store: new MetadataStore(),
      transactions: own.transactions,
      limits: own.limits,
    }),
    transactions: own.transactions,
  };
}

describe('the examples of the specification', () => {
  const context = () => contextOf('spec-tenant', 'jira-integration');

  // §15.1, with `0 ||` in place of `|| 0` alone: nothing else is changed.
  async function onInstall({ metadata, db }: ReturnType<typeof context>): Promise<void> {
    const currentVersion = (await metadata.get<number>('system', 0, 'db_version')) || 0;
    if (currentVersion < 1) {
      await db.query(`
      CREATE TABLE IF NOT EXISTS plugin_jira_integration_mappings (
        id SERIAL PRIMARY KEY,
        risk_id INTEGER NOT NULL,
        jira_issue_key VARCHAR(50) NOT NULL,
        synced_at TIMESTAMP DEFAULT NOW(),
        tenant VARCHAR(100) NOT NULL
      )
    `);
      await metadata.set('system', 0, 'db_version', 1);
    }
    if (currentVersion < 2) {
      await db.query(`
      ALTER TABLE plugin_jira_integration_mappings
      ADD COLUMN IF NOT EXISTS last_sync_status VARCHAR(20)
    `);
      await metadata.set('system', 0, 'db_version', 2);
    }
  }

  it('work as they stand: §15.1 in onInstall, §15.3 in onEnable, §13.4 in onUninstall', async () => {
    const plugin = context();
    await plugin.transactions.run(() => onInstall(plugin), {
      plugin: { tenant: plugin.tenant, pluginId: 'jira-integration' },
    });
    expect(await plugin.metadata.get('system', 0, 'db_version')).toBe(2);
    // Again, as for an update: nothing is left to do.
    await onInstall(plugin);

    await plugin.db.query(
      `INSERT INTO plugin_jira_integration_mappings (risk_id, jira_issue_key, tenant) VALUES ($1, $2, $3)`,
      [7, 'RISK-7', plugin.tenant],
    );
    const result = await plugin.db.query('SELECT * FROM plugin_jira_integration_mappings WHERE tenant = $1', [
      plugin.tenant,
    ]);
    expect(result).toEqual({
      rowCount: 1,
      rows: [
        {
          id: 1,
          risk_id: 7,
          jira_issue_key: 'RISK-7',
          synced_at: expect.any(Date),
          tenant: plugin.tenant,
          last_sync_status: null,
        },
      ],
    });
    await plugin.metadata.set('settings', 0, 'lastSync', new Date('2026-01-31T12:00:00Z'));
    expect(await plugin.metadata.get('settings', 0, 'lastSync')).toBe('2026-01-31T12:00:00.000Z');

    await plugin.db.query('DROP TABLE IF EXISTS plugin_jira_integration_mappings');
    expect(await plugin.metadata.deleteByPlugin()).toBe(2);
    await expect(plugin.db.query('SELECT * FROM plugin_jira_integration_mappings')).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      details: { sqlState: '42P01' },
    });
  });

  it('work for the table names of §13.2', async () => {
    const plugin = contextOf('spec-tenant', 'slack-notifications');
    for (const table of ['plugin_jira_integration_mappings', 'plugin_slack_notifications_logs']) {
      await plugin.db.query(`CREATE TABLE ${table} (id int)`);
      expect((await plugin.db.query(`SELECT * FROM ${table}`)).rowCount).toBe(0);
      await plugin.db.query(`DROP TABLE ${table}`);
    }
  });
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
    const pool = new pg.Pool({
      connectionString: database.connectionString,
      types: {
        getTypeParser: (oid, format) => (oid === 20 ? BigInt : pg.types.getTypeParser(oid, format)) as never,
      },
    });
    try {
      const { db } = contextOf('types', 'p', { pool });
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

describe('SQL that tries to get out', () => {
  it.each([undefined, [], [1]])('sends one statement only, with parameters %j', async (params) => {
    const { db } = contextOf('escape', 'p');
    for (const sql of [
      'SELECT 1; SELECT 2',
      'SELECT 1; COMMIT; DROP SCHEMA plugin_host CASCADE',
      'SELECT 1 /* ; */ ; ROLLBACK',
    ]) {
      await expect(db.query(sql, params)).rejects.toMatchObject({ code: 'SQL_MULTIPLE_STATEMENTS' });
    }
    await expect(db.query('COMMIT; DROP SCHEMA plugin_host CASCADE', params)).rejects.toMatchObject({
      code: 'SQL_STATEMENT_NOT_ALLOWED',
    });
    expect(await floor.db.selectFrom('plugin_metadata').execute()).toEqual([]);
  });

  it('cannot end the transaction it runs in, however the word is hidden', async () => {
    const { db } = contextOf('escape', 'p');
    await db.query('CREATE TABLE IF NOT EXISTS kept (n int)');
    await expect(
      db.transaction(async (tx) => {
        await tx.query('INSERT INTO kept VALUES (1)');
        for (const sql of [
          'COMMIT',
          ';COMMIT;',
          '/* /* */ */ commit',
          '--\nEND',
          'COMMIT AND CHAIN',
          `DO 'BEGIN COMMIT; END'`,
        ]) {
          await expect(tx.query(sql)).rejects.toMatchObject({ code: 'SQL_STATEMENT_NOT_ALLOWED' });
        }
        throw new Error('undone');
      }),
    ).rejects.toThrow('undone');
    expect((await db.query('SELECT * FROM kept')).rowCount).toBe(0);
  });

  it('finds no other tenant’s table by leaving its search_path', async () => {
    const [acme, globex] = [contextOf('acme', 'p'), contextOf('globex', 'p')];
    await globex.db.query('CREATE TABLE plugin_p_secret (n int)');
    await expect(acme.db.query('SELECT * FROM plugin_p_secret')).rejects.toMatchObject({
      details: { sqlState: '42P01' },
    });
    await acme.db.transaction(async (tx) => {
      await tx.query(`SELECT set_config('search_path', 'plugins_globex', true)`);
      // Set anew before each statement.
      await expect(tx.query('SELECT * FROM plugin_p_secret')).rejects.toMatchObject({
        details: { sqlState: '42P01' },
      });
    });
  });

  it('cannot shadow its tables by temporary ones', async () => {
    const { db } = contextOf('shadow', 'p');
    await db.query('CREATE TABLE plugin_p_t (real_one int)');
    await db.transaction(async (tx) => {
      await tx.query('CREATE TEMP TABLE plugin_p_t (false_one int) ON COMMIT DROP');
      expect((await tx.query('SELECT * FROM plugin_p_t WHERE real_one IS NULL')).rowCount).toBe(0);
    });
  });
});

describe('database:read alone', () => {
  const reader = () => contextOf('readers', 'p', { access: 'read' });

  beforeAll(async () => {
    await contextOf('readers', 'p').db.query('CREATE TABLE t AS SELECT 1 AS n');
  });

  const WRITES = [
    'INSERT INTO t VALUES (2)',
    'UPDATE t SET n = 2',
    'WITH gone AS (DELETE FROM t RETURNING n) SELECT * FROM gone',
    'SELECT n INTO copy FROM t',
    'EXPLAIN ANALYZE DELETE FROM t',
    'SELECT * FROM t FOR UPDATE',
    'CREATE TABLE other (n int)',
    'DROP TABLE t',
  ];

  it.each(WRITES)('refuses %s', async (sql) => {
    const { db } = reader();
    await expect(db.query(sql)).rejects.toMatchObject({
      name: 'PermissionDeniedError',
      code: 'PERMISSION_DENIED',
      details: { pluginId: 'p', member: 'db.query', required: ['database:write'] },
    });
    expect(denials).toEqual([
      { key: { tenant: 'readers', pluginId: 'p' }, member: 'db.query', required: ['database:write'] },
    ]);
    await expect(db.transaction((tx) => tx.query(sql))).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    expect((await db.query('SELECT * FROM t')).rows).toEqual([{ n: 1 }]);
  });

  it.each([
    'SET TRANSACTION READ WRITE',
    `SELECT set_config('transaction_read_only', 'off', true)`,
    `SELECT set_config('transaction_read_only', 'off', false)`,
    `SELECT set_config('default_transaction_read_only', 'off', true)`,
    'ROLLBACK',
    'COMMIT',
    'RESET transaction_read_only',
    'SAVEPOINT x',
    'RELEASE SAVEPOINT vw',
  ])('is not undone by %s', async (sql) => {
    const { db, transactions } = reader();
    const attempt = async (query: PluginDatabase['query']) => {
      await query(sql).catch(() => {});
      await expect(query('INSERT INTO t VALUES (2)')).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    };
    await attempt((text) => db.query(text));
    await db.transaction((tx) => attempt(tx.query));
    // Also where the host's own transaction is one that writes.
    await transactions.run(() => attempt((text) => db.query(text)), {
      plugin: { tenant: 'readers', pluginId: 'p' },
    });
    expect((await db.query('SELECT * FROM t')).rows).toEqual([{ n: 1 }]);
  });

  it('does not keep the host, or metadata, from writing in the same transaction', async () => {
    const { db, metadata } = reader();
    await db.transaction(async (tx) => {
      await tx.query('SELECT * FROM t');
      await metadata.set('risk', 1, 'seen', true);
      await tx.query('SELECT * FROM t');
      await metadata.set('risk', 2, 'seen', true);
    });
    expect(await metadata.findByKey('risk', 'seen', true)).toEqual([
      { entityType: 'risk', entityId: 1 },
      { entityType: 'risk', entityId: 2 },
    ]);
  });
});

describe('database:write alone', () => {
  it('writes, and does not plainly read', async () => {
    const { db } = contextOf('writers', 'p', { access: 'write' });
    await db.query('CREATE TABLE t (n int)');
    expect((await db.query('INSERT INTO t VALUES (1) RETURNING n')).rows).toEqual([{ n: 1 }]);
    await expect(db.query('SELECT * FROM t')).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      details: { required: ['database:read'] },
    });
    expect(denials).toEqual([expect.objectContaining({ required: ['database:read'] })]);
  });
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
    const pool = new pg.Pool({ connectionString: database.connectionString, max: 1 });
    try {
      const { db } = context({ limits: { transactionMs: 100 }, pool });
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
      'SELECT NULL FROM generate_series(1, 100000000)',
      'SELECT FROM generate_series(1, 100000000)',
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
    const pool = new pg.Pool({ connectionString: 'postgres://localhost:5432/x?host=/nonexistent' });
    pool.on('error', () => {});
    await expect(contextOf('away', 'p', { pool }).db.query('SELECT 1')).rejects.toMatchObject({
      code: 'DB_UNAVAILABLE',
    });
    await pool.end();
  });
});

describe('many tenants on few connections', () => {
  it('find their own schema each time, and leave none of it behind', async () => {
    const pool = new pg.Pool({ connectionString: database.connectionString, max: 2 });
    try {
      const { sessions, transactions, limits } = databaseFloor(pool);
      const before = await Promise.all([1, 2].map(() => pool.query('SHOW ALL')));
      const faults = { denied: () => {} };
      const plugins = Array.from({ length: 200 }, (_, n) => {
        const owner = { key: { tenant: `t${n}`, pluginId: 'p' } };
        return {
          n,
          db: new PluginDatabase({ owner, access: n % 3 === 0 ? 'read' : 'read-write', sessions, faults }),
          metadata: new PluginMetadata({ owner, store: new MetadataStore(), transactions, limits }),
        };
      });
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
