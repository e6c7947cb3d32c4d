import type { ConfigField, ConfigSchema } from '@verifywise/plugin-types';
import { describe, expect, it } from 'vitest';
import { minimalManifest, specificationJson } from '../test/specification.js';
import { createConfigValidator } from './config-validator.js';
import { parseManifest } from './manifest.js';

const issuesFor = (schema: ConfigSchema, values: unknown) => {
  const result = createConfigValidator(schema).validate(values);
  return result.ok ? [] : result.issues;
};
const messageFor = (field: ConfigField, value: unknown): string | undefined =>
  issuesFor({ a: field }, { a: value })[0]?.message;

const SMTP: ConfigSchema = {
  smtp: {
    type: 'object',
    properties: {
      host: { type: 'string', required: true },
      port: { type: 'number', default: 25, min: 1 },
      password: { type: 'string', secret: true, required: true },
    },
  },
};
const ACCOUNTS: ConfigSchema = {
  apiKey: { type: 'string', secret: true, required: true },
  accounts: {
    type: 'array',
    items: {
      type: 'object',
      properties: {
        name: { type: 'string' },
        token: { type: 'string', secret: true, required: true },
        keys: { type: 'array', items: { type: 'string', secret: true } },
      },
    },
  },
};

describe('every constraint of §7.2', () => {
  it.each<[ConfigField, unknown, unknown, string]>([
    [{ type: 'string' }, 'x', 1, 'must be a string'],
    [{ type: 'string' }, '', true, 'must be a string'],
    [{ type: 'string', enum: ['info', 'warn'] }, 'warn', 'error', 'must be one of "info", "warn"'],
    [
      { type: 'string', enum: ['info', 'warn'] },
      'info',
      'infos',
      'must be one of "info", "warn". Did you mean "info"?',
    ],
    [{ type: 'string', pattern: '^a+$' }, 'aaa', 'aab', 'must match the pattern ^a+$'],
    [{ type: 'string', pattern: 'b' }, 'abc', 'ac', 'must match the pattern b'],
    [{ type: 'string', minLength: 2 }, 'ab', 'a', 'must be at least 2 characters long'],
    [{ type: 'string', minLength: 1 }, 'a', '', 'must not be empty'],
    [{ type: 'string', maxLength: 2 }, '🙂🙂', 'abc', 'must be at most 2 characters long'],
    [{ type: 'number' }, -1.5, '1', 'must be a number'],
    [{ type: 'number' }, 0, Number.NaN, 'must be a number'],
    [{ type: 'number', min: 10 }, 10, 9.99, 'must be at least 10'],
    [{ type: 'number', max: 3600 }, 3600, 3601, 'must be at most 3600'],
    [{ type: 'boolean' }, false, 'false', 'must be true or false'],
    [{ type: 'boolean' }, true, 1, 'must be true or false'],
    [{ type: 'array', items: { type: 'string' } }, ['a'], 'a', 'must be a list'],
    [{ type: 'array', items: { type: 'string' } }, [], { 0: 'a' }, 'must be a list'],
    [{ type: 'object', properties: {} }, {}, [], 'must be an object'],
    [{ type: 'object', properties: {} }, {}, null, 'must be an object'],
  ])('%j takes %j, not %j', (field, good, bad, message) => {
    expect(messageFor(field, good)).toBeUndefined();
    expect(messageFor(field, bad)).toBe(message);
  });

  it('is checked inside lists and groups, under the dotted path', () => {
    const schema: ConfigSchema = {
      ports: { type: 'array', items: { type: 'number', min: 1 } },
      ...SMTP,
      ...ACCOUNTS,
    };
    const values = { ports: [1, 0], smtp: { port: 0 }, accounts: [{}, { token: 7 }, 'x'] };
    expect(issuesFor(schema, values)).toEqual([
      { field: 'ports.1', message: 'must be at least 1' },
      { field: 'smtp.port', message: 'must be at least 1' },
      { field: 'accounts.1.token', message: 'must be a string' },
      { field: 'accounts.2', message: 'must be an object' },
    ]);
  });
});

describe('validate', () => {
  it('lists every field that fails', () => {
    const { config } = JSON.parse(specificationJson('§7.1 Configuration Schema'));
    expect(
      issuesFor(config, {
        apiKey: 7,
        syncInterval: 5,
        environment: 'prod',
        enabledFeatures: ['a', 1],
        emailPattern: 'nobody',
        extra: 1,
      })
        .map(({ field }) => field)
        .sort(),
    ).toEqual(['apiKey', 'emailPattern', 'enabledFeatures.1', 'environment', 'extra', 'syncInterval']);
  });

  it('answers a copy of good values, neither converted nor completed', () => {
    const values = { list: [{ a: 1 }] };
    const result = createConfigValidator({
      list: {
        type: 'array',
        items: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number', default: 2 } } },
      },
      other: { type: 'string', default: 'x' },
    }).validate(values);
    expect(result).toEqual({ ok: true, value: { list: [{ a: 1 }] } });
    expect(result.ok && result.value.list).not.toBe(values.list);
  });

  it('tests each field with its own pattern', () => {
    const schema: ConfigSchema = {
      letters: { type: 'string', pattern: '^[a-z]+$' },
      digits: { type: 'string', pattern: '^[0-9]+$' },
    };
    expect(issuesFor(schema, { letters: 'abc', digits: '123' })).toEqual([]);
    expect(issuesFor(schema, { letters: '123', digits: 'abc' })).toEqual([
      { field: 'letters', message: 'must match the pattern ^[a-z]+$' },
      { field: 'digits', message: 'must match the pattern ^[0-9]+$' },
    ]);
  });

  it('refuses unknown keys and says what they may have been', () => {
    expect(issuesFor({ channel: { type: 'string' } }, { chanel: 'x', zzz: 1 })).toEqual([
      { field: 'chanel', message: 'is not known. Did you mean "channel"?' },
      { field: 'zzz', message: 'is not known' },
    ]);
    expect(issuesFor(SMTP, { smtp: { hots: 'x' } })).toEqual([
      { field: 'smtp.hots', message: 'is not known. Did you mean "host"?' },
    ]);
  });

  it.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'])(
    'refuses the unknown key %s',
    (key) => {
      const issues = issuesFor({ channel: { type: 'string' } }, JSON.parse(`{"${key}": {"polluted": true}}`));
      expect(issues).toEqual([{ field: key, message: 'is not known' }]);
    },
  );

  it('does not find inherited members where a setting is called like one', () => {
    const fields: [string, ConfigField][] = [
      ['toString', { type: 'string' }],
      ['valueOf', { type: 'number', required: true }],
    ];
    const schema: ConfigSchema = Object.fromEntries(fields);
    const validator = createConfigValidator(schema);
    expect(validator.validate({})).toEqual({ ok: true, value: {} });
    expect(validator.validate({ toString: 1 }).ok).toBe(false);
    expect(validator.missing({})).toEqual(['valueOf']);
    expect(validator.defaults).toEqual({});
  });

  it('does not ask for what is required: that blocks enabling, not saving', () => {
    expect(issuesFor({ ...SMTP, ...ACCOUNTS }, { smtp: {}, accounts: [{}] })).toEqual([]);
  });

  it.each([[null], [[]], ['x'], [undefined]])('refuses %j as a configuration', (values) =>
    expect(issuesFor({ a: { type: 'string' } }, values)).toContainEqual({
      field: '(root)',
      message: 'must be an object',
    }),
  );

  it('refuses text that cannot be stored', () => {
    expect(messageFor({ type: 'string' }, 'a\u0000')).toBe('holds a NUL character, which cannot be stored');
    expect(messageFor({ type: 'string' }, '\udc00')).toBe(
      'holds half of a character, which cannot be stored',
    );
  });

  it('refuses a date where a group is expected', () => {
    expect(messageFor({ type: 'object', properties: {} }, new Date(0))).toBe('must be a plain JSON object');
  });

  it('never repeats a value', () => {
    const schema: ConfigSchema = {
      key: { type: 'string', secret: true, minLength: 100, pattern: '^x$', enum: ['x'] },
      token: { type: 'string', secret: true },
    };
    expect(JSON.stringify(issuesFor(schema, { key: 'hunter2', token: ['hunter2'] }))).not.toContain(
      'hunter2',
    );
  });

  it('names at most 100 failures', () => {
    const values = { list: Array.from({ length: 5_000 }, () => 'x') };
    expect(issuesFor({ list: { type: 'array', items: { type: 'number' } } }, values)).toHaveLength(100);
  });

  it('keeps two validators apart', () => {
    const a = createConfigValidator({ x: { type: 'string', pattern: '^a$' } });
    const b = createConfigValidator({ x: { type: 'string', pattern: '^b$' } });
    expect([a.validate({ x: 'a' }).ok, b.validate({ x: 'a' }).ok, a.validate({ x: 'b' }).ok]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('is done with a pattern that would keep a backtracking engine busy', () => {
    const hostile = `${'a'.repeat(50_000)}!`;
    expect(messageFor({ type: 'string', pattern: '^(a+)+$' }, hostile)).toBe(
      'must match the pattern ^(a+)+$',
    );
  });
});

describe('the schema', () => {
  it('may be that of any manifest that was parsed', () => {
    const manifest = parseManifest(
      minimalManifest({ config: { level: { type: 'select', options: ['low', 'high'], required: true } } }),
    );
    const validator = createConfigValidator(manifest.config ?? {});
    expect(validator.validate({ level: 'low' }).ok).toBe(true);
    expect(validator.validate({ level: 'none' }).ok).toBe(false);
  });

  it('may be empty', () => {
    expect(createConfigValidator({}).validate({})).toEqual({ ok: true, value: {} });
  });
});
