import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { databaseFloor } from './fixtures/database-floor.js';
import { ownPool } from './fixtures/own-pool.js';
import { tenantRole } from './tenant-role.js';
import { TenantSchemas, tenantSchema } from './tenant-schema.js';

describe('the name of a tenant’s schema', () => {
  it('is the tenant’s own where it can be', () => {
    expect(tenantSchema('acme')).toBe('plugins_acme');
    expect(tenantSchema('a4ayc80OGd')).toBe('plugins_a4ayc80OGd');
    expect(tenantSchema('550e8400-e29b-41d4-a716-446655440000')).toBe(
      'plugins_550e8400-e29b-41d4-a716-446655440000',
    );
    expect(tenantSchema('0123456789abcdef0123456789abcdef')).toBe('plugins_0123456789abcdef0123456789abcdef');
  });

  it('carries a hash where the tenant’s is too long or too odd', () => {
    expect(tenantSchema('acme corp')).toMatch(/^plugins_acme_corp_[0-9a-f]{32}$/);
    expect(tenantSchema('x'.repeat(55))).toBe(`plugins_${'x'.repeat(55)}`);
    expect(tenantSchema('x'.repeat(56))).toMatch(/^plugins_x{22}_[0-9a-f]{32}$/);
    expect(tenantSchema('')).toMatch(/^plugins__[0-9a-f]{32}$/);
  });

  it('cannot be had by choosing a tenant that looks like another one’s schema', () => {
    const odd = tenantSchema('acme corp');
    expect(tenantSchema(odd.slice('plugins_'.length))).not.toBe(odd);
  });

  it('is never shared, fits, and is harmless in a quoted name, for any two tenants', () => {
    const tenant = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.stringMatching(/^[a-z0-9_]{0,70}$/),
      fc.constantFrom('a b', 'a_b', 'a;b', 'a"b', 'A B', 'ä', 'a\u0308', '\ud800', '\udc00', '\0', ''),
      fc
        .constantFrom('a b', 'a"b', 'x'.repeat(60))
        .map((name) => tenantSchema(name).slice('plugins_'.length)),
    );
    fc.assert(
      fc.property(tenant, tenant, (one, other) => {
        const [first, second] = [tenantSchema(one), tenantSchema(other)];
        return (
          (first === second) === (one === other) &&
          /^plugins_[A-Za-z0-9_-]+$/.test(first) &&
          first.length <= 63
        );
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('the name of a tenant’s role', () => {
  it('says whose it is, in which database', () => {
    expect(tenantRole('app', 'plugins_acme')).toMatch(/^vw_[0-9a-f]{8}_acme_[0-9a-f]{32}$/);
  });

  it('is never shared, fits, and is harmless in a quoted name, for any schemas of any databases', () => {
    const name = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 63 }),
      fc.constantFrom('a', 'a_b', 'a b', 'ä', '"'),
    );
    const pair = fc.tuple(name, name);
    fc.assert(
      fc.property(pair, pair, ([db, schema], [otherDb, otherSchema]) => {
        fc.pre(![db, schema, otherDb, otherSchema].some((text) => text.includes('\0')));
        const [one, other] = [tenantRole(db, schema), tenantRole(otherDb, otherSchema)];
        return (
          (one === other) === (db === otherDb && schema === otherSchema) &&
          /^vw_[A-Za-z0-9_-]+$/.test(one) &&
          one.length <= 63
        );
      }),
    );
    expect(tenantRole('ab', 'c')).not.toBe(tenantRole('a', 'bc'));
  });
});

describe('tenant schemas', () => {
  let database: TestDatabase;
  const nameOf = ({ connectionString }: TestDatabase) => new URL(connectionString).pathname.slice(1);

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(async () => {
    await database.drop();
  });

  const schemas = async (): Promise<string[]> => {
    const { rows } = await database.pool.query(
      `SELECT nspname FROM pg_namespace WHERE nspname LIKE 'plugins%' ORDER BY 1`,
    );
    return rows.map((row) => row.nspname as string);
  };

  const ownership = async (schema: string) => {
    const { rows } = await database.pool.query(
      `SELECT pg_get_userbyid(nspowner) AS owner, nspacl AS grants FROM pg_namespace WHERE nspname = $1`,
      [schema],
    );
    return rows;
  };

  it('are made on first need, by several processes at once, and belong to a role of the tenant’s', async () => {
    // Each has a memory of its own, as another process has.
    const processes = Array.from({ length: 8 }, () => new TenantSchemas({ pool: database.pool }));
    const made = await Promise.all(processes.map((process) => process.ensure('many at once')));
    const schema = tenantSchema('many at once');
    const role = tenantRole(nameOf(database), schema);
    expect(new Set(made.map((space) => `${space.schema} ${space.role}`))).toEqual(
      new Set([`${schema} ${role}`]),
    );
    // No grants: nobody else may enter.
    expect(await ownership(schema)).toEqual([{ owner: role, grants: null }]);
    const { rows } = await database.pool.query(
      `SELECT rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls FROM pg_roles WHERE rolname = $1`,
      [role],
    );
    expect(new Set(Object.values(rows[0]))).toEqual(new Set([false]));
  });

  it('are looked for once', async () => {
    const tenants = new TenantSchemas({ pool: database.pool });
    await tenants.ensure('once');
    await new TenantSchemas({ pool: database.pool }).drop('once');
    await tenants.ensure('once');
    expect(await schemas()).not.toContain(tenantSchema('once'));
    tenants.forget('once');
    await tenants.ensure('once');
    expect(await schemas()).toContain(tenantSchema('once'));
  });

  it('are made for 200 tenants at once by two processes, 20 callers at the first of them', async () => {
    const pools = [1, 2].map(() => ownPool({ connectionString: database.connectionString, max: 5 }));
    try {
      const processes = pools.map((pool) => new TenantSchemas({ pool }));
      const tenants = Array.from({ length: 200 }, (_, n) => `crowd-${n}`);
      const first = Array.from({ length: 20 }, () => 'crowd-0');
      const made = await Promise.all(
        [...first, ...tenants].flatMap((tenant) => processes.map((process) => process.ensure(tenant))),
      );
      expect(new Set(made.map(({ role }) => role)).size).toBe(200);
      const { rows } = await database.pool.query(
        `SELECT count(*)::int AS made FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner
         JOIN plugin_host.plugin_tenants t ON t.schema = n.nspname AND t.role = r.rolname
         WHERE t.tenant LIKE 'crowd-%'`,
      );
      expect(rows).toEqual([{ made: 200 }]);
    } finally {
      await Promise.all(pools.map((pool) => pool.end()));
    }
  });

  it('of an earlier host are given to the role with all they hold, once', async () => {
    await database.pool.query(`CREATE SCHEMA plugins_elder;
      CREATE TYPE plugins_elder.mood AS ENUM ('good');
      CREATE DOMAIN plugins_elder.percent AS int CHECK (value <= 100);
      CREATE TABLE plugins_elder.t (id serial PRIMARY KEY, n bigint GENERATED ALWAYS AS IDENTITY, m plugins_elder.mood);
      CREATE TABLE plugins_elder.parts (id int) PARTITION BY RANGE (id);
      CREATE TABLE plugins_elder.part PARTITION OF plugins_elder.parts DEFAULT;
      CREATE SEQUENCE plugins_elder.alone;
      CREATE VIEW plugins_elder.v AS SELECT 1 AS n;
      CREATE FUNCTION plugins_elder.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
      INSERT INTO plugins_elder.t (m) VALUES ('good')`);
    const { role } = await new TenantSchemas({ pool: database.pool }).ensure('elder');
    const owners = async () =>
      (
        await database.pool.query(
          `SELECT DISTINCT pg_get_userbyid(owner) AS owner FROM (
             SELECT relowner AS owner FROM pg_class WHERE relnamespace = to_regnamespace('plugins_elder')
             UNION ALL SELECT proowner FROM pg_proc WHERE pronamespace = to_regnamespace('plugins_elder')
             UNION ALL SELECT typowner FROM pg_type WHERE typnamespace = to_regnamespace('plugins_elder')
             UNION ALL SELECT nspowner FROM pg_namespace WHERE nspname = 'plugins_elder') all_of_it`,
        )
      ).rows;
    expect(await owners()).toEqual([{ owner: role }]);
    expect(await ownership('plugins_elder')).toMatchObject([{ owner: role }]);
    await new TenantSchemas({ pool: database.pool }).ensure('elder');
    expect(await owners()).toEqual([{ owner: role }]);
    const { statements } = databaseFloor(database.pool);
    const insert = { sql: `INSERT INTO t (m) VALUES ('good')`, params: [], access: 'read-write' } as const;
    expect(await statements.send({ tenant: 'elder', pluginId: 'p' }, insert)).toMatchObject({ rowCount: 1 });
  });

  it('of a database that was copied get roles of their own', async () => {
    const { schemas: own, statements } = databaseFloor(database.pool);
    const key = { tenant: 'copied', pluginId: 'p' };
    await statements.send(key, { sql: 'CREATE TABLE t AS SELECT 7 AS n', params: [], access: 'read-write' });
    const original = await own.ensure('copied');
    // As a copy has it: the schema is there, and its owner is the role of another database.
    const copy = await createTestDatabase();
    const role = original.role ?? '';
    await copy.pool.query(
      `DO $$ BEGIN EXECUTE format('CREATE SCHEMA plugins_copied AUTHORIZATION %I', '${role}'); END $$`,
    );
    const asRole = await copy.pool.connect();
    await asRole.query(`SET ROLE "${role}"; CREATE TABLE plugins_copied.t AS SELECT 8 AS n; RESET ROLE`);
    asRole.release();
    const there = databaseFloor(copy.pool);
    const select = { sql: 'SELECT n FROM t', params: [], access: 'read' } as const;
    expect((await there.statements.send(key, select)).rows).toEqual([{ n: 8 }]);
    expect((await there.schemas.ensure('copied')).role).not.toBe(role);
    expect((await statements.send(key, select)).rows).toEqual([{ n: 7 }]);
    await there.schemas.drop('copied');
    await copy.drop();
  });

  it('are dropped by an explicit call only, with the role and nothing of another tenant’s', async () => {
    const { schemas: own, statements } = databaseFloor(database.pool);
    const table = { sql: 'CREATE TABLE t AS SELECT 1 AS n', params: [], access: 'read-write' } as const;
    const [gone, kept] = [
      { tenant: 'gone', pluginId: 'p' },
      { tenant: 'kept', pluginId: 'p' },
    ];
    for (const key of [gone, kept]) await statements.send(key, table);
    const { role } = await own.ensure('gone');
    await own.drop('gone');
    await own.drop('gone');
    expect(await ownership('plugins_gone')).toEqual([]);
    expect((await database.pool.query('SELECT FROM pg_roles WHERE rolname = $1', [role])).rowCount).toBe(0);
    const select = { sql: 'SELECT n FROM t', params: [], access: 'read' } as const;
    expect((await statements.send(kept, select)).rowCount).toBe(1);
    // Made anew, empty, where somebody asks again.
    await expect(statements.send(gone, select)).rejects.toMatchObject({ details: { sqlState: '42P01' } });
  });

  it('are not given to a role that could do more than own them', async () => {
    const role = tenantRole(nameOf(database), tenantSchema('squatted'));
    await database.pool.query(`CREATE ROLE "${role}" CREATEDB`);
    const tenants = new TenantSchemas({ pool: database.pool });
    await expect(tenants.ensure('squatted')).rejects.toMatchObject({ code: 'TENANT_ROLE_UNUSABLE' });
    await database.pool.query(`ALTER ROLE "${role}" NOCREATEDB`);
    expect((await tenants.ensure('squatted')).role).toBe(role);
  });

  it('are never shared by two tenants, whatever names them', async () => {
    const tenants = new TenantSchemas({ pool: database.pool, tenantSchema: () => 'plugins_of_all' });
    await tenants.ensure('one');
    await expect(tenants.ensure('two')).rejects.toMatchObject({
      code: 'TENANT_SCHEMA_INVALID',
      details: { reason: 'another tenant has it' },
    });
  });

  it('are tried again after a failure', async () => {
    const broken = await createTestDatabase();
    const tenants = new TenantSchemas({ pool: broken.pool });
    const name = new URL(broken.connectionString).pathname.slice(1);
    const login = new URL(broken.connectionString).username;
    await broken.pool.query(`REVOKE CREATE ON DATABASE ${name} FROM ${login}`);
    await expect(tenants.ensure('later')).rejects.toMatchObject({ code: '42501' });
    await broken.pool.query(`GRANT CREATE ON DATABASE ${name} TO ${login}`);
    await expect(tenants.ensure('later')).resolves.toMatchObject({ schema: 'plugins_later' });
    await broken.drop();
  });

  it('are named by the application if it wants, but never like something else', async () => {
    const named = new TenantSchemas({
      pool: database.pool,
      tenantSchema: (tenant) => `Plugins of "${tenant}"`,
    });
    await named.ensure('acme');
    expect(named.schemaOf('acme')).toBe('Plugins of "acme"');
    const { rows } = await database.pool.query('SELECT FROM pg_namespace WHERE nspname = $1', [
      'Plugins of "acme"',
    ]);
    expect(rows).toHaveLength(1);
    for (const name of [
      '',
      'public',
      'plugin_host',
      'pg_catalog',
      'PG_x',
      'information_schema',
      'a\0b',
      'x'.repeat(64),
    ]) {
      const wrong = new TenantSchemas({ pool: database.pool, tenantSchema: () => name });
      await expect(wrong.ensure('acme')).rejects.toMatchObject({ code: 'TENANT_SCHEMA_INVALID' });
    }
  });
});
