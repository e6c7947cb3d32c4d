import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../embedded/index.js';
import { ownPool } from './fixtures/own-pool.js';
import { checkRole } from './role-check.js';

// A server of its own, since what is to be refused is a superuser.
let dataDir: string;
let server: EmbeddedPostgres;
let superuser: pg.Pool;

const poolAs = (user: string, password: string): pg.Pool => {
  const url = new URL(server.connectionString);
  url.username = user;
  url.password = password;
  return ownPool({ connectionString: url.href });
};

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'role-check-'));
  server = await startEmbeddedPostgres({ dataDir, durable: false });
  superuser = poolAs('postgres', await readFile(join(dataDir, 'cluster', 'plugin-host-password'), 'utf8'));
  await superuser.query(`CREATE ROLE seer LOGIN BYPASSRLS PASSWORD 'seer'`);
  await superuser.query(`CREATE ROLE admin SUPERUSER`);
  await superuser.query(`CREATE ROLE climber LOGIN PASSWORD 'climber' IN ROLE admin`);
  await superuser.query(`GRANT CONNECT ON DATABASE plugin_host TO seer, climber`);
});
afterAll(async () => {
  await superuser.end();
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
});

describe('the login of the host', () => {
  it('is safe as the embedded server makes it', async () => {
    const pool = ownPool({ connectionString: server.connectionString });
    expect(await checkRole(pool)).toEqual({ name: 'plugin_host', unsafe: undefined });
    await pool.end();
  });

  it.each([
    ['seer', 'BYPASSRLS'],
    ['climber', 'a member of "admin", which is a superuser'],
  ])('is refused as %s, which is %s, unless that is accepted', async (login, attribute) => {
    const pool = poolAs(login, login);
    await expect(checkRole(pool)).rejects.toMatchObject({
      code: 'DB_ROLE_UNSAFE',
      details: { role: login, attribute },
    });
    expect(await checkRole(pool, { allowUnsafe: true })).toEqual({ name: login, unsafe: attribute });
    await pool.end();
  });

  it('is refused as a superuser', async () => {
    await expect(checkRole(superuser)).rejects.toMatchObject({
      code: 'DB_ROLE_UNSAFE',
      details: { role: 'postgres', attribute: 'a superuser' },
    });
  });
});
