import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHost, type TestHost } from '../src/testing/index.js';

let test: TestHost;
beforeAll(async () => {
  test = await startTestHost();
});
afterAll(() => test.close());

const counter = (version: string): string => `
  let calls = 0;
  module.exports = {
    routes(router, context) {
      router.get('/it', (req, res) => res.json({ version: '${version}', tenant: context.tenant, calls: ++calls }));
    },
  };`;
const call = async (tenant: string) => (await test.request(tenant, 'GET', '/api/plugins/counter/it')).body;

describe('two tenants with two versions of one plugin', () => {
  it('run side by side, each with module state of its own', async () => {
    await test.enable('acme', 'counter', counter('one'), { version: '1.0.0' });
    await test.enable('globex', 'counter', counter('two'), { version: '2.0.0' });

    expect(await call('acme')).toEqual({ version: 'one', tenant: 'acme', calls: 1 });
    expect(await call('acme')).toEqual({ version: 'one', tenant: 'acme', calls: 2 });
    expect(await call('globex')).toEqual({ version: 'two', tenant: 'globex', calls: 1 });
  });

  it('keep their own state with one version, too', async () => {
    await test.enable('initech', 'counter', counter('one'), { version: '1.0.0' });
    expect(await call('initech')).toEqual({ version: 'one', tenant: 'initech', calls: 1 });
    expect(await call('acme')).toEqual({ version: 'one', tenant: 'acme', calls: 3 });
  });

  it('share the package of one version, which goes with its last tenant', async () => {
    const packages = async () =>
      (await test.database.pool.query('SELECT count(*)::int AS n FROM plugin_host.plugin_packages')).rows[0]
        .n;
    expect(await packages()).toBe(2);
    await test.host.tenant('acme').plugins.uninstall('counter');
    expect(await packages()).toBe(2);
    expect(await call('initech')).toMatchObject({ version: 'one' });
    await test.host.tenant('initech').plugins.uninstall('counter');
    expect(await packages()).toBe(1);
    expect(await call('globex')).toMatchObject({ version: 'two' });
  });
});
