import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runAttributed } from '../../foundation/attribution.js';
import { BudgetTimer } from '../../foundation/budget.js';
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
    expect(await hasSettled(emitted)).toBe(false);
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

describe('draining a plugin', () => {
  it('waits for its own handlers only', async () => {
    const [own, foreign] = [gate(), gate()];
    const [alpha, beta] = [new TestPlugin('alpha'), new TestPlugin('beta')];
    dispatcher.subscribe(alpha, RISK, () => own.opened);
    dispatcher.subscribe(beta, RISK, () => foreign.opened);
    const emitted = dispatcher.emit('acme', RISK, {});
    const drained = dispatcher.drained(alpha.key);
    expect(await hasSettled(drained)).toBe(false);
    own.open();
    await drained;
    expect(await hasSettled(emitted)).toBe(false);
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
      expect(await hasSettled(drained)).toBe(!active);
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
