import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import type { CoreTable } from './core-tables.js';
import { databaseFloor } from './fixtures/database-floor.js';

let database: TestDatabase;
const TENANT = 'b2a7c9e0-0000-4000-8000-000000000001';
const projects: CoreTable = { schema: 'app', table: 'projects', tenantColumn: 'tenant' };

beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query(`CREATE SCHEMA app;
    CREATE TABLE app.projects (id int PRIMARY KEY, tenant text NOT NULL, name text, secret text);
    INSERT INTO app.projects VALUES (1, 'acme', 'one', 's'), (2, 'globex', 'two', 's'), (3, 'acme', 'three', 's');
    CREATE TABLE app.notes (id int, organisation uuid NOT NULL, text text);
    CREATE INDEX ON app.notes (organisation);
    INSERT INTO app.notes VALUES (1, '${TENANT}', 'mine'), (2, gen_random_uuid(), 'theirs')`);
});
afterAll(async () => {
  await database.drop();
});

/** As a host that starts anew with this option. */
function host(coreTables: Readonly<Record<string, CoreTable>>) {
  const floor = databaseFloor(database.pool, {}, coreTables);
  const query =
    (via: Pick<typeof floor.statements, 'send'>['send'] | 'guarded') =>
    async (sql: string, { tenant = 'acme', access = 'read-write' as const } = {}) => {
      const key = { tenant, pluginId: 'p' };
      const statement = { sql, params: [], access };
      const { rows } =
        via === 'guarded'
          ? await floor.sessions.query(key, statement)
          : await floor.statements.send(key, statement);
      return rows;
    };
  return { ...floor, guarded: query('guarded'), below: query(floor.statements.send) };
}

describe('core tables', () => {
  it('show a tenant’s plugins its own rows, to read, by their name', async () => {
    const { guarded } = host({ projects });
    const sql = 'SELECT id FROM projects ORDER BY id';
    expect(await guarded(sql)).toEqual([{ id: 1 }, { id: 3 }]);
    expect(await guarded(sql, { tenant: 'globex' })).toEqual([{ id: 2 }]);
    expect(await guarded(sql, { tenant: 'nobody' })).toEqual([]);
    await expect(guarded(`DELETE FROM projects`)).rejects.toMatchObject({ code: 'CORE_TABLE_READ_ONLY' });
    await expect(guarded(`SELECT * FROM app.projects`)).rejects.toMatchObject({ code: 'TABLE_NOT_OWNED' });
  });

  it('show no more and take no writes below the guard either', async () => {
    const { below } = host({ projects });
    const denied = { details: { sqlState: '42501' } };
    expect(await below('SELECT id FROM projects ORDER BY id')).toEqual([{ id: 1 }, { id: 3 }]);
    await expect(below('DELETE FROM projects')).rejects.toMatchObject(denied);
    await expect(below('SELECT * FROM app.projects')).rejects.toMatchObject(denied);
    await expect(below('DROP VIEW plugin_core.projects')).rejects.toMatchObject(denied);
    await expect(below('CREATE TABLE plugin_core.mine (n int)')).rejects.toMatchObject(denied);
    // A function of the plugin's does not get to see the rows that are filtered out.
    await below(`CREATE FUNCTION tell(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS
      'BEGIN IF $1 = ''two'' THEN RAISE EXCEPTION ''seen''; END IF; RETURN true; END'`);
    expect(await below('SELECT id FROM projects WHERE tell(name) ORDER BY id')).toEqual([
      { id: 1 },
      { id: 3 },
    ]);
  });

  it('are nothing to the application’s login, which is no tenant', async () => {
    await host({ projects }).guarded('SELECT id FROM projects');
    expect((await database.pool.query('SELECT * FROM plugin_core.projects')).rows).toEqual([]);
  });

  it('show the columns the host lists, also where the tenant column is of another type and not among them', async () => {
    const notes: CoreTable = {
      schema: 'app',
      table: 'notes',
      tenantColumn: 'organisation',
      columns: ['text'],
    };
    const { guarded } = host({ notes });
    expect(await guarded('SELECT * FROM notes', { tenant: TENANT })).toEqual([{ text: 'mine' }]);
  });

  it('are written where the host says so, in the tenant’s own rows only', async () => {
    const { guarded } = host({ projects: { ...projects, access: 'read-write' } });
    await guarded(`UPDATE projects SET name = 'renamed'`, { tenant: 'globex' });
    await guarded(`INSERT INTO projects (id, tenant, name) VALUES (4, 'globex', 'four')`, {
      tenant: 'globex',
    });
    await expect(
      guarded(`INSERT INTO projects (id, tenant) VALUES (5, 'acme')`, { tenant: 'globex' }),
    ).rejects.toMatchObject({ details: { sqlState: '44000' } });
    await expect(guarded(`UPDATE projects SET tenant = 'acme'`, { tenant: 'globex' })).rejects.toMatchObject({
      details: { sqlState: '44000' },
    });
    const { rows } = await database.pool.query('SELECT id, name FROM app.projects ORDER BY id');
    expect(rows).toEqual([
      { id: 1, name: 'one' },
      { id: 2, name: 'renamed' },
      { id: 3, name: 'three' },
      { id: 4, name: 'four' },
    ]);
  });

  it('follow the option and the table at the next start, and stay as they are where neither changed', async () => {
    const oid = async () =>
      (await database.pool.query(`SELECT to_regclass('plugin_core.projects')::oid::text AS oid`)).rows[0].oid;
    const few = { ...projects, columns: ['id', 'name'] };
    expect(Object.keys((await host({ projects: few }).guarded('SELECT * FROM projects'))[0] ?? {})).toEqual([
      'id',
      'name',
    ]);
    const before = await oid();
    await host({ projects: few }).guarded('SELECT * FROM projects');
    expect(await oid()).toBe(before);
    await database.pool.query('ALTER TABLE app.projects ADD COLUMN due date');
    expect(await host({ projects }).guarded('SELECT due FROM projects WHERE id = 1')).toEqual([
      { due: null },
    ]);
    await host({}).guarded('SELECT 1');
    expect(await oid()).toBeNull();
  });

  it.each([
    [{ schema: 'app', table: 'nowhere', tenantColumn: 'tenant' }, 'there is no table app.nowhere'],
    [{ schema: 'app', table: 'projects', tenantColumn: 'org' }, 'app.projects has no column org'],
    [{ ...projects, columns: ['id', 'colour'] }, 'app.projects has no column colour'],
    [{ ...projects, columns: [] }, 'it names no columns'],
  ])('that are not there are named: %j', async (table, reason) => {
    await expect(host({ wrong: table }).guarded('SELECT 1')).rejects.toMatchObject({
      code: 'CORE_TABLE_INVALID',
      details: { name: 'wrong', reason },
    });
  });
});
