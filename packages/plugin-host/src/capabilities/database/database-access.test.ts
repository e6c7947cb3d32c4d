import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.js';
import { pluginContexts } from './fixtures/plugin-contexts.js';
import type { PluginDatabase } from './plugin-database.js';

let database: TestDatabase;
let contexts: ReturnType<typeof pluginContexts>;
let contextOf: typeof contexts.contextOf;

beforeEach(() => {
  contexts.denials.length = 0;
});
beforeAll(async () => {
  database = await createTestDatabase();
  contexts = pluginContexts(database.pool);
  ({ contextOf } = contexts);
});
afterAll(async () => {
  await database.drop();
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
    expect(await contexts.floor.db.selectFrom('plugin_metadata').execute()).toEqual([]);
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
    expect(contexts.denials).toEqual([
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
    expect(contexts.denials).toEqual([expect.objectContaining({ required: ['database:read'] })]);
  });
});
