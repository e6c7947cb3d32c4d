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
    for (const guarded of [true, false]) {
      const { db } = contextOf('escape', 'p', { guarded });
      for (const sql of [
        'SELECT 1; SELECT 2',
        'SELECT 1; COMMIT; DROP SCHEMA plugin_host CASCADE',
        'COMMIT; DROP SCHEMA plugin_host CASCADE',
        'SELECT 1 /* ; */ ; ROLLBACK',
      ]) {
        await expect(db.query(sql, params)).rejects.toMatchObject({ code: 'SQL_MULTIPLE_STATEMENTS' });
      }
    }
    expect(await contexts.floor.db.selectFrom('plugin_metadata').execute()).toEqual([]);
  });

  it('cannot end the transaction it runs in, however the word is hidden', async () => {
    const { db } = contextOf('escape', 'p');
    const guarded = contextOf('escape', 'p', { guarded: true });
    await db.query('CREATE TABLE IF NOT EXISTS kept (n int)');
    await expect(
      guarded.db.transaction(async (tx) => {
        await db.query('INSERT INTO kept VALUES (1)');
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
      // What the guard would not let pass; it is set anew before each statement.
      await tx.query(`SELECT set_config('search_path', 'plugins_globex', true)`);
      await tx.query(`SELECT set_config('role', 'none', true)`);
      await expect(tx.query('SELECT * FROM plugin_p_secret')).rejects.toMatchObject({
        details: { sqlState: '42P01' },
      });
    });
  });

  it('cannot shadow its tables by temporary ones', async () => {
    const { db } = contextOf('shadow', 'p');
    await db.query('CREATE TABLE plugin_p_t (real_one int)');
    await db.transaction(async (tx) => {
      await expect(
        tx.query('CREATE TEMP TABLE plugin_p_t (false_one int) ON COMMIT DROP'),
      ).rejects.toMatchObject({
        details: { sqlState: '42501' },
      });
      expect((await tx.query('SELECT * FROM plugin_p_t WHERE real_one IS NULL')).rowCount).toBe(0);
    });
  });
});

describe('database:read alone', () => {
  const reader = ({ guarded = false } = {}) => contextOf('readers', 'p', { access: 'read', guarded });

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
    const { db, transactions } = reader({ guarded: true });
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
    expect((await reader().db.query('SELECT * FROM t')).rows).toEqual([{ n: 1 }]);
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
    const { db, transactions } = contextOf('writers', 'p', { access: 'write', guarded: true });
    await transactions.run(
      async () => {
        await db.query('CREATE TABLE plugin_p_t (n int)');
        expect((await db.query('INSERT INTO plugin_p_t VALUES (1) RETURNING n')).rows).toEqual([{ n: 1 }]);
      },
      { plugin: { tenant: 'writers', pluginId: 'p' }, schemaChanges: true },
    );
    await expect(db.query('SELECT * FROM plugin_p_t')).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      details: { required: ['database:read'] },
    });
    expect(contexts.denials).toEqual([expect.objectContaining({ required: ['database:read'] })]);
  });
});

describe('whose tables a plugin’s SQL may name', () => {
  const install = async (pluginId: string, ...statements: string[]) => {
    const key = { tenant: 'owners', pluginId };
    const { db, transactions } = contextOf('owners', pluginId, { guarded: true });
    await transactions.run(
      async (host) => {
        for (const sql of statements) await db.query(sql);
        const made = statements.flatMap((sql) => /CREATE TABLE (\w+)/.exec(sql)?.[1] ?? []);
        // What the lifecycle does at the end of an installation.
        if (made.length > 0) {
          await host
            .insertInto('plugin_tables')
            .values(made.map((name) => ({ tenant: key.tenant, plugin_id: pluginId, name })))
            .execute();
        }
      },
      { plugin: key, schemaChanges: true },
    );
    return db;
  };

  it('is known from the catalogue, at once after an installation, and not from the name’s beginning', async () => {
    const jira = contextOf('owners', 'jira', { guarded: true }).db;
    const notOwned = { code: 'TABLE_NOT_OWNED' };
    await expect(jira.query('SELECT * FROM plugin_jira_t')).rejects.toMatchObject(notOwned);
    await install(
      'jira',
      'CREATE TABLE plugin_jira_t (id serial, n int)',
      'CREATE INDEX plugin_jira_i ON plugin_jira_t (n)',
    );
    expect((await jira.query('INSERT INTO plugin_jira_t (n) VALUES (1)')).rowCount).toBe(1);
    expect((await jira.query(`SELECT nextval('plugin_jira_t_id_seq') AS n`)).rows).toEqual([{ n: '2' }]);
    await install('jira-sync', 'CREATE TABLE plugin_jira_sync_log (n int)');
    await expect(jira.query('SELECT * FROM plugin_jira_sync_log')).rejects.toMatchObject(notOwned);
    await expect(install('jira', 'DROP TABLE plugin_jira_sync_log')).rejects.toMatchObject(notOwned);
    await expect(install('jira', 'CREATE TABLE plugin_jira_sync_more (n int)')).rejects.toMatchObject(
      notOwned,
    );
  });

  it('changes in installation and removal alone', async () => {
    const db = await install('once', 'CREATE TABLE plugin_once_t (n int)');
    for (const sql of [
      'CREATE TABLE plugin_once_u (n int)',
      'DROP TABLE plugin_once_t',
      'ALTER TABLE plugin_once_t ADD m int',
    ]) {
      await expect(db.query(sql)).rejects.toMatchObject({ code: 'SQL_DDL_NOT_ALLOWED' });
      await expect(db.transaction((tx) => tx.query(sql))).rejects.toMatchObject({
        code: 'SQL_DDL_NOT_ALLOWED',
      });
    }
    await install('once', 'ALTER TABLE plugin_once_t ADD m int', 'DROP TABLE plugin_once_t');
    await expect(db.query('SELECT * FROM plugin_once_t')).rejects.toMatchObject({ code: 'TABLE_NOT_OWNED' });
  });
});
