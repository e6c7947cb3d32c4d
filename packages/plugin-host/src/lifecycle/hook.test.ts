import type { Plugin, PluginContext } from '@verifywise/plugin-types';
import { describe, expect, it } from 'vitest';
import { currentFrame } from '../foundation/attribution.js';
import { isHostError } from '../foundation/errors/index.js';
import { reasonOf, runHook } from './hook.js';

const key = { tenant: 'acme', pluginId: 'slack' };
// Handed through unread.
const context = { pluginId: 'slack' } as PluginContext;
const pluginWith = (hooks: object): Plugin => hooks as Plugin;
const run = (hooks: object, ms = 60_000) => runHook(pluginWith(hooks), 'onEnable', { key, context, ms });

describe('a hook', () => {
  it('gets the context, and its plugin as this', async () => {
    const plugin = {
      seen: [] as unknown[],
      onEnable(this: { seen: unknown[] }, ...args: unknown[]) {
        this.seen.push(...args);
      },
    };
    await run(plugin);
    expect(plugin.seen).toEqual([context]);
  });

  it('is waited for', async () => {
    const steps: string[] = [];
    await run({
      onEnable: async () => {
        await new Promise(setImmediate);
        steps.push('done');
      },
    });
    expect(steps).toEqual(['done']);
  });

  it('need not be there', async () => {
    await expect(run({})).resolves.toBeUndefined();
    await expect(run({ onEnable: undefined })).resolves.toBeUndefined();
  });

  it('runs in its frame, and what it starts does', async () => {
    const frames: unknown[] = [];
    let timer: Promise<void> | undefined;
    await run({
      onEnable: () => {
        frames.push(currentFrame());
        timer = new Promise((resolve) =>
          setTimeout(() => {
            frames.push(currentFrame());
            resolve();
          }),
        );
      },
    });
    await timer;
    const frame = { key, callback: 'onEnable', depth: 0 };
    expect(frames).toEqual([frame, frame]);
    expect(currentFrame()).toBeUndefined();
  });
});

describe('a hook that fails', () => {
  const thrown = new Error('no channel');
  it.each<[string, object]>([
    [
      'throws',
      {
        onEnable: () => {
          throw thrown;
        },
      },
    ],
    [
      'rejects',
      {
        onEnable: async () => {
          throw thrown;
        },
      },
    ],
    [
      'gives a thenable that rejects',
      // biome-ignore lint/suspicious/noThenProperty: a promise of a library that is none of Node's.
      { onEnable: () => ({ then: (_: unknown, no: (e: unknown) => void) => no(thrown) }) },
    ],
    [
      'cannot be read',
      {
        get onEnable() {
          throw thrown;
        },
      },
    ],
  ])('and %s is HOOK_FAILED, with the plugin’s own error as its cause', async (_, hooks) => {
    const error: unknown = await run(hooks).catch((each: unknown) => each);
    expect(error).toMatchObject({
      code: 'HOOK_FAILED',
      status: 422,
      details: { pluginId: 'slack', hook: 'onEnable', reason: 'no channel' },
    });
    expect(isHostError(error) && error.cause).toBe(thrown);
  });

  it('because it is no function is HOOK_FAILED', async () => {
    await expect(run({ onEnable: 'soon' })).rejects.toMatchObject({ code: 'HOOK_FAILED' });
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'undefined'],
    ['a text', 'no', 'no'],
    ['an object with a message', { message: 'no' }, 'no'],
    ['an object without a text', Object.create(null), 'something that cannot be shown was thrown'],
    ['an error whose message is no text', Object.assign(new Error('x'), { message: 7 }), 'Error: 7'],
    [
      'an error whose message cannot be read',
      Object.defineProperty(new Error('x'), 'message', {
        get() {
          throw thrown;
        },
      }),
      'something that cannot be shown was thrown',
    ],
    [
      'a revoked proxy',
      (() => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      })(),
      'something that cannot be shown was thrown',
    ],
    ['a symbol', Symbol('no'), 'Symbol(no)'],
  ])('by throwing %s is HOOK_FAILED all the same', async (_, value, reason) => {
    const failing = run({
      onEnable: () => {
        throw value;
      },
    });
    await expect(failing).rejects.toMatchObject({ code: 'HOOK_FAILED', details: { reason } });
    expect(reasonOf(value)).toBe(reason);
  });
});

describe('a hook that takes too long', () => {
  it('is HOOK_TIMEOUT, and what becomes of it later is nobody’s concern', async () => {
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', listen);
    try {
      let fail: (error: Error) => void = () => {};
      const hooks = {
        onEnable: () =>
          new Promise<void>((_, reject) => {
            fail = reject;
          }),
      };
      await expect(run(hooks, 5)).rejects.toMatchObject({
        code: 'HOOK_TIMEOUT',
        status: 504,
        details: { pluginId: 'slack', hook: 'onEnable', ms: 5 },
      });
      fail(new Error('late'));
      await new Promise(setImmediate);
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', listen);
    }
  });
});
