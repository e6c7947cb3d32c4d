import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
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

describe('tenant schemas', () => {
  let database: TestDatabase;

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

  it('are made on first need, by several processes at once, and belong to the host’s login', async () => {
    // Each has a memory of its own, as another process has.
    const processes = Array.from({ length: 8 }, () => new TenantSchemas({ pool: database.pool }));
    const made = await Promise.all(processes.map((process) => process.ensure('many at once')));
    expect(new Set(made)).toEqual(new Set([tenantSchema('many at once')]));
    expect(await schemas()).toContain(tenantSchema('many at once'));
    const { rows } = await database.pool.query(
      `SELECT pg_get_userbyid(nspowner) = current_user AS own, nspacl FROM pg_namespace WHERE nspname = $1`,
      [tenantSchema('many at once')],
    );
    // No grants: nobody else may enter.
    expect(rows).toEqual([{ own: true, nspacl: null }]);
  });

  it('are looked for once', async () => {
    const tenants = new TenantSchemas({ pool: database.pool });
    await tenants.ensure('once');
    await database.pool.query(`DROP SCHEMA "${tenantSchema('once')}"`);
    await tenants.ensure('once');
    expect(await schemas()).not.toContain(tenantSchema('once'));
    tenants.forget('once');
    await tenants.ensure('once');
    expect(await schemas()).toContain(tenantSchema('once'));
  });

  it('are tried again after a failure', async () => {
    const broken = await createTestDatabase();
    const tenants = new TenantSchemas({ pool: broken.pool });
    const name = new URL(broken.connectionString).pathname.slice(1);
    const login = new URL(broken.connectionString).username;
    await broken.pool.query(`REVOKE CREATE ON DATABASE ${name} FROM ${login}`);
    await expect(tenants.ensure('later')).rejects.toMatchObject({ code: '42501' });
    await broken.pool.query(`GRANT CREATE ON DATABASE ${name} TO ${login}`);
    await expect(tenants.ensure('later')).resolves.toBe('plugins_later');
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
