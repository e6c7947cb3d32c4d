import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { currentFrame, runAttributed } from '../foundation/attribution.js';
import { permissionDenied } from '../foundation/errors/index.js';
import { PackagesOnDisk } from './fixtures/packages-on-disk.js';
import { RunningPlugin, recordingLoader } from './fixtures/running-plugin.js';

const packages = new PackagesOnDisk();
const { loader, faults } = recordingLoader();
const started: RunningPlugin[] = [];
afterEach(async () => {
  for (const plugin of started.splice(0)) await plugin.scope.dispose();
  faults.faults.length = 0;
});
afterAll(() => packages.close());

const code = `
  const timers = require('timers'), promises = require('node:timers/promises'), { promisify } = require('util');
  module.exports = { later: setTimeout, timers, promises, sleep: promisify(setTimeout), soon: promisify(setImmediate),
    start: (name, ...args) => globalThis[name](...args), stop: (name, timer) => globalThis[name](timer),
    nextTick: (...args) => process.nextTick(...args), microtask: queueMicrotask,
    same: () => [timers.setTimeout === setTimeout, timers.promises === promises, global.setInterval === setInterval] }`;
const start = (): RunningPlugin => {
  const plugin = new RunningPlugin(loader, packages.add({ 'index.js': code }));
  started.push(plugin);
  return plugin;
};

const key = { tenant: 'acme', pluginId: 'hello-world' };
const later = <T>(run: (resolve: (value: T) => void) => unknown): Promise<T> => new Promise<T>(run);

describe('a plugin’s timers', () => {
  it.each(['setTimeout', 'setInterval', 'setImmediate'])(
    'run by %s with their arguments, in the plugin’s frame',
    async (name) => {
      const plugin = start();
      const seen = await later((resolve) => {
        const callback = (...args: unknown[]): void => resolve([args, currentFrame()]);
        plugin.call('start', name, callback, ...(name === 'setImmediate' ? ['a', 'b'] : [1, 'a', 'b']));
      });
      expect(seen).toEqual([['a', 'b'], { key, callback: name, depth: 0 }]);
    },
  );

  it('keep the frame of the hook that started them, and no other plugin’s', async () => {
    const plugin = start();
    const startedIn = (frame: { key: typeof key; callback: string; depth: number }) =>
      later((resolve) => runAttributed(frame, () => plugin.call('later', () => resolve(currentFrame()), 1)));
    expect(await startedIn({ key, callback: 'onEnable', depth: 2 })).toEqual({
      key,
      callback: 'onEnable',
      depth: 2,
    });
    const other = { key: { tenant: 'acme', pluginId: 'other' }, callback: 'GET /', depth: 1 };
    expect(await startedIn(other)).toEqual({ key, callback: 'setTimeout', depth: 1 });
  });

  it('leave the scope when they have run or are cleared', async () => {
    const plugin = start();
    const before = plugin.scope.size;
    await later((resolve) => plugin.call('later', resolve, 1));
    await later((resolve) => plugin.call('start', 'setImmediate', resolve));
    expect(plugin.scope.size).toBe(before);
    for (const name of ['Timeout', 'Interval', 'Immediate']) {
      const timer = plugin.call('start', `set${name}`, () => {}, 1000);
      expect(plugin.scope.size).toBe(before + 1);
      plugin.call('stop', `clear${name}`, timer);
      expect(plugin.scope.size).toBe(before);
    }
    for (const nothing of [undefined, null, 0]) plugin.call('stop', 'clearTimeout', nothing);
  });

  it('are cleared with the scope, and not started after it', async () => {
    const plugin = start();
    let ran = 0;
    const tick = (): void => {
      ran++;
    };
    for (const name of ['setTimeout', 'setInterval']) plugin.call('start', name, tick, 1);
    plugin.call('start', 'setImmediate', tick);
    await plugin.scope.dispose();
    for (const name of ['setTimeout', 'setInterval']) plugin.call('start', name, tick, 1);
    plugin.call('start', 'setImmediate', tick);
    await sleep(5);
    expect(ran).toBe(0);
  });

  it('revived by refresh() run again, but not once the scope is gone', async () => {
    const plugin = start();
    let ran = 0;
    const timer = await later<NodeJS.Timeout>((resolve) => {
      const own: NodeJS.Timeout = plugin.call('later', () => (++ran === 1 ? own.refresh() : resolve(own)), 1);
    });
    expect(ran).toBe(2);
    await plugin.scope.dispose();
    timer.refresh();
    await sleep(5);
    expect(ran).toBe(2);
  });

  it('are Node’s own objects', () => {
    const plugin = start();
    const timer = plugin.call<NodeJS.Timeout>('later', () => {}, 1000);
    expect(timer.unref().hasRef()).toBe(false);
    expect(plugin.call('same')).toEqual([true, true, true]);
    expect(() => plugin.call('later', 'no function')).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
  });

  it('end when their number is cleared', async () => {
    const plugin = start();
    let ran = false;
    const timer = plugin.call<NodeJS.Timeout>(
      'later',
      () => {
        ran = true;
      },
      1,
    );
    plugin.call('stop', 'clearTimeout', Number(timer));
    await sleep(5);
    expect(ran).toBe(false);
  });
});

describe('what a plugin’s callbacks throw', () => {
  const fail = (): never => {
    throw new Error('from a callback');
  };

  it.each([
    ['setTimeout', (plugin: RunningPlugin) => plugin.call('later', fail, 1)],
    ['setImmediate', (plugin: RunningPlugin) => plugin.call('start', 'setImmediate', fail)],
    ['process.nextTick', (plugin: RunningPlugin) => plugin.call('nextTick', fail)],
    ['queueMicrotask', (plugin: RunningPlugin) => plugin.call('microtask', fail)],
  ])('in %s is reported as the plugin’s, and goes no further', async (name, act) => {
    act(start());
    await sleep(5);
    expect(faults.faults).toMatchObject([
      { key, kind: 'uncaught', callback: name, error: { message: 'from a callback' } },
    ]);
  });

  it('does not disable where it is a guard’s refusal', async () => {
    const plugin = start();
    plugin.call('microtask', () => {
      throw permissionDenied({ pluginId: 'hello-world', member: 'fetch', required: ['http:outbound'] });
    });
    await Promise.resolve();
    expect(faults.faults).toMatchObject([{ kind: 'contained', error: { code: 'PERMISSION_DENIED' } }]);
  });

  it('keeps the frame in microtasks and ticks', async () => {
    const plugin = start();
    const frame = { key, callback: 'onLoad', depth: 0 };
    const seen = await Promise.all(
      ['microtask', 'nextTick'].map((name) =>
        later((resolve) => runAttributed(frame, () => plugin.call(name, () => resolve(currentFrame())))),
      ),
    );
    expect(seen).toEqual([frame, frame]);
  });
});

describe('timers as promises', () => {
  interface Promises {
    setTimeout: typeof sleep;
    setImmediate: (value?: unknown) => Promise<unknown>;
    setInterval: (delay: number, value?: unknown, options?: object) => AsyncIterable<unknown>;
    scheduler: { wait: (delay: number) => Promise<void>; yield: () => Promise<void> };
  }
  const promisesOf = (plugin: RunningPlugin): Promises =>
    Reflect.get(plugin.loaded.plugin, 'promises') as Promises;

  it('resolve with their value, and leave the scope', async () => {
    const plugin = start();
    const before = plugin.scope.size;
    const promises = promisesOf(plugin);
    expect(await promises.setTimeout(1, 'a')).toBe('a');
    expect(await promises.setImmediate('b')).toBe('b');
    expect(await plugin.call('sleep', 1, 'c')).toBe('c');
    expect(await plugin.call('soon', 'd')).toBe('d');
    await promises.scheduler.wait(1);
    await promises.scheduler.yield();
    const ticks: unknown[] = [];
    for await (const tick of promises.setInterval(1, 'tick')) if (ticks.push(tick) === 2) break;
    expect(ticks).toEqual(['tick', 'tick']);
    expect(plugin.scope.size).toBe(before);
  });

  it('reject when their signal aborts', async () => {
    const plugin = start();
    const controller = new AbortController();
    const waiting = promisesOf(plugin).setTimeout(60_000, undefined, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError', cause: { message: 'enough' } });
  });

  it('never settle once the scope is disposed', async () => {
    const plugin = start();
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    promisesOf(plugin).setTimeout(1).then(settle, settle);
    await plugin.scope.dispose();
    await sleep(5);
    expect(settled).toBe(false);
  });
});
