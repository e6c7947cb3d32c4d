import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type Budget, BudgetTimer, CallInFlight } from './budget.js';
import { type PluginKey, samePlugin } from './plugin-key.js';

const alpha: PluginKey = { tenant: 'acme', pluginId: 'alpha' };
const beta: PluginKey = { tenant: 'acme', pluginId: 'beta' };

class Call extends CallInFlight {
  overran = 0;
  readonly late: Promise<void>;
  readonly #key: PluginKey;
  #resolve: () => void = () => {};

  constructor(key = alpha) {
    super();
    this.#key = key;
    this.late = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  override waitsFor(key: PluginKey): boolean {
    return samePlugin(this.#key, key);
  }

  override overrun(): void {
    this.overran++;
    this.#resolve();
  }
}

function started(budget: Budget, key?: PluginKey): Call {
  const call = new Call(key);
  budget.start(call);
  return call;
}

/** Says whether the call has ended in time. */
const end = (budget: Budget, call: Call): boolean => {
  const inTime = call.inFlight;
  budget.end(call);
  budget.settle();
  return inTime;
};

let timer = new BudgetTimer();
afterEach(() => {
  timer.close();
  timer = new BudgetTimer();
});

describe('a budget', () => {
  it('tells a call that it has overrun, once, and not before its time', async () => {
    const order: string[] = [];
    const budget = timer.budget(40);
    setTimeout(40).then(() => order.push('the time is up'));
    const call = started(budget);
    await call.late;
    order.push('told');
    await setTimeout(40);
    expect(order).toEqual(['the time is up', 'told']);
    expect(call.overran).toBe(1);
  });

  it('says of an outcome whether it came in time', async () => {
    const budget = timer.budget(20);
    const [quick, slow] = [started(budget), started(budget)];
    expect(end(budget, quick)).toBe(true);
    await slow.late;
    expect(end(budget, slow)).toBe(false);
    expect(quick.overran).toBe(0);
  });

  it('keeps several in the order they fall due, whichever end first', async () => {
    const budget = timer.budget(20);
    const calls = [1, 2, 3, 4, 5].map(() => started(budget));
    const [first, , third, , fifth] = calls as [Call, Call, Call, Call, Call];
    for (const call of [third, first, fifth]) expect(end(budget, call)).toBe(true);
    await Promise.all([calls[1]?.late, calls[3]?.late]);
    expect(calls.map(({ overran }) => overran)).toEqual([0, 1, 0, 1, 0]);
    expect(budget.idle).toBe(true);
  });

  it('begins the time of a call anew when the call goes on to wait for another plugin', async () => {
    const budget = timer.budget(20);
    const order: string[] = [];
    const [again, once, last] = [started(budget), started(budget), started(budget)];
    again.late.then(() => order.push('again'));
    once.late.then(() => order.push('once'));
    budget.start(last);
    budget.start(again);
    await Promise.all([again.late, once.late, last.late]);
    expect(order).toEqual(['once', 'again']);
    expect(budget.idle).toBe(true);
  });

  it.each([0, Number.POSITIVE_INFINITY])('of %d never ends a call and needs no timer', async (ms) => {
    const budget = timer.budget(ms);
    const call = started(budget);
    expect(timer.running).toBe(false);
    // Another budget's timer does not end it either.
    await started(timer.budget(20)).late;
    expect(call.overran).toBe(0);
    expect(end(budget, call)).toBe(true);
  });

  it('does not blame a call for time in which nothing could run', async () => {
    const budget = timer.budget(20);
    const call = started(budget);
    const blockedUntil = performance.now() + 100;
    while (performance.now() < blockedUntil);
    await setImmediate();
    expect(end(budget, call)).toBe(true);
  });

  it('is drained of a plugin when the last call that waits for it has ended', async () => {
    const budget = timer.budget(60_000);
    const calls = [started(budget), started(budget), started(budget, beta)] as const;
    let drained = false;
    const whenDrained = budget.drained(alpha).then(() => {
      drained = true;
    });
    end(budget, calls[0]);
    await setImmediate();
    expect(drained).toBe(false);
    end(budget, calls[1]);
    await whenDrained;
    await budget.drained({ tenant: 'other', pluginId: 'beta' });
    end(budget, calls[2]);
    await budget.drained(beta);
  });

  it('is drained of a call that overran', async () => {
    const budget = timer.budget(20);
    started(budget);
    await budget.drained(alpha);
    expect(budget.idle).toBe(true);
  });
});

describe('the timer of all budgets', () => {
  it('runs only while something is in flight, and again when something is', async () => {
    const budget = timer.budget(20);
    expect(timer.running).toBe(false);
    for (let round = 0; round < 2; round++) {
      const call = started(budget);
      expect(timer.running).toBe(true);
      end(budget, call);
      while (timer.running) await setTimeout(5);
    }
  });

  it('does not keep the process alive', () => {
    const before = process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    started(timer.budget(20));
    expect(timer.running).toBe(true);
    expect(process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout')).toHaveLength(
      before,
    );
  });

  it('stops for good when it is closed', async () => {
    const budget = timer.budget(20);
    const call = started(budget);
    timer.close();
    started(budget);
    expect(timer.running).toBe(false);
    await setTimeout(60);
    expect(call.overran).toBe(0);
    expect(end(budget, call)).toBe(true);
  });

  it('does not hold on to what the first caller keeps in storages of its own', async () => {
    const requests = new AsyncLocalStorage<string>();
    const budget = timer.budget(20);
    const call = new (class extends Call {
      store: string | undefined = 'none yet';
      override overrun(): void {
        this.store = requests.getStore();
        super.overrun();
      }
    })();
    requests.run('request 1', () => budget.start(call));
    await call.late;
    expect(call.store).toBeUndefined();
  });
});
