import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MASK, SecretRedactor } from './redact.js';

const redactorOf = (...secrets: string[]) => {
  const redactor = new SecretRedactor();
  for (const secret of secrets) redactor.hold(secret);
  return redactor;
};

const circular = () => {
  const value: Record<string, unknown> = { a: 1 };
  value.self = value;
  return value;
};

describe('SecretRedactor.redact', () => {
  const secret = 'p@ss "w/rd"\n+ü~(1)';
  const redactor = redactorOf(secret);

  it.each([
    ['as it is', secret],
    ['JSON-escaped', JSON.stringify({ secret })],
    ['URL-encoded', `https://x/?key=${encodeURIComponent(secret)}`],
    ['URL-encoded in lower case', encodeURIComponent(secret).toLowerCase()],
    ['form-encoded', new URLSearchParams({ secret }).toString()],
    ['base64', Buffer.from(secret).toString('base64')],
    ['base64url', Buffer.from(secret).toString('base64url')],
    ['Basic authentication, aligned 0', Buffer.from(`ab:${secret}`).toString('base64')],
    ['Basic authentication, aligned 1', Buffer.from(`abc:${secret}`).toString('base64')],
    ['Basic authentication, aligned 2', Buffer.from(`abcd:${secret}!`).toString('base64')],
  ])('masks a secret written %s', (_, text) => {
    const masked = redactor.redact(`before ${text} after`);
    expect(masked).toMatch(/^before .*••••••••.* after$/s);
    expect(masked).not.toContain(text);
    // Whatever is left of a base64 text must not give the secret back.
    for (const part of masked.split(/[^\w+/=-]/)) {
      expect(Buffer.from(part, 'base64').toString()).not.toContain('w/rd');
    }
  });

  it('leaves no trace of any secret in any text', () => {
    const secrets = fc.array(fc.string({ minLength: 4, maxLength: 12 }), { minLength: 1, maxLength: 5 });
    const words = fc.array(fc.oneof(fc.string(), fc.nat(4)), { maxLength: 12 });
    fc.assert(
      fc.property(secrets, words, (held, parts) => {
        const text = parts
          .map((part) => (typeof part === 'number' ? held[part % held.length] : part))
          .join('');
        const masked = redactorOf(...held).redact(text);
        for (const value of held) expect(masked.split(MASK).join('\n\n')).not.toContain(value);
      }),
    );
  });

  it('masks overlapping and nested secrets whole', () => {
    const overlapping = redactorOf('abcdef', 'defghi', 'bcde');
    expect(overlapping.redact('xx abcdefghi yy')).toBe(`xx ${MASK} yy`);
    expect(overlapping.redact('bcde-abcdef')).toBe(`${MASK}-${MASK}`);
  });

  it('masks a secret that reaches over the limit', () => {
    const text = `${'x'.repeat(10)}hunter22${'y'.repeat(10)}`;
    expect(redactorOf('hunter22').redact(text, 12)).toBe(`${'x'.repeat(10)}${MASK}`);
    expect(redactorOf('hunter22').redact(text, 20)).toBe(`${'x'.repeat(10)}${MASK}yy`);
    expect(redactorOf('hunter22').redact(text, 10)).toBe('x'.repeat(10));
  });

  it('ignores secrets shorter than four characters', () => {
    const redacted = redactorOf('abc', '').redact('abc 123');
    expect(redacted).toBe('abc 123');
  });

  it('masks until the last holder has let go, and each holder counts once', () => {
    const shared = new SecretRedactor();
    const first = shared.hold('hunter22');
    const second = shared.hold('hunter22');
    first();
    first();
    expect(shared.redact('hunter22')).toBe(MASK);
    second();
    expect(shared.redact('hunter22')).toBe('hunter22');
    expect(shared.empty).toBe(true);
  });

  it('still finds each one among thousands of secrets, and forgets each', () => {
    const many = new SecretRedactor();
    const secrets = Array.from({ length: 3_000 }, (_, i) => `sk-live-${i}-${(i * 7919).toString(36)}`);
    const releases = secrets.map((value) => many.hold(value));
    for (const value of secrets) expect(many.redact(`key=${value};`)).toBe(`key=${MASK};`);
    releases.forEach((release, i) => {
      if (i % 2 === 0) release();
    });
    expect(many.redact(`<${secrets[0]}>`)).toBe(`<${secrets[0]}>`);
    expect(many.redact(`<${secrets[1]}>`)).toBe(`<${MASK}>`);
  });
});

describe('SecretRedactor.redactValue', () => {
  const redactor = redactorOf('hunter22', '12345678');

  it('masks in nested values, keys, numbers, maps and sets', () => {
    const value = {
      list: [{ hunter22: 'is hunter22' }],
      n: 12345678,
      map: new Map([['k', 'hunter22']]),
      set: new Set(['hunter22']),
    };
    expect(redactor.redactValue(value)).toEqual({
      list: [{ [MASK]: `is ${MASK}` }],
      n: MASK,
      map: [['k', MASK]],
      set: [MASK],
    });
  });

  it('masks in errors: message, stack, cause, properties, and the errors of an aggregate', () => {
    const cause = Object.assign(new Error('login with hunter22'), { url: '/?p=hunter22' });
    const error = new AggregateError([new Error('hunter22')], 'sent hunter22', { cause });
    const masked = redactor.redactValue({ error });
    expect(JSON.stringify(masked)).not.toContain('hunter22');
    expect(masked).toMatchObject({
      error: {
        name: 'AggregateError',
        message: `sent ${MASK}`,
        stack: expect.stringContaining('redact.test.ts'),
        cause: { message: `login with ${MASK}`, url: `/?p=${MASK}` },
        errors: [{ message: MASK }],
      },
    });
  });

  it('copies: the value itself stays as it was', () => {
    const value = { a: ['hunter22'] };
    redactor.redactValue(value);
    expect(value).toEqual({ a: ['hunter22'] });
  });

  it('makes something JSON can write of everything', () => {
    const boom = () => {
      throw new Error('boom');
    };
    const hostile = {
      circle: circular(),
      big: 10n,
      symbol: Symbol('s'),
      fn: boom,
      nan: Number.NaN,
      when: new Date(0),
      never: new Date('never'),
      bytes: Buffer.from('hunter22'),
      getter: Object.defineProperty({}, 'g', { get: boom, enumerable: true }),
      proxy: new Proxy({}, { ownKeys: boom, getPrototypeOf: boom, get: boom }),
      toJSON: undefined,
      json: { toJSON: boom },
      promise: Promise.resolve(1),
      deep: JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`),
      proto: JSON.parse('{"__proto__":{"x":1}}'),
    };
    const text = JSON.stringify(redactor.redactValue(hostile));
    expect(JSON.parse(text)).toMatchObject({
      circle: { a: 1, self: '[circular]' },
      big: '10',
      nan: 'NaN',
      when: '1970-01-01T00:00:00.000Z',
      never: 'Invalid Date',
      bytes: '[8 bytes]',
      getter: { g: '[unreadable]' },
      proxy: '[unreadable]',
      json: '[unreadable]',
    });
    expect(text).toContain('"__proto__":{"x":1}');
  });

  it('is not kept busy by a value that shares its parts a million times', () => {
    let value: unknown = 'x';
    for (let i = 0; i < 11; i++) value = Array.from({ length: 10 }, () => value);
    const text = JSON.stringify(redactor.redactValue(value));
    expect(text.length).toBeLessThan(5_000_000);
    expect(text).toContain('truncated');
  });

  it('does not give its secrets away when printed', () => {
    expect(inspect(redactor, { depth: 10, showHidden: true })).not.toContain('hunter22');
  });
});
