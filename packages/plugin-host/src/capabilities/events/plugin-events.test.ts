import { beforeEach, describe, expect, it } from 'vitest';
import { FaultLog } from '../../foundation/fixtures/fault-log.js';
import { TestPlugin } from '../../foundation/fixtures/test-plugin.js';
import { DEFAULT_LIMITS } from '../../foundation/limits.js';
import { Scope } from '../../foundation/scope.js';
import { EventDispatcher } from './event-dispatcher.js';
import { PluginEvents } from './plugin-events.js';

const RISK = 'risk:created';

let dispatcher: EventDispatcher;
let plugin: TestPlugin;
let events: PluginEvents;
let calls: string[];

const call = (name: string) => (): void => {
  calls.push(name);
};

beforeEach(() => {
  dispatcher = new EventDispatcher({ faults: new FaultLog(), limits: DEFAULT_LIMITS });
  plugin = new TestPlugin('alpha');
  events = new PluginEvents(plugin, dispatcher);
  calls = [];
});

describe('the events of a plugin', () => {
  it('reach the plugins of its own tenant, itself included', async () => {
    const others = ['acme', 'globex'].map(
      (tenant) => new PluginEvents(new TestPlugin('beta', tenant), dispatcher),
    );
    for (const [index, other] of others.entries()) other.on('alpha:scored', call(`other ${index}`));
    events.on('alpha:scored', (payload: { score: number; tenant: string }) => {
      calls.push(`${payload.score} for ${payload.tenant}`);
    });
    await events.emit('alpha:scored', { score: 5, tenant: 'globex' });
    expect(calls).toEqual(['other 0', '5 for acme']);
  });

  it('go to a handler until it is taken off, once for each time it was added', async () => {
    const handler = call('handler');
    events.on(RISK, handler);
    events.on(RISK, handler);
    events.off(RISK, handler);
    await events.emit(RISK, {});
    expect(calls).toHaveLength(1);
    events.off(RISK, handler);
    events.off(RISK, handler);
    events.off('risk:deleted', handler);
    await events.emit(RISK, {});
    expect(calls).toHaveLength(1);
    expect(plugin.scope.size).toBe(0);
  });

  it('take off, of a handler added several times, the one added last', async () => {
    const twice = call('twice');
    events.on(RISK, twice);
    events.on(RISK, call('between'));
    events.on(RISK, twice);
    events.off(RISK, twice);
    await events.emit(RISK, {});
    expect(calls).toEqual(['twice', 'between']);
  });

  it('end with the scope they were added in', async () => {
    const loading = plugin.scope;
    events.on(RISK, call('loading'));
    plugin.scope = new Scope();
    events.on(RISK, call('enabling'));
    await plugin.scope.dispose();
    await events.emit(RISK, {});
    expect(calls).toEqual(['loading']);
    await loading.dispose();
    expect(dispatcher.listens('acme', RISK)).toBe(false);
  });

  it('cannot be listened to by what has outlived its scope', async () => {
    await plugin.scope.dispose();
    const handler = call('handler');
    events.on(RISK, handler);
    expect(dispatcher.listens('acme', RISK)).toBe(false);
    events.off(RISK, handler);
  });

  it('take no name but a non-empty string, and no handler but a function', async () => {
    const bad = (value: unknown): never => value as never;
    const invalid = expect.objectContaining({ code: 'HANDLER_INVALID' });
    for (const name of ['', undefined, 7, Symbol('x')]) {
      expect(() => events.on(bad(name), () => {})).toThrow(invalid);
      expect(() => events.off(bad(name), () => {})).toThrow(invalid);
      await expect(events.emit(bad(name), {})).rejects.toEqual(invalid);
    }
    for (const handler of [undefined, null, {}, 'handler']) {
      expect(() => events.on(RISK, bad(handler))).toThrow(invalid);
      expect(() => events.off(RISK, bad(handler))).toThrow(invalid);
    }
    expect(plugin.scope.size).toBe(0);
  });
});
