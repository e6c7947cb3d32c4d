import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Gate, inParallel } from './parallel.js';

describe('working in parallel', () => {
  it('works through everything, no more at a time than allowed', async () => {
    let running = 0;
    let most = 0;
    const done: number[] = [];
    await inParallel(
      Array.from({ length: 20 }, (_, i) => i),
      3,
      async (i) => {
        most = Math.max(most, ++running);
        await setImmediate();
        running--;
        done.push(i);
      },
    );
    expect(done.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(most).toBe(3);
  });

  it('waits for what is under way before it fails, and begins nothing new', async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const work = inParallel([0, 1, 2, 3, 4, 5], 2, async (i) => {
      begun.push(i);
      if (i === 0) throw new Error('first');
      await setImmediate();
      ended.push(i);
    });
    await expect(work).rejects.toThrow('first');
    expect(begun).toEqual([0, 1]);
    expect(ended).toEqual([1]);
  });
});

describe('a gate', () => {
  it('lets the next one through when one leaves, also by failing', async () => {
    const gate = new Gate(1);
    const order: string[] = [];
    const pass = (name: string, fails = false) =>
      gate.run(async () => {
        order.push(`${name} in`);
        await setImmediate();
        order.push(`${name} out`);
        if (fails) throw new Error(name);
        return name;
      });
    const results = await Promise.allSettled([pass('a'), pass('b', true), pass('c')]);
    expect(order).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await pass('d')).toBe('d');
  });
});
