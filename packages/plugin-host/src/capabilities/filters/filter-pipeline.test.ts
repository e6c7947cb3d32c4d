import { setImmediate, setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { currentFrame, runAttributed } from '../../foundation/attribution.js';
import { BudgetTimer, CallInFlight } from '../../foundation/budget.js';
import { FaultLog } from '../../foundation/fixtures/fault-log.js';
import { TestPlugin } from '../../foundation/fixtures/test-plugin.js';
import { FilterPipeline } from './filter-pipeline.js';

const SAVE = 'risk:before_save';

let faults: FaultLog;
let budgets: BudgetTimer;
let pipeline: FilterPipeline;
let alpha: TestPlugin;

const limits = { filterMs: 30, eventDepth: 4 };

beforeEach(() => {
  faults = new FaultLog();
  budgets = new BudgetTimer();
  pipeline = new FilterPipeline({ faults, limits, budgets });
  alpha = new TestPlugin('alpha');
});

afterEach(() => budgets.close());

const append = (name: string) => (value: string) => `${value} ${name}`;
const appendLater = (name: string) => async (value: string) => {
  await setImmediate();
  return `${value} ${name}`;
};

describe('a value sent through filters', () => {
  it('passes lower priorities first, then in the order of adding, waiting where a filter takes its time', async () => {
    const beta = new TestPlugin('beta');
    pipeline.add(alpha, SAVE, append('ten'), 10);
    pipeline.add(beta, SAVE, appendLater('ten, later'), 10);
    pipeline.add(beta, SAVE, append('twenty'), 20);
    pipeline.add(alpha, SAVE, append('minus one'), -1);
    pipeline.add(alpha, SAVE, appendLater('five'), 5);
    pipeline.add(beta, SAVE, append('ten, last'), 10);
    expect(await pipeline.apply('acme', SAVE, 'start')).toBe(
      'start minus one five ten ten, later ten, last twenty',
    );
    expect(faults.faults).toEqual([]);
  });

  it('comes back as it is where there is no filter', async () => {
    const value = { risk: 1 };
    expect(await pipeline.apply('acme', SAVE, value)).toBe(value);
    expect(await pipeline.apply('acme', SAVE, undefined)).toBeUndefined();
  });

  it('meets the filters of its own tenant and of active plugins only', async () => {
    const asleep = new TestPlugin('beta');
    asleep.active = false;
    pipeline.add(asleep, SAVE, append('asleep'), 10);
    pipeline.add(new TestPlugin('alpha', 'globex'), SAVE, append('globex'), 10);
    pipeline.add(alpha, SAVE, append('acme'), 10);
    expect(await pipeline.apply('acme', SAVE, 'start')).toBe('start acme');
    asleep.active = true;
    expect(await pipeline.apply('acme', SAVE, 'start')).toBe('start asleep acme');
  });

  it('may become null, false or another kind of thing altogether', async () => {
    for (const result of [null, false, 0, '']) {
      const takeOff = pipeline.add(alpha, SAVE, () => result, 10);
      expect(await pipeline.apply<unknown>('acme', SAVE, 'start')).toBe(result);
      takeOff();
    }
  });

  it('passes by a filter that was taken off or whose plugin was disabled on its way, and one added meanwhile', async () => {
    const beta = new TestPlugin('beta');
    pipeline.add(
      alpha,
      SAVE,
      async (value: string) => {
        await setImmediate();
        takeOff();
        beta.active = false;
        pipeline.add(alpha, SAVE, append('added'), 30);
        return `${value} first`;
      },
      10,
    );
    const takeOff = pipeline.add(alpha, SAVE, append('taken off'), 10);
    pipeline.add(beta, SAVE, append('disabled'), 10);
    pipeline.add(alpha, SAVE, append('last'), 20);
    expect(await pipeline.apply('acme', SAVE, 'start')).toBe('start first last');
    takeOff();
    expect(await pipeline.apply('acme', SAVE, 'start')).toBe('start first last added');
  });

  it('is given with the context of the plugin whose filter it is, in a frame that names both', async () => {
    const seen: unknown[] = [];
    for (const plugin of [alpha, new TestPlugin('beta')]) {
      pipeline.add(
        plugin,
        SAVE,
        async (value, context) => {
          await setImmediate();
          const frame = currentFrame();
          seen.push([value, context === plugin.context, frame?.key.pluginId, frame?.callback, frame?.depth]);
          return value;
        },
        10,
      );
    }
    const hook = { key: alpha.key, callback: 'onEnable', depth: 0 };
    await runAttributed(hook, async () => {
      await pipeline.apply('acme', SAVE, 'start');
      expect(currentFrame()).toBe(hook);
    });
    expect(seen).toEqual([
      ['start', true, 'alpha', 'filter risk:before_save', 1],
      ['start', true, 'beta', 'filter risk:before_save', 1],
    ]);
  });
});

describe('a filter that fails', () => {
  it('leaves the value the one before it returned, and is filed as a contained fault', async () => {
    const failing = (message: string) => (): never => {
      throw new Error(message);
    };
    pipeline.add(alpha, SAVE, append('one'), 1);
    pipeline.add(alpha, SAVE, failing('at once'), 2);
    pipeline.add(alpha, SAVE, async () => failing('later')(), 3);
    pipeline.add(alpha, SAVE, appendLater('two'), 4);
    pipeline.add(
      alpha,
      SAVE,
      async () => {
        await setImmediate();
        return failing('much later')();
      },
      5,
    );
    pipeline.add(alpha, SAVE, append('three'), 6);
    expect(await pipeline.apply('acme', SAVE, 'start')).toBe('start one two three');
    expect(faults.lines).toEqual([
      'alpha: filter risk:before_save: at once',
      'alpha: filter risk:before_save: later',
      'alpha: filter risk:before_save: much later',
    ]);
    expect(new Set(faults.faults.map(({ kind }) => kind))).toEqual(new Set(['contained']));
  });

  it('also fails when it returns nothing, at once or later', async () => {
    pipeline.add(alpha, SAVE, () => {}, 10);
    pipeline.add(alpha, SAVE, async () => {}, 10);
    expect(await pipeline.apply('acme', SAVE, 'start')).toBe('start');
    expect(faults.lines).toEqual([
      'alpha: filter risk:before_save: FILTER_RESULT_MISSING',
      'alpha: filter risk:before_save: FILTER_RESULT_MISSING',
    ]);
  });

  it('cannot have changed a value the application froze', async () => {
    pipeline.add(
      alpha,
      SAVE,
      (value: { score: number }) => {
        value.score = 9;
        throw new Error('never reached');
      },
      10,
    );
    expect(await pipeline.apply('acme', SAVE, Object.freeze({ score: 1 }))).toEqual({ score: 1 });
    expect(faults.lines).toEqual([expect.stringContaining('read only')]);
  });

  it('is not told from one whose promise is of its own making', async () => {
    pipeline.add(
      alpha,
      SAVE,
      // biome-ignore lint/suspicious/noThenProperty: what a plugin may return
      (value: string) => ({ then: (use: (value: string) => void) => use(`${value} own`) }),
      1,
    );
    pipeline.add(alpha, SAVE, () => Object.create(Promise.prototype), 2);
    pipeline.add(alpha, SAVE, append('after'), 3);
    expect(await pipeline.apply('acme', SAVE, 'start')).toBe('start own after');
    expect(faults.faults).toHaveLength(1);
  });
});

describe('a filter that does not come back', () => {
  it('is left out when its budget is spent, and filed as PLUGIN_TIMEOUT', async () => {
    let finish = (_: string): void => {};
    pipeline.add(
      alpha,
      SAVE,
      () =>
        new Promise<string>((resolve) => {
          finish = resolve;
        }),
      1,
    );
    pipeline.add(
      new TestPlugin('beta'),
      SAVE,
      async (value: string) => {
        // What the first one returns now is not taken for this one's.
        finish('too late');
        await setTimeout(5);
        return `${value} beta`;
      },
      2,
    );
    expect(await pipeline.apply('acme', SAVE, 'start')).toBe('start beta');
    expect(faults.lines).toEqual(['alpha: filter risk:before_save: PLUGIN_TIMEOUT']);
  });

  it('leaves no frame on the timer that gave it up', async () => {
    const frames: unknown[] = [];
    class Later extends CallInFlight {
      override waitsFor(): boolean {
        return false;
      }
      override overrun(): void {
        frames.push(currentFrame());
      }
    }
    budgets.budget(100).start(new Later());
    pipeline.add(alpha, SAVE, () => new Promise(() => {}), 1);
    pipeline.add(alpha, SAVE, append('next'), 2);
    expect(await pipeline.apply('acme', SAVE, 'start')).toBe('start next');
    while (budgets.running) await setTimeout(10);
    expect(frames).toEqual([undefined]);
  });

  it('is all that is waited for: when a value is through, the timer of the budgets stops', async () => {
    const slow = new FilterPipeline({ faults, limits: { ...limits, filterMs: 60_000 }, budgets });
    for (const name of ['one', 'two']) slow.add(alpha, SAVE, appendLater(name), 10);
    const applied = slow.apply('acme', SAVE, 'start');
    expect(budgets.running).toBe(true);
    expect(await applied).toBe('start one two');
    while (budgets.running) await setTimeout(10);
  });

  it('cannot reach the value any more, whatever it does to what it was given', async () => {
    let given = { risk: { score: 0 } };
    pipeline.add(
      alpha,
      SAVE,
      (value: typeof given) => {
        given = value;
        return new Promise(() => {});
      },
      1,
    );
    const result = await pipeline.apply('acme', SAVE, { risk: { score: 1 } });
    given.risk.score = 9;
    expect(result).toEqual({ risk: { score: 1 } });
  });
});

describe('filters that lead to filters', () => {
  it('are refused below the limit, as a fault of the plugin that applies and an error to it', async () => {
    let runs = 0;
    pipeline.add(
      alpha,
      SAVE,
      async (value: string) => {
        runs++;
        return pipeline.apply('acme', SAVE, `${value} in`);
      },
      1,
    );
    expect(await pipeline.apply('acme', SAVE, 'start')).toBe('start in in in');
    expect(runs).toBe(4);
    expect(faults.lines).toEqual(['alpha: filter risk:before_save: FILTER_RECURSION']);
  });
});

describe('draining a plugin', () => {
  it('waits until the value has passed its filters, not until it is through', async () => {
    let passAlpha = (_: string): void => {};
    let passBeta = (_: string): void => {};
    pipeline.add(alpha, SAVE, () => new Promise<string>((resolve) => (passAlpha = resolve)), 1);
    const beta = new TestPlugin('beta');
    pipeline.add(beta, SAVE, () => new Promise<string>((resolve) => (passBeta = resolve)), 2);
    const applied = pipeline.apply('acme', SAVE, 'start');
    let drained = false;
    const whenDrained = pipeline.drained(alpha.key).then(() => {
      drained = true;
    });
    await pipeline.drained(beta.key);
    await setImmediate();
    expect(drained).toBe(false);
    passAlpha('alpha');
    await whenDrained;
    passBeta('beta');
    expect(await applied).toBe('beta');
    await pipeline.drained(beta.key);
  });
});
