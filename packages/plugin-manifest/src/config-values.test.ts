import type { ConfigSchema } from '@verifywise/plugin-types';
import { describe, expect, it } from 'vitest';
import { specificationJson } from '../test/specification.js';
import { createConfigValidator } from './config-validator.js';
import { parseManifest } from './manifest.js';

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

describe('defaults', () => {
  it('are those of the manifest, frozen', () => {
    const { config = {} } = parseManifest(specificationJson('Appendix C manifest.json'));
    const { defaults } = createConfigValidator(config);
    expect(defaults).toEqual({ greeting: 'Hello', logLevel: 'info' });
    expect(Object.isFrozen(defaults)).toBe(true);
  });

  it('fill in what is not set', () => {
    const validator = createConfigValidator({
      a: { type: 'number', default: 1 },
      b: { type: 'boolean', default: true },
      c: { type: 'string' },
    });
    expect(validator.withDefaults({})).toEqual({ a: 1, b: true });
    expect(validator.withDefaults({ a: 0, b: false, c: '' })).toEqual({ a: 0, b: false, c: '' });
    expect(validator.withDefaults({ a: null, b: undefined })).toEqual({ a: 1, b: true });
  });

  it('inside a group fill in a group that is set, and do not set it', () => {
    const validator = createConfigValidator(SMTP);
    expect(validator.withDefaults({})).toEqual({});
    expect(validator.withDefaults({ smtp: { host: 'x' } })).toEqual({ smtp: { host: 'x', port: 25 } });
    const set = createConfigValidator({
      g: { type: 'object', default: {}, properties: { n: { type: 'number', default: 3 } } },
    });
    expect(set.defaults).toEqual({ g: { n: 3 } });
  });

  it('inside the groups of a list fill in each', () => {
    const validator = createConfigValidator({
      l: { type: 'array', items: { type: 'object', properties: { n: { type: 'number', default: 3 } } } },
    });
    expect(validator.withDefaults({ l: [{}, { n: 1 }] })).toEqual({ l: [{ n: 3 }, { n: 1 }] });
  });

  it('are copied, so one plugin’s change does not reach another', () => {
    const validator = createConfigValidator({
      l: { type: 'array', items: { type: 'string' }, default: ['a'] },
    });
    (validator.withDefaults({}).l as string[]).push('b');
    expect(validator.withDefaults({})).toEqual({ l: ['a'] });
  });
});

describe('secrets', () => {
  const validator = createConfigValidator({ ...SMTP, ...ACCOUNTS, plain: { type: 'string' } });
  const values = {
    smtp: { host: 'h', password: 'p' },
    apiKey: 'k',
    plain: 'x',
    accounts: [{ name: 'n', token: 't', keys: ['1', '2'] }, { token: null }, {}],
    unknown: 'u',
  };

  it('are found by path, in groups and lists', () => {
    expect(validator.secretPaths).toEqual([
      'smtp.password',
      'apiKey',
      'accounts.*.token',
      'accounts.*.keys.*',
    ]);
    expect(createConfigValidator({ a: { type: 'string', secret: false } }).secretPaths).toEqual([]);
  });

  it('are replaced one by one, the rest untouched', () => {
    const before = structuredClone(values);
    expect(validator.mapSecrets(values, (value, field) => `${field}=${value}`)).toEqual({
      smtp: { host: 'h', password: 'smtp.password=p' },
      apiKey: 'apiKey=k',
      plain: 'x',
      accounts: [
        { name: 'n', token: 'accounts.0.token=t', keys: ['accounts.0.keys.0=1', 'accounts.0.keys.1=2'] },
        { token: null },
        {},
      ],
      unknown: 'u',
    });
    expect(values).toEqual(before);
  });

  it('can be left out', () => {
    expect(validator.mapSecrets({ apiKey: 'k', plain: 'x' }, () => undefined)).toEqual({ plain: 'x' });
  });

  it('that are required block enabling while unset, masked or encrypted ones do not', () => {
    expect(validator.missing({})).toEqual(['apiKey']);
    expect(validator.missing({ apiKey: { envelope: 'v1.…' } })).toEqual([]);
    expect(validator.missing({ apiKey: '••••••••' })).toEqual([]);
  });
});

describe('missing', () => {
  it('names required settings without value or default', () => {
    const validator = createConfigValidator({
      text: { type: 'string', required: true },
      number: { type: 'number', required: true },
      flag: { type: 'boolean', required: true },
      list: { type: 'array', required: true, items: { type: 'string' } },
      group: { type: 'object', required: true, properties: {} },
      withDefault: { type: 'string', required: true, default: 'x' },
      emptyDefault: { type: 'string', required: true, default: '' },
      optional: { type: 'string', required: false },
    });
    expect(validator.missing({})).toEqual(['text', 'number', 'flag', 'list', 'group']);
    expect(validator.missing({ text: 'x', number: 0, flag: false, list: [], group: {} })).toEqual([]);
    expect(validator.missing({ text: null, number: undefined, flag: false, list: [], group: {} })).toEqual([
      'text',
      'number',
    ]);
  });

  it('counts an empty text as missing, unless being empty is a choice', () => {
    expect(createConfigValidator({ a: { type: 'string', required: true } }).missing({ a: '' })).toEqual([
      'a',
    ]);
    expect(
      createConfigValidator({ a: { type: 'string', required: true, enum: ['', 'x'] } }).missing({ a: '' }),
    ).toEqual([]);
  });

  it('looks into groups and lists that are set, and only those', () => {
    const validator = createConfigValidator({ ...SMTP, ...ACCOUNTS });
    expect(validator.missing({ apiKey: 'k' })).toEqual([]);
    expect(validator.missing({ apiKey: 'k', smtp: {}, accounts: [{ token: 't' }, {}] })).toEqual([
      'smtp.host',
      'smtp.password',
      'accounts.1.token',
    ]);
  });
});
