import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestHost, type TestHost } from '../src/testing/index.js';

let test: TestHost;
let count = 0;
let id = '';
beforeAll(async () => {
  test = await startTestHost({ limits: { hookMs: 300, drainMs: 300 } });
});
afterAll(() => test.close());
beforeEach(() => {
  id = `hooked-${++count}`;
});

const plugins = () => test.host.tenant('acme').plugins;
const sql = async (text: string, ...values: unknown[]) => (await test.database.pool.query(text, values)).rows;
const row = async () =>
  (await sql(`SELECT enabled, status FROM plugin_host.plugin_installations WHERE plugin_id = $1`, id))[0];
const metadata = async (key: string) =>
  (await sql(`SELECT value FROM plugin_host.plugin_metadata WHERE plugin_id = $1 AND key = $2`, id, key))[0]
    ?.value;
const plugin = (body: string) => `module.exports = { ${body} }; // ${id}`;
/** Comes back after its time and then acts. */
const late = (hook: string) =>
  plugin(`async ${hook}(context) {
    // No timer, which would end with the plugin's scope.
    for (const end = Date.now() + 500; Date.now() < end; ) await context.metadata.get('late', 0, 'late');
    await context.metadata.set('late', 0, 'late', true);
  }`);

describe('a hook that hangs', () => {
  it.each(['onInstall', 'onLoad'])(
    'in %s leaves nothing of an installation, and cannot act later',
    async (hook) => {
      const release = await test.registry.publish(id, late(hook));
      await expect(plugins().install(release)).rejects.toMatchObject({ code: 'HOOK_TIMEOUT' });
      expect(await row()).toBeUndefined();
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(await metadata('late')).toBeUndefined();
    },
  );

  it('in onEnable leaves the plugin disabled, and cannot act later', async () => {
    await test.install('acme', id, late('onEnable'));
    await expect(plugins().enable(id)).rejects.toMatchObject({ code: 'HOOK_TIMEOUT' });
    expect(await row()).toEqual({ enabled: false, status: 'error' });
    expect(await plugins().get(id)).toMatchObject({ state: 'error', lastError: { code: 'HOOK_TIMEOUT' } });
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await metadata('late')).toBeUndefined();
  });

  it('in onDisable does not keep the plugin, and cannot act later', async () => {
    await test.enable('acme', id, late('onDisable'));
    expect((await plugins().disable(id)).plugin.enabled).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await metadata('late')).toBeUndefined();
    expect((await plugins().enable(id)).plugin.state).toBe('enabled');
  });

  it('in onUnload does not keep the plugin', async () => {
    await test.enable('acme', id, late('onUnload'));
    await plugins().uninstall(id);
    expect(await row()).toBeUndefined();
  });

  it('in onUninstall is put back as it was, unless forced', async () => {
    await test.enable(
      'acme',
      id,
      plugin(`
      onInstall: (context) => context.db.query('CREATE TABLE plugin_${id.replace('-', '_')}_notes (id int)'),
      onUninstall: () => new Promise(() => {}),
      routes(r) { r.get('/it', (q, s) => s.json({})); },`),
      { permissions: ['database:read', 'database:write'] },
    );
    await expect(plugins().uninstall(id)).rejects.toMatchObject({ code: 'HOOK_TIMEOUT' });
    expect(await row()).toEqual({ enabled: true, status: 'ok' });
    expect((await test.request('acme', 'GET', `/api/plugins/${id}/it`)).status).toBe(200);
    const { plugin: gone } = await plugins().uninstall(id, { force: true, deleteData: true });
    expect(gone).toMatchObject({ state: 'uninstalled', installed: false });
    expect(await row()).toBeUndefined();
    expect(
      await sql(`SELECT 1 FROM pg_class WHERE relname = $1`, `plugin_${id.replace('-', '_')}_notes`),
    ).toEqual([]);
  });

  it('in a statement of onUninstall is forced out too', async () => {
    await test.enable(
      'acme',
      id,
      plugin(
        `onUninstall: (context) => context.db.query('WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i FROM n) SELECT i FROM n WHERE i > 1')`,
      ),
      { permissions: ['database:read', 'database:write'] },
    );
    await plugins().uninstall(id, { force: true });
    expect(await row()).toBeUndefined();
  });
});

describe('what a plugin may throw', () => {
  it.each([
    ['null', 'null'],
    ['undefined', 'undefined'],
    ['a number', '0'],
    ['a frozen error', 'Object.freeze(new Error("cold"))'],
    [
      'an object whose text is a trap',
      '{ get message() { throw new Error("trap"); }, toString() { throw 1; } }',
    ],
    [
      'an error whose stack is a trap',
      'Object.defineProperty(new Error("x"), "stack", { get() { throw new Error("trap"); } })',
    ],
    ['an error whose stack is a number', 'Object.assign(new Error("x"), { stack: 7 })'],
    [
      'a proxy that refuses everything',
      'new Proxy({}, { get() { throw 1; }, has() { throw 1; }, getPrototypeOf() { throw 1; }, ownKeys() { throw 1; } })',
    ],
    ['an error that is its own cause', '(() => { const e = new Error("loop"); e.cause = e; return e; })()'],
  ])('%s, from onEnable and from onInstall', async (_, thrown) => {
    await test.install('acme', id, plugin(`async onEnable() { throw ${thrown}; }`));
    await expect(plugins().enable(id)).rejects.toMatchObject({ code: 'HOOK_FAILED' });
    expect(await row()).toEqual({ enabled: false, status: 'error' });
    expect((await plugins().errors(id)).map(({ callback }) => callback)).toEqual(['onEnable']);
    await plugins().uninstall(id);
    const release = await test.registry.publish(id, plugin(`onInstall() { throw ${thrown}; }`), {
      version: '1.0.1',
    });
    await expect(plugins().install(release)).rejects.toMatchObject({ code: 'HOOK_FAILED' });
    expect(await row()).toBeUndefined();
  });

  it.each(['routes', 'eventHandlers', 'filterHandlers', 'onEnable'])('from the getter %s', async (name) => {
    await test.install(
      'acme',
      id,
      `let reads = 0;
       module.exports = { onUninstall() {}, get ${name}() { if (++reads > 1) throw new Error('got you'); return () => ({}); } };`,
    );
    await expect(plugins().enable(id)).rejects.toMatchObject({ code: 'HOOK_FAILED', message: /got you/ });
    expect(await plugins().get(id)).toMatchObject({ state: 'error', lastError: { message: 'got you' } });
  });
});

describe('a plugin object', () => {
  it('may be an instance of a class with private fields', async () => {
    await test.enable(
      'acme',
      id,
      `class It { #n = 0; onLoad() { this.#n++; } onEnable() { this.#n++; }
         routes(r) { r.get('/it', (q, s) => s.json({ n: this.#n })); }
         eventHandlers() { return { 'risk:created': () => { this.#n += 10; } }; } }
       module.exports = new It();`,
      { permissions: ['events:listen'] },
    );
    await test.host.tenant('acme').events.emit('risk:created', { riskId: 1, projectId: 1, risk: {} });
    expect((await test.request('acme', 'GET', `/api/plugins/${id}/it`)).body).toEqual({ n: 12 });
  });

  it('may be frozen', async () => {
    await test.enable(
      'acme',
      id,
      `module.exports = Object.freeze({ onEnable() { if (!this.manifest.id) throw 1; } });`,
    );
    expect((await plugins().get(id)).state).toBe('enabled');
  });
});

describe('a failed change', () => {
  it('of a reinstallation keeps tables and metadata from before', async () => {
    const table = `plugin_${id.replace('-', '_')}_notes`;
    const fields = { permissions: ['database:read', 'database:write'] };
    const good = plugin(`async onInstall(context) {
      await context.db.query('CREATE TABLE IF NOT EXISTS ${table} (id int)');
      await context.metadata.set('system', 0, 'db_version', 1); }`);
    const bad = plugin(`async onInstall(context) {
        await context.db.query('ALTER TABLE ${table} ADD COLUMN more int');
        await context.db.query('CREATE TABLE ${table}_more (id int)');
      },
      onLoad() { throw new Error('no'); }`);
    await test.install('acme', id, good, fields);
    await plugins().uninstall(id);
    const release = await test.registry.publish(id, bad, { ...fields, version: '2.0.0' });
    await expect(plugins().install(release)).rejects.toMatchObject({ code: 'HOOK_FAILED' });
    expect(await sql(`SELECT relname FROM pg_class WHERE relname LIKE $1 || '%'`, table)).toEqual([
      { relname: table },
    ]);
    expect(await metadata('db_version')).toBe(1);
    expect(await row()).toBeUndefined();
    await test.enable('acme', id, good, fields);
    expect((await plugins().get(id)).state).toBe('enabled');
  });

  it('of the onEnable of a plugin in error can be tried again until it works', async () => {
    await test.install(
      'acme',
      id,
      plugin(`async onEnable(context) {
        const tries = ((await context.metadata.get('t', 0, 'tries')) || 0) + 1;
        await context.metadata.set('t', 0, 'tries', tries);
        if (tries < 3) throw new Error('try ' + tries); }`),
    );
    for (const message of ['try 1', 'try 2']) {
      await expect(plugins().enable(id)).rejects.toMatchObject({ code: 'HOOK_FAILED' });
      expect(await plugins().get(id)).toMatchObject({
        state: 'error',
        enabled: false,
        lastError: { message },
      });
    }
    expect((await plugins().enable(id)).plugin).toMatchObject({ state: 'enabled', lastError: null });
  });

  it('of an onUninstall tells everyone what really happened', async () => {
    await test.enable('acme', id, plugin(`onUninstall() { throw new Error('no'); }`));
    const told: string[] = [];
    const ends = (['loaded', 'enabled', 'disabled', 'unloaded', 'uninstalled'] as const).map((name) =>
      test.host.on(`plugin:${name}`, () => told.push(name)),
    );
    await expect(plugins().uninstall(id)).rejects.toMatchObject({ code: 'HOOK_FAILED' });
    for (const end of ends) end();
    expect(told).toEqual(['disabled', 'unloaded', 'loaded', 'enabled']);
  });

  it('of an uninstallation leaves no code of a plugin that never ran running', async () => {
    await test.install(
      'acme',
      id,
      plugin(`onEnable() { throw new Error('no'); }, onUninstall() { throw new Error('no'); }`),
    );
    await expect(plugins().enable(id)).rejects.toBeDefined();
    await expect(plugins().uninstall(id)).rejects.toMatchObject({ code: 'HOOK_FAILED' });
    expect(await plugins().get(id)).toMatchObject({ state: 'error' });
    await plugins().uninstall(id, { force: true });
    expect(await row()).toBeUndefined();
  });

  it('cannot hide that the package is lost: data goes with it all the same', async () => {
    const table = `plugin_${id.replace('-', '_')}_notes`;
    await test.install(
      'acme',
      id,
      plugin(`onInstall: (context) => context.db.query('CREATE TABLE ${table} (id int)')`),
      {
        permissions: ['database:read', 'database:write'],
      },
    );
    await sql(
      `DELETE FROM plugin_host.plugin_package_chunks WHERE sha256 = (SELECT active_sha FROM plugin_host.plugin_installations WHERE plugin_id = $1)`,
      id,
    );
    const { rmSync } = await import('node:fs');
    const [{ active_sha: sha }] = await sql(
      `SELECT active_sha FROM plugin_host.plugin_installations WHERE plugin_id = $1`,
      id,
    );
    await test.host.stop();
    rmSync(`${test.dataDir}/packages/${sha}`, { recursive: true, force: true });
    await test.restart();
    expect(await plugins().get(id)).toMatchObject({ state: 'error', lastError: { code: 'PACKAGE_LOST' } });
    await plugins().uninstall(id, { deleteData: true });
    expect(await row()).toBeUndefined();
    expect(await sql(`SELECT 1 FROM pg_class WHERE relname = $1`, table)).toEqual([]);
  });
});
