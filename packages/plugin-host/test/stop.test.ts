import { afterEach, describe, expect, it } from 'vitest';
import { createPluginHost, type PluginHost } from '../src/host.js';
import { createTestDatabase, startTestHost, type TestHost } from '../src/testing/index.js';

const tests: TestHost[] = [];
const start = async (options: Parameters<typeof startTestHost>[0] = {}): Promise<TestHost> => {
  const test = await startTestHost(options);
  tests.push(test);
  return test;
};
afterEach(async () => {
  for (const test of tests.splice(0)) await test.close();
});

/** A second host on the database and folder of a test host that has stopped. */
const again = (test: TestHost, options: object = {}): PluginHost =>
  createPluginHost({
    database: test.database.pool,
    dataDir: test.dataDir,
    secretsKey: 'a'.repeat(64),
    authenticate: () => ({ tenant: 'acme', user: { id: 1 }, isAdmin: true }),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    ...options,
  });
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const HOOKS = `const note = (hook) => async (context) => {
    const all = (await context.metadata.get('t', 0, 'hooks')) || [];
    await context.metadata.set('t', 0, 'hooks', [...all, hook]);
  };`;
const hooksOf = async (test: TestHost, id: string): Promise<string[]> =>
  (
    await test.database.pool.query(
      `SELECT value FROM plugin_host.plugin_metadata WHERE plugin_id = $1 AND key = 'hooks'`,
      [id],
    )
  ).rows[0]?.value ?? [];

describe('stopping', () => {
  it('while it starts ends the start, and leaves nothing running', async () => {
    const test = await start();
    for (const id of ['one', 'two', 'three']) {
      await test.enable(
        'acme',
        id,
        `${HOOKS} module.exports = { onLoad: note('load'), onUnload: note('unload'),
           onEnable: () => new Promise((resolve) => setTimeout(resolve, 100)) }; // ${id}`,
      );
    }
    await test.host.stop();
    await test.database.pool.query(`DELETE FROM plugin_host.plugin_metadata`);
    const host = again(test);
    const starting = host.start();
    starting.catch(() => {});
    await wait(120);
    await host.stop();
    await expect(starting).rejects.toMatchObject({ code: 'HOST_NOT_READY' });
    const told = await Promise.all(['one', 'two', 'three'].map((id) => hooksOf(test, id)));
    for (const hooks of told) expect(hooks).toEqual(hooks.length === 0 ? [] : ['load', 'unload']);
    expect(told.filter((hooks) => hooks.length > 0).length).toBeLessThan(3);
    expect(await host.health()).toMatchObject({ ready: false, plugins: { enabled: 0, loaded: 0 } });
    await expect(host.start()).rejects.toMatchObject({ code: 'HOST_NOT_READY' });
  });

  it('twice is stopping once, and starting afterwards is refused', async () => {
    const test = await start();
    await test.enable('acme', 'noted', `${HOOKS} module.exports = { onUnload: note('unload') };`);
    await Promise.all([test.host.stop(), test.host.stop()]);
    await test.host.stop();
    expect(await hooksOf(test, 'noted')).toEqual(['unload']);
    await expect(test.host.start()).rejects.toMatchObject({ code: 'HOST_NOT_READY' });
  });

  it('before it was started is possible', async () => {
    const test = await start();
    const host = again(test);
    await host.stop();
    await expect(host.start()).rejects.toMatchObject({ code: 'HOST_NOT_READY' });
  });

  it('waits for a change under way, and refuses those that come after', async () => {
    const test = await start();
    const { plugins } = test.host.tenant('acme');
    await test.install(
      'acme',
      'slow',
      `${HOOKS} module.exports = { onEnable: () => new Promise((resolve) => setTimeout(resolve, 200)), onUnload: note('unload') };`,
    );
    const enabling = plugins.enable('slow');
    await wait(50);
    const stopping = test.host.stop();
    await expect(plugins.disable('slow')).rejects.toMatchObject({ code: 'HOST_NOT_READY' });
    await expect(enabling).resolves.toMatchObject({ operationId: expect.any(String) });
    await stopping;
    expect(await hooksOf(test, 'slow')).toEqual(['unload']);
    const { rows } = await test.database.pool.query(
      `SELECT enabled FROM plugin_host.plugin_installations WHERE plugin_id = 'slow'`,
    );
    expect(rows).toEqual([{ enabled: true }]);
  });

  it('lets requests in flight finish, and answers later ones with 503', async () => {
    const test = await start();
    await test.enable(
      'acme',
      'slow',
      `module.exports = { routes(r) { r.get('/it', (q, s) => setTimeout(() => s.json({ done: true }), 150)); } };`,
    );
    const running = test.request('acme', 'GET', '/api/plugins/slow/it');
    await wait(20);
    const stopping = test.host.stop();
    expect((await test.request('acme', 'GET', '/api/plugins/slow/it')).status).toBe(503);
    expect((await running).body).toEqual({ done: true });
    await stopping;
  });

  it('leaves the process as it was', async () => {
    const listeners = () =>
      process
        .eventNames()
        .map((name) => [String(name), process.listenerCount(name)])
        .sort();
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = [listeners(), process.emit];
    const timersBefore = timers();
    const test = await start({ limits: { drainMs: 50 } });
    const pool = test.database.pool.listenerCount('error');
    await test.enable(
      'acme',
      'busy',
      `module.exports = {
         onLoad(context) { setInterval(() => {}, 50); process.on('warning', () => {}); },
         onEnable(context) { setInterval(() => {}, 50); process.on('exit', () => {}); },
         eventHandlers: () => ({ 'risk:created': () => new Promise(() => {}) }),
       };`,
      { permissions: ['events:listen'] },
    );
    void test.host.tenant('acme').events.emit('risk:created', { riskId: 1, projectId: 1, risk: {} });
    await test.restart();
    void test.host.tenant('acme').events.emit('risk:created', { riskId: 1, projectId: 1, risk: {} });
    await test.host.stop();
    expect(test.database.pool.listenerCount('error')).toBe(pool - 1);
    await test.database.pool.end();
    expect([listeners(), process.emit]).toEqual(before);
    // Fewer, where a pool of an earlier test has ended meanwhile.
    expect(timers()).toBeLessThanOrEqual(timersBefore);
  });

  it('ends a pool of its own also where a plugin will not go', async () => {
    const test = await start({ limits: { hookMs: 100 } });
    await test.enable('acme', 'stubborn', `module.exports = { onUnload: () => new Promise(() => {}) };`);
    await test.host.stop();
    const host = again(test, { database: test.database.connectionString, limits: { hookMs: 100 } });
    await host.start();
    expect((await host.health()).plugins.enabled).toBe(1);
    await host.stop();
    expect(await host.health()).toMatchObject({ database: 'unavailable' });
  });
});

describe('starting', () => {
  it('strictly refuses where a plugin cannot, and takes the others down again', async () => {
    const test = await start();
    await test.enable(
      'acme',
      'good',
      `${HOOKS} module.exports = { onLoad: note('load'), onUnload: note('unload') };`,
    );
    await test.enable(
      'globex',
      'bad',
      `module.exports = { async onEnable(context) { if (await context.metadata.get('t', 0, 'ok')) throw new Error('no'); await context.metadata.set('t', 0, 'ok', 1); } };`,
    );
    await test.host.stop();
    const host = again(test, { strictStartup: true });
    await expect(host.start()).rejects.toMatchObject({
      code: 'STRICT_STARTUP',
      message: /bad of globex \(HOOK_FAILED\)/,
    });
    expect(await hooksOf(test, 'good')).toEqual(['load', 'unload', 'load', 'unload']);
    expect((await host.health()).plugins).toEqual({ enabled: 0, loaded: 0 });
  });

  it('refuses changes until it is through', async () => {
    const test = await start();
    await test.host.stop();
    const host = again(test);
    await expect(host.tenant('acme').plugins.enable('any')).rejects.toMatchObject({ code: 'HOST_NOT_READY' });
    await host.start();
    await expect(host.tenant('acme').plugins.enable('any')).rejects.toMatchObject({
      code: 'PLUGIN_NOT_INSTALLED',
    });
    await host.stop();
  });

  it('is told by the database alone when that is away', async () => {
    const database = await createTestDatabase();
    const { connectionString } = database;
    await database.drop();
    const host = createPluginHost({
      database: connectionString,
      authenticate: () => null,
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    });
    await expect(host.start()).rejects.toMatchObject({ code: 'DB_UNAVAILABLE' });
  });
});

describe('two hosts in one process', () => {
  it('keep the same plugin of the same tenant apart, faults and all', async () => {
    const [one, two] = [await start(), await start()];
    const code = `module.exports = { routes(r) { r.get('/boom', (q, s) => { setTimeout(() => { throw new Error('escaped'); }, 1); s.json({}); }); } };`;
    for (const each of [one, two]) await each.enable('acme', 'twin', code);
    await one.request('acme', 'GET', '/api/plugins/twin/boom');
    const stateIn = async (test: TestHost) =>
      (await test.request('acme', 'GET', '/api/plugins/twin')).body.data.state;
    await expect.poll(() => stateIn(one)).toBe('error');
    expect(await stateIn(two)).toBe('enabled');
    await one.host.stop();
    await two.request('acme', 'GET', '/api/plugins/twin/boom');
    await expect.poll(() => stateIn(two)).toBe('error');
  });
});

describe('an alert', () => {
  it('whose listener rejects or throws is the application’s own affair', async () => {
    const test = await start({
      onAlert: (async () => {
        throw new Error('the pager is broken');
      }) as () => void,
    });
    test.host.on('plugin:error', () => {
      throw new Error('the listener is broken');
    });
    await test.install('acme', 'bad', `module.exports = { onEnable() { throw new Error('no'); } };`);
    await expect(test.host.tenant('acme').plugins.enable('bad')).rejects.toMatchObject({
      code: 'HOOK_FAILED',
    });
    await wait(10);
    expect(test.logs.filter(({ message }) => /threw/.test(message))).toHaveLength(2);
  });
});

describe('many failed installations', () => {
  it('leave nothing in memory or on disk', async () => {
    const test = await start();
    for (let n = 0; n < 5; n++) {
      const release = await test.registry.publish('never', `throw new Error('${n}');`, {
        version: `1.0.${n}`,
      });
      await expect(test.host.tenant('acme').plugins.install(release)).rejects.toMatchObject({
        code: 'ENTRY_THREW',
      });
    }
    expect((await test.database.pool.query(`SELECT 1 FROM plugin_host.plugin_packages`)).rows).toEqual([]);
    const { readdirSync } = await import('node:fs');
    expect(readdirSync(`${test.dataDir}/packages`)).toEqual([]);
  });
});
