import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import {
  atDepth,
  currentFrame,
  currentSlot,
  enterFrame,
  type Frame,
  frameIn,
  runAttributed,
  runUnattributed,
} from './attribution.js';

const frameOf = (pluginId: string): Frame => ({
  key: { tenant: 'acme', pluginId },
  callback: 'event risk:created',
  depth: 1,
});
const alpha = frameOf('alpha');
const beta = frameOf('beta');

let seen: string[] = [];
const note = (where: string): void => {
  seen.push(`${where}: ${currentFrame()?.key.pluginId ?? 'nobody'}`);
};

/** Starts one of each kind of thing that comes back later; resolves when all have. */
function startEverything(): Promise<unknown> {
  note('at once');
  const tick = new Promise<void>((resolve) => {
    process.nextTick(() => {
      note('tick');
      resolve();
    });
  });
  const timer = setTimeout(1).then(() => note('timer'));
  const awaiting = (async () => {
    await setImmediate();
    note('after an await');
  })();
  return Promise.all([tick, timer, awaiting]);
}

const everythingBy = (...plugins: string[]): string[] =>
  plugins
    .flatMap((plugin) => ['after an await', 'at once', 'tick', 'timer'].map((where) => `${where}: ${plugin}`))
    .sort();

afterEach(() => {
  seen = [];
});

describe('a frame', () => {
  it('is there for a callback and for whatever it starts', async () => {
    await runAttributed(alpha, startEverything);
    expect(seen.sort()).toEqual(everythingBy('alpha'));
    expect(currentFrame()).toBeUndefined();
  });

  it('is out of the way of host code called from a plugin, and back afterwards', async () => {
    await runAttributed(alpha, async () => {
      await runUnattributed(startEverything);
      expect(currentFrame()).toBe(alpha);
    });
    expect(seen.sort()).toEqual(everythingBy('nobody'));
  });

  it('belongs to each callback of a row, also for what each of them starts', async () => {
    const slot = currentSlot();
    const ends: Promise<unknown>[] = [];
    for (const frame of [alpha, beta]) {
      enterFrame(slot, frame);
      ends.push(startEverything());
    }
    enterFrame(slot, undefined);
    expect(currentFrame()).toBeUndefined();
    await Promise.all(ends);
    expect(seen.sort()).toEqual(everythingBy('alpha', 'beta'));
  });

  it('comes back after a row of callbacks inside it', async () => {
    await runAttributed(alpha, async () => {
      await setImmediate();
      const slot = currentSlot();
      const outer = frameIn(slot);
      enterFrame(slot, beta);
      note('in the row');
      enterFrame(slot, outer);
      note('after the row');
      await setImmediate();
      note('after an await');
    });
    note('outside');
    expect(seen).toEqual([
      'in the row: beta',
      'after the row: alpha',
      'after an await: alpha',
      'outside: nobody',
    ]);
  });

  it('leaves the storages of the application alone', async () => {
    const requests = new AsyncLocalStorage<string>();
    await requests.run('request 1', async () => {
      const slot = currentSlot();
      enterFrame(slot, alpha);
      const later = setImmediate().then(() => requests.getStore());
      enterFrame(slot, undefined);
      expect(requests.getStore()).toBe('request 1');
      expect(await later).toBe('request 1');
    });
    expect(requests.getStore()).toBeUndefined();
  });

  it('is the same object at depth 1 and a copy deeper down', () => {
    expect(atDepth(alpha, 1)).toBe(alpha);
    expect(atDepth(alpha, 3)).toEqual({ ...alpha, depth: 3 });
  });
});
