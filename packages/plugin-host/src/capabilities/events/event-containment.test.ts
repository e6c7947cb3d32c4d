import { setImmediate, setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { currentFrame, runAttributed } from '../../foundation/attribution.js';
import { BudgetTimer, CallInFlight } from '../../foundation/budget.js';
import { FaultLog } from '../../foundation/fixtures/fault-log.js';
import { gate, hasSettled } from '../../foundation/fixtures/gate.js';
import { TestPlugin } from '../../foundation/fixtures/test-plugin.js';
import { EventDispatcher } from './event-dispatcher.js';

const RISK = 'risk:created';

let faults: FaultLog;
let budgets: BudgetTimer;
let dispatcher: EventDispatcher;
let calls: string[];

const limits = { eventHandlerMs: 30, eventDepth: 4 };

beforeEach(() => {
  faults = new FaultLog();
  budgets = new BudgetTimer();
  dispatcher = new EventDispatcher({ faults, limits, budgets, clock: () => Date.UTC(2024, 11, 1) });
  calls = [];
});

afterEach(() => budgets.close());

const call = (name: string) => (): void => {
  calls.push(name);
};

describe('a handler that fails', () => {
  it('disturbs neither the other handlers nor the emitter, and is filed as a contained fault', async () => {
    const throwing = (message: string) => () => {
      throw new Error(message);
    };
    const plugin = new TestPlugin('alpha');
    dispatcher.subscribe(plugin, RISK, throwing('at once'));
    dispatcher.subscribe(plugin, RISK, async () => throwing('later')());
    dispatcher.subscribe(plugin, RISK, call('alpha'));
    dispatcher.subscribe(new TestPlugin('beta'), RISK, async () => {
      await setImmediate();
      throwing('much later')();
    });
    dispatcher.subscribe(new TestPlugin('gamma'), RISK, () => Promise.reject(undefined));
    dispatcher.subscribe(new TestPlugin('delta'), RISK, call('delta'));
    await dispatcher.emit('acme', RISK, {});
    expect(calls.sort()).toEqual(['alpha', 'delta']);
    expect(faults.lines.sort()).toEqual([
      'alpha: event risk:created: at once',
      'alpha: event risk:created: later',
      'beta: event risk:created: much later',
      'gamma: event risk:created: undefined',
    ]);
    expect(new Set(faults.faults.map(({ kind }) => kind))).toEqual(new Set(['contained']));
  });

  it('leaves no rejection unhandled, though an earlier handler is still at work when it fails', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    const { opened, open } = gate();
    dispatcher.subscribe(new TestPlugin('alpha'), RISK, () => opened);
    dispatcher.subscribe(new TestPlugin('beta'), RISK, () => Promise.reject(new Error('early')));
    const emitted = dispatcher.emit('acme', RISK, {});
    await setTimeout(5);
    open();
    await emitted;
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
    expect(faults.lines).toEqual(['beta: event risk:created: early']);
  });

  it('may have a promise of its own making', async () => {
    const thenable = (then: unknown) => () => ({ then });
    dispatcher.subscribe(
      new TestPlugin('alpha'),
      RISK,
      // biome-ignore lint/suspicious/noThenProperty: what a plugin may return
      () => ({ then: (_: unknown, reject: (error: Error) => void) => reject(new Error('thenable')) }),
    );
    dispatcher.subscribe(new TestPlugin('beta'), RISK, thenable('no function'));
    dispatcher.subscribe(
      new TestPlugin('gamma'),
      RISK,
      thenable(() => {
        throw new Error('throwing then');
      }),
    );
    dispatcher.subscribe(new TestPlugin('delta'), RISK, () => Object.create(Promise.prototype));
    dispatcher.subscribe(new TestPlugin('epsilon'), RISK, call('epsilon'));
    await dispatcher.emit('acme', RISK, {});
    expect(calls).toEqual(['epsilon']);
    expect(faults.lines.map((line) => line.split(':')[0]).sort()).toEqual(['alpha', 'delta', 'gamma']);
  });

  it('is filed outside the frame of the plugin, since filing is the doing of the host', async () => {
    const frames: unknown[] = [];
    const watching = new EventDispatcher({
      faults: { report: () => frames.push(currentFrame()), denied: () => {} },
      limits,
      budgets,
    });
    watching.subscribe(new TestPlugin('alpha'), RISK, () => {
      throw new Error('at once');
    });
    watching.subscribe(new TestPlugin('beta'), RISK, async () => {
      await setImmediate();
      throw new Error('later');
    });
    watching.subscribe(new TestPlugin('gamma'), RISK, () => gate().opened);
    await watching.emit('acme', RISK, {});
    expect(frames).toEqual([undefined, undefined, undefined]);
  });
});

describe('a handler that does not come back', () => {
  it('is given up when its budget is spent and filed as PLUGIN_TIMEOUT; what it does later changes nothing', async () => {
    const { opened, open } = gate();
    dispatcher.subscribe(new TestPlugin('alpha'), RISK, async () => {
      await opened;
      throw new Error('too late');
    });
    dispatcher.subscribe(new TestPlugin('beta'), RISK, async () => calls.push('beta'));
    await dispatcher.emit('acme', RISK, {});
    expect(calls).toEqual(['beta']);
    expect(faults.lines).toEqual(['alpha: event risk:created: PLUGIN_TIMEOUT']);
    expect(faults.faults[0]?.error).toMatchObject({
      message: 'event risk:created of plugin "alpha" did not finish within 30 ms.',
    });
    open();
    await setTimeout(5);
    expect(faults.faults).toHaveLength(1);
  });

  it('does not take the turn of the next handler of its plugin, whose end it does not stand for either', async () => {
    const plugin = new TestPlugin('alpha');
    const [late, next] = [gate(), gate()];
    dispatcher.subscribe(plugin, RISK, () => late.opened);
    dispatcher.subscribe(plugin, RISK, async () => {
      calls.push(`its turn, in ${currentFrame()?.callback}`);
      late.open();
      await next.opened;
      calls.push('through');
    });
    const emitted = dispatcher.emit('acme', RISK, {});
    while (calls.length === 0) await setTimeout(5);
    expect(await hasSettled(emitted)).toBe(false);
    next.open();
    await emitted;
    expect(calls).toEqual(['its turn, in event risk:created', 'through']);
    expect(faults.lines).toEqual(['alpha: event risk:created: PLUGIN_TIMEOUT']);
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
    const plugin = new TestPlugin('alpha');
    dispatcher.subscribe(plugin, RISK, () => gate().opened);
    dispatcher.subscribe(plugin, RISK, call('its turn'));
    await dispatcher.emit('acme', RISK, {});
    expect(calls).toEqual(['its turn']);
    while (budgets.running) await setTimeout(10);
    expect(frames).toEqual([undefined]);
  });

  it('leaves nothing behind: when all handlers are through, the timer of the budgets stops', async () => {
    const slow = new EventDispatcher({ faults, limits: { ...limits, eventHandlerMs: 60_000 }, budgets });
    const [alpha, beta] = [new TestPlugin('alpha'), new TestPlugin('beta')];
    for (const plugin of [alpha, beta, beta]) slow.subscribe(plugin, RISK, () => setImmediate());
    const emitted = slow.emit('acme', RISK, {});
    expect(budgets.running).toBe(true);
    await emitted;
    while (budgets.running) await setTimeout(10);
  });

  it('may take as long as it likes where there is no budget', async () => {
    const patient = new EventDispatcher({ faults, limits: { ...limits, eventHandlerMs: 0 }, budgets });
    const { opened, open } = gate();
    patient.subscribe(new TestPlugin('alpha'), RISK, () => opened);
    const emitted = patient.emit('acme', RISK, {});
    expect(budgets.running).toBe(false);
    open();
    await emitted;
    expect(faults.faults).toEqual([]);
  });
});

describe('the frame of a handler', () => {
  it('names the plugin and the event, also to what the handler starts', async () => {
    const seen: (string | undefined)[] = [];
    const note = (): void => {
      const frame = currentFrame();
      seen.push(frame && `${frame.key.pluginId}: ${frame.callback} at depth ${frame.depth}`);
    };
    const fires: Promise<void>[] = [];
    for (const id of ['alpha', 'beta']) {
      dispatcher.subscribe(new TestPlugin(id), RISK, async () => {
        note();
        fires.push(setTimeout(5).then(note));
        await setImmediate();
        note();
      });
    }
    await dispatcher.emit('acme', RISK, {});
    await Promise.all(fires);
    expect(currentFrame()).toBeUndefined();
    expect(seen.sort()).toEqual([
      ...Array(3).fill('alpha: event risk:created at depth 1'),
      ...Array(3).fill('beta: event risk:created at depth 1'),
    ]);
  });

  it('is gone for the emitter when emit returns and when it resolves', async () => {
    const plugin = new TestPlugin('alpha');
    dispatcher.subscribe(plugin, RISK, () => setImmediate());
    dispatcher.subscribe(plugin, RISK, () => setImmediate());
    const hook = { key: new TestPlugin('beta').key, callback: 'onEnable', depth: 0 };
    await runAttributed(hook, async () => {
      const emitted = dispatcher.emit('acme', RISK, {});
      expect(currentFrame()).toBe(hook);
      await emitted;
      expect(currentFrame()).toBe(hook);
    });
  });
});

describe('events that lead to events', () => {
  it('are refused below the limit, as a fault of the plugin that emits and an error to it', async () => {
    const caught: unknown[] = [];
    dispatcher.subscribe(new TestPlugin('alpha'), RISK, async () => {
      calls.push('alpha');
      await dispatcher.emit('acme', 'risk:updated', {}).catch((error) => {
        caught.push(error);
        throw error;
      });
    });
    dispatcher.subscribe(new TestPlugin('beta'), 'risk:updated', async () => {
      calls.push('beta');
      await setImmediate();
      await dispatcher.emit('acme', RISK, {});
    });
    await dispatcher.emit('acme', RISK, {});
    expect(calls).toEqual(['alpha', 'beta', 'alpha', 'beta']);
    expect(faults.lines).toEqual(['beta: event risk:updated: EVENT_RECURSION']);
    expect(faults.faults[0]?.error).toMatchObject({ details: { event: RISK, depth: 4 } });
    expect(caught).toEqual([]);
  });

  it('go on at their own depth when the handlers of one plugin take turns', async () => {
    const plugin = new TestPlugin('alpha');
    const depths: (number | undefined)[] = [];
    const note = async (): Promise<void> => {
      depths.push(currentFrame()?.depth);
      await setImmediate();
    };
    dispatcher.subscribe(plugin, 'risk:updated', note);
    dispatcher.subscribe(plugin, 'risk:updated', note);
    dispatcher.subscribe(new TestPlugin('beta'), RISK, async () => {
      await setImmediate();
      await dispatcher.emit('acme', 'risk:updated', {});
    });
    await dispatcher.emit('acme', RISK, {});
    expect(depths).toEqual([2, 2]);
  });
});
