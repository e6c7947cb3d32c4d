import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { openDatabase } from './database.js';
import { ownPool } from './fixtures/own-pool.js';
import { migrateDown, migrateToLatest, missingMigrations, requireMigrated } from './migrate.js';

const ALL = ['0001-base', '0002-tenants', '0003-models'];

let database: TestDatabase;

/** Takes back every migration, the last one first. */
async function allDown(): Promise<string[]> {
  const taken: string[] = [];
  for (let [name] = await migrateDown(database.pool); name; [name] = await migrateDown(database.pool))
    taken.push(name);
  return taken;
}

beforeEach(async () => {
  database = await createTestDatabase();
});

afterEach(async () => {
  await database.drop();
});

async function tables(): Promise<string[]> {
  const { rows } = await database.pool.query(
    `SELECT table_name FROM information_schema.tables
     WHERE table_schema = 'plugin_host' AND table_name NOT LIKE 'schema_migrations%' ORDER BY 1`,
  );
  return rows.map((row) => row.table_name as string);
}

describe('the host’s migrations', () => {
  it('go down to nothing and up again to the same tables', async () => {
    const before = await tables();
    expect(before).toContain('plugin_metadata');
    expect(await allDown()).toEqual([...ALL].reverse());
    expect(await tables()).toEqual([]);
    expect(await missingMigrations(database.pool)).toEqual(ALL);
    expect(await migrateToLatest(database.pool)).toEqual(ALL);
    expect(await tables()).toEqual(before);
    expect(await migrateToLatest(database.pool)).toEqual([]);
  });

  it('put nothing outside the host’s schema', async () => {
    const { rows } = await database.pool.query(
      `SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
       WHERE nspname NOT IN ('plugin_host', 'pg_catalog', 'information_schema', 'pg_toast')`,
    );
    expect(rows).toEqual([]);
  });

  it('run once when several processes start at the same time', async () => {
    await allDown();
    await database.pool.query('DROP SCHEMA plugin_host CASCADE');
    const runs = await Promise.all(Array.from({ length: 4 }, () => migrateToLatest(database.pool)));
    expect(runs.flat()).toEqual(ALL);
    expect(await tables()).toContain('plugin_metadata');
  });

  it('are named when they are missing and may not be applied', async () => {
    await expect(requireMigrated(database.pool)).resolves.toBeUndefined();
    await allDown();
    await expect(requireMigrated(database.pool)).rejects.toMatchObject({
      code: 'SCHEMA_OUTDATED',
      details: { missing: ALL },
    });
    await database.pool.query('DROP SCHEMA plugin_host CASCADE');
    await expect(requireMigrated(database.pool)).rejects.toMatchObject({ code: 'SCHEMA_OUTDATED' });
  });

  it('leave a database alone that a newer version has migrated', async () => {
    await database.pool.query(
      `INSERT INTO plugin_host.schema_migrations VALUES ('9999-later', '2030-01-01')`,
    );
    expect(await migrateToLatest(database.pool)).toEqual([]);
    await expect(requireMigrated(database.pool)).resolves.toBeUndefined();
  });

  it('are undone as a whole when one fails', async () => {
    await allDown();
    await database.pool.query('CREATE TABLE plugin_host.plugin_errors (in_the_way int)');
    await expect(migrateToLatest(database.pool)).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      details: { migration: '0001-base', reason: expect.stringContaining('plugin_errors') },
    });
    expect(await tables()).toEqual(['plugin_errors']);
    expect(await missingMigrations(database.pool)).toEqual(ALL);
  });

  it('say what the login lacks that may not make the schema', async () => {
    await database.pool.query('DROP SCHEMA plugin_host CASCADE');
    const { pathname } = new URL(database.connectionString);
    await database.pool.query(`REVOKE CREATE ON DATABASE ${pathname.slice(1)} FROM CURRENT_USER`);
    await expect(migrateToLatest(database.pool)).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      hint: expect.stringContaining('CREATE on the database'),
      details: { migration: '0001-base', reason: expect.stringContaining('permission denied') },
      cause: { code: '42501' },
    });
  });

  it('say that the database is not there when it is not', async () => {
    await database.drop();
    const gone = await createTestDatabase();
    const { pool } = gone;
    await gone.drop();
    await expect(missingMigrations(pool)).rejects.toMatchObject({ code: 'DB_UNAVAILABLE' });
  });
});

describe('the host’s tables', () => {
  it('give rows as their types say, whatever the application has told pg', async () => {
    const parsed = [20, 1184, 3802].map((oid) => [oid, pg.types.getTypeParser(oid)] as const);
    for (const [oid] of parsed) pg.types.setTypeParser(oid, () => 'the application’s own');
    onTestFinished(() => {
      for (const [oid, parser] of parsed) pg.types.setTypeParser(oid, parser);
    });
    const db = openDatabase(database.pool);
    const at = new Date('2026-01-31T12:00:00.123Z');
    await db
      .insertInto('plugin_metadata')
      .values({
        tenant: 'acme',
        plugin_id: 'jira',
        entity_type: 'risk',
        entity_id: 2 ** 53 - 1,
        key: 'k',
        value: JSON.stringify('text'),
        updated_at: at,
      })
      .execute();
    const row = await db.selectFrom('plugin_metadata').selectAll().executeTakeFirstOrThrow();
    expect(row).toMatchObject({ entity_id: 2 ** 53 - 1, value: 'text', updated_at: at });
    const result = await db.deleteFrom('plugin_metadata').executeTakeFirst();
    expect(result.numDeletedRows).toBe(1n);
  });

  it('give dates alike in any time zone', async () => {
    const elsewhere = new URL(database.connectionString);
    elsewhere.searchParams.set('options', '-c timezone=Asia/Kolkata');
    const pool = ownPool({ connectionString: elsewhere.href });
    try {
      const db = openDatabase(pool);
      const at = new Date('2026-01-31T23:59:59.999Z');
      await db.insertInto('secrets_canary').values({ kid: 'k', envelope: '', created_at: at }).execute();
      expect(
        (await db.selectFrom('secrets_canary').select('created_at').executeTakeFirstOrThrow()).created_at,
      ).toEqual(at);
    } finally {
      await pool.end();
    }
  });
});
