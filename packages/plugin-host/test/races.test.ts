import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestHost, type TestHost } from '../src/testing/index.js';

let test: TestHost;
let count = 0;
/** An id no other test uses. */
let id = '';
beforeAll(async () => {
  test = await startTestHost({ limits: { hookMs: 2_000, drainMs: 2_000, eventHandlerMs: 600_000 } });
});
afterAll(() => test.close());
beforeEach(() => {
  id = `racer-${++count}`;
});

const plugins = () => test.host.tenant('acme').plugins;
const code = (body: string): string => `module.exports = {
  ${body}
  routes(r) { r.get('/it', (q, s) => s.json({ up: true })); },
}; // ${id}`;
const row = async (of = id) =>
  (
    await test.database.pool.query(
      `SELECT enabled, status FROM plugin_host.plugin_installations WHERE plugin_id = $1`,
      [of],
    )
  ).rows[0];
const setGate = (key: 'closed' | 'open') =>
  test.database.pool.query(
    `INSERT INTO plugin_host.plugin_metadata (tenant, plugin_id, entity_type, entity_id, key, value)
     VALUES ('acme', $1, 'gate', 0, $2, 'true')`,
    [id, key],
  );
const status = async (of = id) => (await test.request('acme', 'GET', `/api/plugins/${of}/it`)).status;
const codes = async (calls: readonly Promise<unknown>[]): Promise<string[]> =>
  (await Promise.allSettled(calls))
    .map((end) => (end.status === 'fulfilled' ? 'done' : end.reason.code))
    .sort();
const settled = async () => {
  await expect.poll(async () => (await row())?.status ?? 'gone').not.toBe('ok');
};

describe('two administrators at once', () => {
  it.each([
    ['enabling', (of: string) => plugins().enable(of), false],
    ['disabling', (of: string) => plugins().disable(of), true],
    ['uninstalling', (of: string) => plugins().uninstall(of), true],
  ] as const)('%s: one does it, the others are told so', async (_, act, enabled) => {
    // The one that gets through stays in its hook until the others have had their answer.
    const wait = `if (await context.metadata.get('gate', 0, 'closed'))
      while (!(await context.metadata.get('gate', 0, 'open'))) await new Promise((resolve) => setTimeout(resolve, 10));`;
    await test.install(
      'acme',
      id,
      code(`async onEnable(context) { ${wait} }, async onDisable(context) { ${wait} },`),
    );
    if (enabled) await plugins().enable(id);
    await setGate('closed');
    let refused = 0;
    const calls = Array.from({ length: 8 }, () =>
      act(id).catch((error: unknown) => {
        refused += 1;
        throw error;
      }),
    );
    const ends = codes(calls);
    await expect.poll(() => refused, { timeout: 1_500, interval: 5 }).toBe(7);
    await setGate('open');
    expect(await ends).toEqual([...Array.from({ length: 7 }, () => 'OPERATION_IN_PROGRESS'), 'done']);
  });

  it('installing: one does it, the others are told so', async () => {
    const release = await test.registry.publish(id, code(''));
    const ends = await codes(Array.from({ length: 8 }, () => plugins().install(release)));
    expect(ends.filter((end) => end === 'done')).toHaveLength(1);
    expect(await row()).toEqual({ enabled: false, status: 'ok' });
  });

  it('cannot disable what the other’s plugin is just being enabled on', async () => {
    const base = `${id}-base`;
    await test.enable('acme', base, code(''));
    await test.install(
      'acme',
      id,
      code('async onEnable() { await new Promise((resolve) => setTimeout(resolve, 200)); },'),
      { dependencies: { [base]: '>=1.0.0' } },
    );
    const ends = await Promise.allSettled([plugins().enable(id), plugins().disable(base)]);
    const running = [await status(id), await status(base)];
    expect(running, JSON.stringify(ends)).not.toEqual([200, 404]);
  });

  it('cannot uninstall what the other is just installing a plugin on', async () => {
    const base = `${id}-base`;
    await test.install('acme', base, code(''));
    const release = await test.registry.publish(
      id,
      code('async onInstall() { await new Promise((resolve) => setTimeout(resolve, 200)); },'),
      { dependencies: { [base]: '>=1.0.0' } },
    );
    await Promise.allSettled([plugins().install(release), plugins().uninstall(base)]);
    if (await row(id)) expect(await row(base)).toBeDefined();
  });
});

describe('an error that escapes', () => {
  const ESCAPE = `setTimeout(() => { throw new Error('escaped') }, 5);`;
  const wait = (ms: number) => `await new Promise((resolve) => setTimeout(resolve, ${ms}));`;

  it('while onEnable runs refuses the plugin, and names what escaped', async () => {
    await test.install('acme', id, code(`async onEnable() { ${ESCAPE} ${wait(100)} },`));
    await expect(plugins().enable(id)).rejects.toMatchObject({ code: 'HOOK_FAILED', message: /escaped/ });
    await settled();
    expect(await row()).toEqual({ enabled: false, status: 'error' });
    await expect.poll(async () => (await plugins().get(id)).lastError?.message).toBe('escaped');
    expect(await status()).toBe(404);
  });

  it('as soon as onEnable is through leaves row and instance of one mind', async () => {
    for (const ms of [0, 1, 2, 3, 5, 8, 13, 21]) {
      const each = `${id}-${ms}`;
      await test.install(
        'acme',
        each,
        code(`onEnable() { setTimeout(() => { throw new Error('escaped') }, ${ms}); },`),
      );
      await plugins()
        .enable(each)
        .catch(() => {});
      await expect
        .poll(() => row(each), { message: `after ${ms} ms` })
        .toEqual({ enabled: false, status: 'error' });
      await expect.poll(() => status(each)).toBe(404);
      await expect.poll(async () => (await plugins().get(each)).lastError?.message).toBe('escaped');
    }
  });

  it('while onLoad runs after an installation takes the installation back', async () => {
    const release = await test.registry.publish(id, code(`async onLoad() { ${ESCAPE} ${wait(100)} },`));
    await expect(plugins().install(release)).rejects.toMatchObject({
      code: 'HOOK_FAILED',
      message: /escaped/,
    });
    expect(await row()).toBeUndefined();
  });

  it('while onInstall runs leaves the plugin or nothing, and can be installed again', async () => {
    const release = await test.registry.publish(id, code(`async onInstall() { ${ESCAPE} ${wait(100)} },`));
    await plugins()
      .install(release)
      .catch(() => {});
    if (await row()) await plugins().uninstall(id, { deleteData: true });
    expect(await row()).toBeUndefined();
  });

  it('while it is being disabled does not run onDisable twice', async () => {
    await test.enable(
      'acme',
      id,
      code(`async onDisable(context) {
        await context.metadata.set('count', 0, 'onDisable', ((await context.metadata.get('count', 0, 'onDisable')) || 0) + 1);
        ${ESCAPE} ${wait(100)}
      },`),
    );
    await plugins().disable(id);
    await settled();
    await plugins().uninstall(id);
    const { rows } = await test.database.pool.query(
      `SELECT value FROM plugin_host.plugin_metadata WHERE plugin_id = $1 AND key = 'onDisable'`,
      [id],
    );
    expect(rows).toEqual([{ value: 1 }]);
  });

  it('of a plugin that was never enabled disables it without onDisable', async () => {
    const told: string[] = [];
    const off = test.host.on('plugin:disabled', ({ pluginId }) => told.push(pluginId));
    await test.install(
      'acme',
      id,
      code(`onLoad() { setTimeout(() => { throw new Error('escaped') }, 30); },`),
    );
    await settled();
    off();
    expect(told).toEqual([]);
    // And it can be enabled again at once, without getting in the way of its own end.
    expect((await plugins().enable(id)).plugin.state).toBe('enabled');
  });

  it('many times at once is one change', async () => {
    await test.install(
      'acme',
      id,
      code(
        `onEnable() { for (let i = 0; i < 20; i++) setTimeout(() => { throw new Error('escaped') }, 40); },`,
      ),
    );
    await plugins().enable(id);
    const generation = async () =>
      (
        await test.database.pool.query(
          `SELECT generation FROM plugin_host.plugin_installations WHERE plugin_id = $1`,
          [id],
        )
      ).rows[0].generation;
    const before = await generation();
    await settled();
    await expect.poll(async () => (await plugins().get(id)).state).toBe('error');
    expect((await generation()) - before).toBe(1);
  });
});

describe('lifecycle events', () => {
  it('reach other plugins exactly once per change, with their tenant and nobody who triggered them', async () => {
    await test.enable(
      'acme',
      id,
      `const seen = [];
       const note = (name) => (payload) => { seen.push([name, payload]); };
       module.exports = {
         eventHandlers: () => ({ 'plugin:loaded': note('loaded'), 'plugin:unloaded': note('unloaded'),
           'plugin:enabled': note('enabled'), 'plugin:disabled': note('disabled') }),
         routes(r) { r.get('/seen', (q, s) => s.json(seen.splice(0))); },
       };`,
      { permissions: ['events:listen'] },
    );
    const seen = async () => (await test.request('acme', 'GET', `/api/plugins/${id}/seen`)).body;
    const names = async () => (await seen()).map(([name]: [string]) => name);
    const host: string[] = [];
    const ends = (['installed', 'loaded', 'enabled', 'disabled', 'unloaded', 'uninstalled'] as const).map(
      (name) =>
        test.host.on(`plugin:${name}`, ({ pluginId }) => {
          if (pluginId === other) host.push(name);
        }),
    );
    await seen();
    const other = `${id}-other`;
    await test.install('acme', other, code(''));
    const [[name, payload]] = await seen();
    expect([name, payload.pluginId, payload.tenant]).toEqual(['loaded', other, 'acme']);
    expect(payload).toHaveProperty('timestamp');
    expect(payload).not.toHaveProperty('triggeredBy');
    await plugins().enable(other);
    await plugins().enable(other);
    expect(await names()).toEqual(['enabled']);
    await plugins().disable(other);
    await plugins().disable(other);
    expect(await names()).toEqual(['disabled']);
    await plugins().enable(other);
    await plugins().uninstall(other);
    expect(await names()).toEqual(['enabled', 'disabled', 'unloaded']);
    expect(host).toEqual([
      'installed',
      'loaded',
      'enabled',
      'disabled',
      'enabled',
      'disabled',
      'unloaded',
      'uninstalled',
    ]);
    for (const end of ends) end();
  });

  it('do not hold up a change, however long somebody takes over them', async () => {
    await test.enable(
      'acme',
      id,
      `module.exports = { eventHandlers: () => ({ 'plugin:enabled': () => new Promise(() => {}), 'plugin:loaded': () => new Promise(() => {}) }) };`,
      { permissions: ['events:listen'] },
    );
    // Else this would take until the handlers' budget is spent.
    await test.enable('acme', `${id}-other`, code(''));
    await plugins().uninstall(id, { force: true });
  });
});

describe('events in flight', () => {
  it('end before onUninstall begins, and none comes after onDisable has begun', async () => {
    await test.enable(
      'acme',
      id,
      `let running = 0;
       module.exports = {
         eventHandlers: () => ({ 'risk:created': async (payload, context) => {
           running++;
           await new Promise((resolve) => setTimeout(resolve, 100));
           await context.metadata.set('t', payload.riskId, 'handled', true);
           running--;
         } }),
         onDisable: (context) => context.metadata.set('t', 0, 'atDisable', running),
         onUninstall: (context) => context.metadata.set('t', 0, 'atUninstall', running),
       };`,
      { permissions: ['events:listen'] },
    );
    const { events } = test.host.tenant('acme');
    const emit = (riskId: number) => events.emit('risk:created', { riskId, projectId: 1, risk: {} });
    const emitted = [emit(1), emit(2)];
    const uninstalling = plugins().uninstall(id);
    await Promise.all([...emitted, uninstalling]);
    await emit(3);
    const { rows } = await test.database.pool.query(
      `SELECT entity_id, key, value FROM plugin_host.plugin_metadata WHERE plugin_id = $1 ORDER BY key, entity_id`,
      [id],
    );
    expect(rows.map(({ entity_id, key, value }) => [key, Number(entity_id), value])).toEqual([
      ['atDisable', 0, 0],
      ['atUninstall', 0, 0],
      ['handled', 1, true],
      ['handled', 2, true],
    ]);
  });
});
