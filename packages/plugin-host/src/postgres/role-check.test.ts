import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { checkRole } from './role-check.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
});

/** A pool whose logins look as given to the one question that is asked. */
const poolOf = (rows: Record<string, unknown>[]) => ({
  on: () => {},
  removeListener: () => {},
  end: async () => {},
  connect: async () => ({
    on: () => {},
    removeListener: () => {},
    release: () => {},
    query: async () => ({ command: 'SELECT', rowCount: rows.length, rows }),
  }),
});

describe('the login of the host', () => {
  it('is safe if it is neither superuser nor BYPASSRLS', async () => {
    expect(await checkRole(database.pool)).toEqual({
      name: new URL(database.connectionString).username,
      unsafe: undefined,
    });
  });

  it('is refused with the attribute that makes it unsafe, unless that is accepted', async () => {
    const superuser = poolOf([{ login: 'postgres', role: 'postgres', superuser: true, bypass: true }]);
    await expect(checkRole(superuser)).rejects.toMatchObject({
      code: 'DB_ROLE_UNSAFE',
      details: { role: 'postgres', attribute: 'a superuser' },
    });
    expect(await checkRole(superuser, { allowUnsafe: true })).toEqual({
      name: 'postgres',
      unsafe: 'a superuser',
    });
  });
});
