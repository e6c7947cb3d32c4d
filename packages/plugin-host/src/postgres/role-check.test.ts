import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../embedded/index.js';
import { ownPool } from './fixtures/own-pool.js';
import { migrateToLatest } from './migrate.js';
import { checkRole } from './role-check.js';
import { tenantRole } from './tenant-role.js';
import { TenantSchemas } from './tenant-schema.js';

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
  await superuser.query(`CREATE ROLE modest LOGIN PASSWORD 'modest'`);
  await superuser.query(`CREATE ROLE humble LOGIN CREATEROLE PASSWORD 'humble'`);
  await superuser.query(`GRANT CONNECT ON DATABASE plugin_host TO seer, climber, modest, humble`);
  await superuser.query(`GRANT CREATE ON DATABASE plugin_host TO modest`);
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

  it.each([
    ['modest', 'CREATEROLE', 'ALTER ROLE "modest" CREATEROLE', 'ALTER ROLE modest NOCREATEROLE'],
    [
      'humble',
      'CREATE on database "plugin_host"',
      'GRANT CREATE ON DATABASE "plugin_host" TO "humble"',
      'REVOKE CREATE ON DATABASE plugin_host FROM humble',
    ],
  ])('is refused as %s, which lacks %s, with what to run, unless that is accepted', async (...row) => {
    const [login, privilege, grant, undo] = row;
    const pool = poolAs(login, login);
    await expect(checkRole(pool)).rejects.toMatchObject({
      code: 'DB_PRIVILEGE_MISSING',
      details: { role: login, privilege, grant },
      hint: expect.stringContaining(grant),
    });
    expect((await checkRole(pool, { allowUnsafe: true })).unsafe).toContain(`without ${privilege}: `);
    await superuser.query(grant);
    expect(await checkRole(pool)).toEqual({ name: login, unsafe: undefined });
    await superuser.query(undo);
    await pool.end();
  });

  it('keeps tenants in schemas of their own where it may not create roles, and uses roles that are there', async () => {
    await superuser.query('CREATE SCHEMA plugin_host AUTHORIZATION modest');
    const pool = poolAs('modest', 'modest');
    await migrateToLatest(pool);
    const tenants = new TenantSchemas({ pool });
    expect(await tenants.ensure('acme')).toMatchObject({ schema: 'plugins_acme', role: undefined });
    const role = tenantRole('plugin_host', 'plugins_acme');
    await superuser.query(`CREATE ROLE "${role}"`);
    await superuser.query(`GRANT "${role}" TO modest`);
    tenants.forget('acme');
    expect(await tenants.ensure('acme')).toMatchObject({ schema: 'plugins_acme', role });
    await pool.end();
  });
});
