import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { valueNotStorable } from './errors/index.js';
import { deepFreeze, isPlainObject, MAX_JSON_DEPTH, toStorableJson } from './json.js';

const nested = (depth: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
};

const refusal = (value: unknown, path?: string): { code?: string; path?: unknown; reason?: unknown } => {
  try {
    toStorableJson(value, path === undefined ? {} : { path });
  } catch (error) {
    const { code, details } = error as ReturnType<typeof valueNotStorable>;
    return { code, ...details };
  }
  return {};
};

describe('toStorableJson', () => {
  it('writes what JSON can hold so that it reads back the same', () => {
    const json = fc.jsonValue({ maxDepth: 5, stringUnit: 'grapheme-composite' });
    const storable = json.filter((value) => !JSON.stringify(value).includes('\\u0000'));
    fc.assert(
      fc.property(storable, (value) => {
        expect(JSON.parse(toStorableJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('applies toJSON, so dates become ISO strings', () => {
    const value = { at: new Date('2025-01-02T03:04:05Z'), money: { toJSON: (key: string) => `for ${key}` } };
    expect(toStorableJson(value)).toBe('{"at":"2025-01-02T03:04:05.000Z","money":"for money"}');
  });

  it('stores -0 as 0, and keeps every other number exactly', () => {
    expect(toStorableJson([-0, 5e-324, 2 ** 53 + 2, 1e21])).toBe('[0,5e-324,9007199254740994,1e+21]');
  });

  it.each([
    ['undefined in an array', [undefined], 'undefined'],
    ['NaN', Number.NaN, 'NaN'],
    ['Infinity', Number.POSITIVE_INFINITY, 'Infinity'],
    ['a bigint', 10n, 'a bigint'],
    ['a function', () => 1, 'a function'],
    ['a symbol', Symbol('x'), 'a symbol'],
    ['an invalid date', new Date('never'), 'an invalid date'],
    ['a Map', new Map([['a', 1]]), 'a Map'],
    ['a Set', new Set([1]), 'a Set'],
    ['an Error', new Error('x'), 'an Error'],
    ['a RegExp', /x/, 'a regular expression'],
    ['a Promise', Promise.resolve(1), 'not awaited'],
    ['a typed array', new Uint8Array(2), 'binary'],
    ['a boxed number', Object(1) as unknown, 'boxed'],
    ['a NUL character', 'a\0b', 'NUL'],
    ['a lone surrogate', 'a\ud800b', 'surrogate'],
    ['a hole of an array', new Array(1), 'undefined'],
  ])('refuses %s, naming where it stands', (_, value, reason) => {
    const found = refusal({ list: [1, { inner: value }] }, 'settings');
    expect(found.code).toBe('VALUE_NOT_STORABLE');
    expect(found.path).toMatch(/^settings\.list\[1\]\.inner(\[0\])?$/);
    expect(found.reason).toContain(reason);
  });

  it('leaves out members that are undefined, as JSON does, and refuses undefined by itself', () => {
    expect(toStorableJson({ a: undefined, b: 1 })).toBe('{"b":1}');
    expect(refusal(undefined).reason).toContain('undefined');
  });

  it('refuses NUL characters and lone surrogates in keys too', () => {
    expect(refusal({ 'a\0': 1 })).toMatchObject({ path: '["a\\u0000"]', code: 'VALUE_NOT_STORABLE' });
    expect(refusal({ '\udc00': 1 })).toMatchObject({ code: 'VALUE_NOT_STORABLE' });
  });

  it('refuses circles but not the same object twice', () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(refusal(circle)).toMatchObject({ path: 'self', reason: 'it contains itself' });
    const shared = { a: 1 };
    expect(toStorableJson([shared, shared])).toBe('[{"a":1},{"a":1}]');
  });

  it('allows 200 levels and not one more, however deep the value is', () => {
    expect(toStorableJson(nested(MAX_JSON_DEPTH))).toHaveLength(2 * MAX_JSON_DEPTH + 1);
    expect(refusal(nested(MAX_JSON_DEPTH + 1)).reason).toContain('200');
    expect(refusal(nested(50_000)).reason).toContain('200');
  });

  it('turns a throwing getter, toJSON or proxy into a refusal with its path', () => {
    const boom = () => {
      throw new Error('boom');
    };
    expect(refusal({ a: Object.defineProperty({}, 'g', { get: boom, enumerable: true }) }).path).toBe('a.g');
    expect(refusal({ a: { toJSON: boom } }).path).toBe('a');
    expect(refusal({ a: new Proxy({}, { ownKeys: boom }) }).path).toBe('a');
  });

  it('keeps a key named __proto__ a key', () => {
    const value: unknown = JSON.parse('{"__proto__":{"polluted":true}}');
    expect(toStorableJson(value)).toBe('{"__proto__":{"polluted":true}}');
  });
});

describe('deepFreeze', () => {
  it('freezes objects and arrays all the way down and leaves dates usable', () => {
    const value = deepFreeze({ list: [{ a: 1 }], at: new Date(0) });
    expect(Object.isFrozen(value.list[0])).toBe(true);
    expect(() => value.list.push({ a: 2 })).toThrow(TypeError);
    value.at.setTime(1);
    expect(value.at.getTime()).toBe(1);
  });

  it('copes with circles, buffers and very deep values', () => {
    const circle: { self?: unknown; bytes: Buffer } = { bytes: Buffer.from('x') };
    circle.self = circle;
    expect(Object.isFrozen(deepFreeze(circle))).toBe(true);
    expect(Object.isFrozen(deepFreeze(nested(50_000)))).toBe(true);
  });
});

describe('isPlainObject', () => {
  it('knows literals, of this realm and others, from everything else', () => {
    const foreign: unknown = runInNewContext('({ a: 1 })');
    expect([{}, Object.create(null), foreign].map(isPlainObject)).toEqual([true, true, true]);
    expect([[], null, 'x', new Date(), new Map(), new (class A {})()].map(isPlainObject)).toEqual([
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});
