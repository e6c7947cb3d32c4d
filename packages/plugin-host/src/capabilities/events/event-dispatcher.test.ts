import { setImmediate, setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { currentFrame, runAttributed } from '../../foundation/attribution.js';
import { BudgetTimer, CallInFlight } from '../../foundation/budget.js';
import { FaultLog } from '../../foundation/fixtures/fault-log.js';
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

/** A promise and what settles it. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

const call = (name: string) => (): void => {
  calls.push(name);
};

/** Whether a promise has settled by now, microtasks included. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let is = false;
  promise.then(
    () => {
      is = true;
    },
    () => {
      is = true;
    },
  );
  await setImmediate();
  return is;
}

describe('whom an event reaches', () => {
  it('reaches the handlers of its tenant and no other', async () => {
    dispatcher.subscribe(new TestPlugin('alpha', 'acme'), RISK, call('acme'));
    dispatcher.subscribe(new TestPlugin('alpha', 'globex'), RISK, call('globex'));
    await dispatcher.emit('acme', RISK, {});
    await dispatcher.emit('acme', 'risk:deleted', {});
    await dispatcher.emit('initech', RISK, {});
    expect(calls).toEqual(['acme']);
  });

  it('passes plugins by while they are not active, and forgets none of them', async () => {
    const [alpha, beta] = [new TestPlugin('alpha'), new TestPlugin('beta')];
    for (const plugin of [alpha, beta]) {
      plugin.active = false;
      dispatcher.subscribe(plugin, RISK, call(plugin.key.pluginId));
    }
    await dispatcher.emit('acme', RISK, {});
    expect(calls).toEqual([]);
    expect(dispatcher.listens('acme', RISK)).toBe(false);
    beta.active = true;
    expect(dispatcher.listens('acme', RISK)).toBe(true);
    await dispatcher.emit('acme', RISK, {});
    alpha.active = true;
    await dispatcher.emit('acme', RISK, {});
    expect(calls).toEqual(['beta', 'alpha', 'beta']);
  });

  it('looks at nothing of an event nobody listens to', async () => {
    let reads = 0;
    const payload = {
      get risk() {
        reads++;
        return 1;
      },
    };
    const sleeping = new TestPlugin('alpha');
    sleeping.active = false;
    dispatcher.subscribe(sleeping, RISK, call('alpha'));
    await dispatcher.emit('acme', RISK, payload);
    await dispatcher.emit('acme', 'risk:deleted', payload);
    expect(reads).toBe(0);
  });

  it('calls a handler added twice twice, and takes one off at a time', async () => {
    const plugin = new TestPlugin('alpha');
    const handler = call('alpha');
    const [takeOff] = [
      dispatcher.subscribe(plugin, RISK, handler),
      dispatcher.subscribe(plugin, RISK, handler),
    ];
    await dispatcher.emit('acme', RISK, {});
    expect(calls).toHaveLength(2);
    takeOff();
    takeOff();
    await dispatcher.emit('acme', RISK, {});
    expect(calls).toHaveLength(3);
  });

  it('calls no handler that an earlier one took off, and none that was added meanwhile', async () => {
    const [alpha, beta, gamma] = [new TestPlugin('alpha'), new TestPlugin('beta'), new TestPlugin('gamma')];
    const takeOff: (() => void)[] = [];
    takeOff.push(
      dispatcher.subscribe(alpha, RISK, () => {
        calls.push('alpha 1');
        for (const each of takeOff) each();
        dispatcher.subscribe(gamma, RISK, call('gamma'));
      }),
    );
    takeOff.push(dispatcher.subscribe(alpha, RISK, call('alpha 2')));
    takeOff.push(dispatcher.subscribe(beta, RISK, call('beta')));
    await dispatcher.emit('acme', RISK, {});
    expect(calls).toEqual(['alpha 1']);
    await dispatcher.emit('acme', RISK, {});
    expect(calls).toEqual(['alpha 1', 'gamma']);
  });

  it('keeps the order of what is left when handlers come and go', async () => {
    const plugins = ['alpha', 'beta'].map((id) => new TestPlugin(id)) as [TestPlugin, TestPlugin];
    const [alpha, beta] = plugins;
    dispatcher.subscribe(alpha, RISK, call('alpha 1'));
    const second = dispatcher.subscribe(alpha, RISK, call('alpha 2'));
    dispatcher.subscribe(beta, RISK, call('beta'));
    dispatcher.subscribe(alpha, RISK, call('alpha 3'));
    second();
    await dispatcher.emit('acme', RISK, {});
    expect(calls).toEqual(['alpha 1', 'alpha 3', 'beta']);
  });
});

describe('what a handler gets', () => {
  it('gets the stamped payload, one frozen object for all, and the context of its own plugin', async () => {
    const [alpha, beta] = [new TestPlugin('alpha'), new TestPlugin('beta')];
    const got: [object, object][] = [];
    for (const plugin of [alpha, beta]) {
      dispatcher.subscribe(plugin, RISK, (payload: object, context) => got.push([payload, context]));
    }
    const risk = { id: 1 };
    await dispatcher.emit('acme', RISK, { risk });
    const [first, second] = got as [[object, object], [object, object]];
    expect({ ...first[0] }).toEqual({
      risk: { id: 1 },
      tenant: 'acme',
      timestamp: new Date('2024-12-01T00:00:00Z'),
      triggeredBy: { userId: 0 },
    });
    expect(first[0]).toBe(second[0]);
    expect(Object.isFrozen(first[0])).toBe(true);
    expect([first[1], second[1]]).toEqual([alpha.context, beta.context]);
  });

  it('learns from which user the event comes, when it is emitted on behalf of one', async () => {
    const got: unknown[] = [];
    const plugin = new TestPlugin('alpha');
    for (const event of [RISK, 'plugin:enabled']) {
      dispatcher.subscribe(plugin, event, ({ triggeredBy }: { triggeredBy?: object }) =>
        got.push(triggeredBy),
      );
    }
    const request = {
      key: plugin.key,
      callback: 'GET /',
      depth: 0,
      triggeredBy: { userId: 7, name: 'Dana' },
    };
    await runAttributed(request, () => dispatcher.emit('acme', RISK, {}));
    await runAttributed(request, () => dispatcher.emit('acme', RISK, { triggeredBy: { userId: 8 } }));
    await runAttributed(request, () => dispatcher.emit('acme', 'plugin:enabled', { pluginId: 'beta' }));
    expect(got).toEqual([{ userId: 7, name: 'Dana' }, { userId: 8 }, undefined]);
  });

  it('may be prepared first and delivered later, to whoever listens then', async () => {
    const prepared = dispatcher.prepare('acme', RISK, { riskId: 1 });
    await dispatcher.dispatch(prepared);
    const got: unknown[] = [];
    dispatcher.subscribe(new TestPlugin('alpha'), RISK, (payload) => got.push(payload));
    await dispatcher.dispatch(prepared);
    expect(got).toEqual([prepared.payload]);
  });

  it('is refused to the emitter where JSON cannot hold it', async () => {
    dispatcher.subscribe(new TestPlugin('alpha'), RISK, call('alpha'));
    await expect(dispatcher.emit('acme', RISK, { amount: 1n })).rejects.toMatchObject({
      code: 'PAYLOAD_INVALID',
    });
    expect(calls).toEqual([]);
    expect(faults.faults).toEqual([]);
  });
});

describe('the order of handlers', () => {
  it('begins the handlers of all plugins at once and waits for all of them', async () => {
    const [first, second] = [gate(), gate()];
    for (const [id, { opened }] of [
      ['alpha', first],
      ['beta', second],
    ] as const) {
      dispatcher.subscribe(new TestPlugin(id), RISK, async () => {
        calls.push(`${id} begins`);
        await opened;
        calls.push(`${id} ends`);
      });
    }
    const emitted = dispatcher.emit('acme', RISK, {});
    expect(calls).toEqual(['alpha begins', 'beta begins']);
    second.open();
    expect(await settled(emitted)).toBe(false);
    first.open();
    await emitted;
    expect(calls).toEqual(['alpha begins', 'beta begins', 'beta ends', 'alpha ends']);
  });

  it('lets the handlers of one plugin take turns', async () => {
    const plugin = new TestPlugin('alpha');
    const { opened, open } = gate();
    dispatcher.subscribe(plugin, RISK, call('first'));
    dispatcher.subscribe(plugin, RISK, async () => {
      calls.push('second begins');
      await opened;
      calls.push('second ends');
    });
    dispatcher.subscribe(plugin, RISK, call('third'));
    dispatcher.subscribe(new TestPlugin('beta'), RISK, call('beta'));
    const emitted = dispatcher.emit('acme', RISK, {});
    expect(calls).toEqual(['first', 'second begins', 'beta']);
    open();
    await emitted;
    expect(calls).toEqual(['first', 'second begins', 'beta', 'second ends', 'third']);
  });

  it('calls no handler of a plugin that was disabled, or that took it off, while it waited for its turn', async () => {
    const plugin = new TestPlugin('alpha');
    dispatcher.subscribe(plugin, RISK, async () => {
      await setImmediate();
      takeOff();
    });
    const takeOff = dispatcher.subscribe(plugin, RISK, call('taken off'));
    dispatcher.subscribe(plugin, RISK, async () => {
      calls.push('last');
      plugin.active = false;
    });
    dispatcher.subscribe(plugin, RISK, call('disabled'));
    await dispatcher.emit('acme', RISK, {});
    expect(calls).toEqual(['last']);
  });
});

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
    expect(await settled(emitted)).toBe(false);
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

describe('draining a plugin', () => {
  it('waits for its own handlers only', async () => {
    const [own, foreign] = [gate(), gate()];
    const [alpha, beta] = [new TestPlugin('alpha'), new TestPlugin('beta')];
    dispatcher.subscribe(alpha, RISK, () => own.opened);
    dispatcher.subscribe(beta, RISK, () => foreign.opened);
    const emitted = dispatcher.emit('acme', RISK, {});
    const drained = dispatcher.drained(alpha.key);
    expect(await settled(drained)).toBe(false);
    own.open();
    await drained;
    expect(await settled(emitted)).toBe(false);
    foreign.open();
    await emitted;
    await dispatcher.drained(beta.key);
  });

  it('waits for the turns of an active plugin to be over, and for one turn of a disabled one', async () => {
    for (const active of [true, false]) {
      const plugin = new TestPlugin('alpha', `tenant where active is ${active}`);
      const [first, second] = [gate(), gate()];
      dispatcher.subscribe(plugin, RISK, () => first.opened);
      dispatcher.subscribe(plugin, RISK, () => second.opened);
      const emitted = dispatcher.emit(plugin.key.tenant, RISK, {});
      plugin.active = active;
      const drained = dispatcher.drained(plugin.key);
      first.open();
      expect(await settled(drained)).toBe(!active);
      second.open();
      await Promise.all([drained, emitted]);
    }
  });

  it('does not wait for a handler that was given up', async () => {
    const plugin = new TestPlugin('alpha');
    dispatcher.subscribe(plugin, RISK, () => gate().opened);
    dispatcher.subscribe(new TestPlugin('beta'), RISK, () => gate().opened);
    const emitted = dispatcher.emit('acme', RISK, {});
    await dispatcher.drained(plugin.key);
    await emitted;
    expect(faults.lines).toHaveLength(2);
  });
});
