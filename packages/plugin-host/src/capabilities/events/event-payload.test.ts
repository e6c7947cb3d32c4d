import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DeliveredPayload, toDeliveredPayload } from './event-payload.js';

const stamp = {
  event: 'risk:created',
  tenant: 'acme',
  timestamp: Date.UTC(2024, 11, 1),
  triggeredBy: { userId: 0 },
};
const deliver = (payload: unknown): DeliveredPayload => toDeliveredPayload(payload, stamp);
const field = (value: unknown): unknown => deliver({ value }).value;

describe('a delivered payload', () => {
  it('is what JSON makes of the emitted one', () => {
    fc.assert(
      fc.property(
        fc.anything({ withNullPrototype: true, withSparseArray: true, withBoxedValues: true }),
        (value) => {
          expect(field(value)).toStrictEqual(JSON.parse(JSON.stringify({ value })).value);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is frozen all the way down and shares nothing with the emitted one', () => {
    const emitted = { risk: { tags: ['gdpr'], owner: { id: 7 } } };
    const payload = deliver(emitted) as unknown as typeof emitted;
    for (const part of [payload, payload.risk, payload.risk.tags, payload.risk.owner]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    emitted.risk.owner.id = 8;
    emitted.risk.tags.push('iso-27001');
    expect(payload.risk).toEqual({ tags: ['gdpr'], owner: { id: 7 } });
    expect(Object.isFrozen(emitted.risk)).toBe(false);
  });

  it('carries the tenant and the time of the host, whatever the emitter wrote', () => {
    const payload = deliver({ riskId: 1, tenant: 'globex', timestamp: new Date(0) });
    expect({ ...payload }).toEqual({
      riskId: 1,
      tenant: 'acme',
      timestamp: new Date(stamp.timestamp),
      triggeredBy: { userId: 0 },
    });
  });

  it('says who triggered it: the one the emitter names, else the one it is told', () => {
    expect(deliver({ triggeredBy: { userId: 7, name: 'Dana' } }).triggeredBy).toEqual({
      userId: 7,
      name: 'Dana',
    });
    expect(deliver({ triggeredBy: null }).triggeredBy).toEqual({ userId: 0 });
    const lifecycle = toDeliveredPayload(
      { pluginId: 'x', triggeredBy: { userId: 7 } },
      { ...stamp, triggeredBy: undefined },
    );
    expect(Object.keys(lifecycle)).toEqual(['pluginId', 'tenant', 'timestamp']);
  });

  it('holds dates as dates, a fresh one for each reader', () => {
    const due = new Date('2025-01-31T10:00:00Z');
    const payload = deliver({ due, list: [due], nested: { due } }) as unknown as {
      due: Date;
      list: Date[];
      nested: { due: Date };
    };
    payload.due.setFullYear(1999);
    payload.list[0]?.setFullYear(1999);
    payload.nested.due.setFullYear(1999);
    expect([payload.due, payload.list[0], payload.nested.due]).toEqual([due, due, due]);
    expect(payload.due).not.toBe(due);
    expect(JSON.parse(JSON.stringify(payload)).nested).toEqual({ due: '2025-01-31T10:00:00.000Z' });
    expect(Object.keys(payload)).toEqual(['due', 'list', 'nested', 'tenant', 'timestamp', 'triggeredBy']);
  });

  it('leaves strings that merely look like dates alone', () => {
    expect(field('2025-01-31T10:00:00.000Z')).toBe('2025-01-31T10:00:00.000Z');
    expect(field(new Date(Number.NaN))).toBeNull();
  });

  it('asks toJSON first, with the key, once, and keeps the dates in what it answers', () => {
    const asked: string[] = [];
    const entity = {
      toJSON(key: string) {
        asked.push(key);
        return { id: 1, createdAt: new Date(0), password: undefined };
      },
    };
    expect({ ...(field(entity) as object) }).toEqual({ id: 1, createdAt: new Date(0) });
    expect(asked).toEqual(['value']);
    expect(field({ toJSON: () => ({ id: 2, toJSON: () => 'asked again' }) })).toEqual({ id: 2 });
    expect(field({ toJSON: () => new Date(0) })).toEqual(new Date(0));
    expect(deliver({ toJSON: () => ({ riskId: 3 }) })).toMatchObject({ riskId: 3 });
  });

  it('keeps a field called __proto__ a field', () => {
    const payload = deliver(JSON.parse('{"risk": {"__proto__": {"isAdmin": true}}}'));
    expect((payload.risk as { isAdmin?: boolean }).isAdmin).toBeUndefined();
    expect(Object.keys(payload.risk as object)).toEqual(['__proto__']);
  });

  it('leaves out what an object merely inherits', () => {
    expect(field(Object.assign(Object.create({ inherited: 1 }), { own: 2 }))).toEqual({ own: 2 });
  });

  it('is empty but for the stamp when nothing was emitted', () => {
    expect(Object.keys(deliver(undefined))).toEqual(['tenant', 'timestamp', 'triggeredBy']);
  });
});

const circle: { self?: unknown } = {};
circle.self = circle;
let deep: object = {};
for (let i = 0; i < 20_000; i++) deep = { deep };

describe('a payload JSON cannot hold is refused with PAYLOAD_INVALID:', () => {
  it.each([
    ['a circle', { circle }, '"self" is part of a circle, or nested more than 200 deep'],
    ['nesting without end', { deep }, '"deep" is part of a circle, or nested more than 200 deep'],
    ['a bigint', { amount: 10n }, '"amount" is a bigint'],
    ['a bigint in a list', { amounts: [1, 10n] }, '"1" is a bigint'],
    ['a list', [1, 2], 'it is not an object'],
    ['a string', 'risk', 'it is not an object'],
    ['a date', new Date(), 'it is not an object'],
    ['a toJSON that gives no object', { toJSON: () => 'risk' }, 'it is not an object'],
    [
      'a getter that throws',
      {
        get risk() {
          throw new Error('no connection');
        },
      },
      'reading it failed: no connection',
    ],
  ])('%s', (_, payload, reason) => {
    expect(() => deliver(payload)).toThrow(
      expect.objectContaining({
        code: 'PAYLOAD_INVALID',
        message: `The payload of risk:created cannot be delivered: ${reason}`,
      }),
    );
  });
});
