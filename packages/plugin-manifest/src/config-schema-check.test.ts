import { describe, expect, it } from 'vitest';
import { minimalManifest } from '../test/specification.js';
import { validateManifest } from './manifest.js';

const issuesOf = (config: object) => validateManifest(minimalManifest({ config })).issues;
const group = (properties: object, rest: object = {}) => ({ type: 'object', properties, ...rest });

describe('the key of a setting', () => {
  it.each(['a', 'webhookUrl', 'WEBHOOK_URL', 'a1_', 'a'.repeat(64), 'toString', 'hasOwnProperty'])(
    'may be %s',
    (key) => expect(issuesOf({ [key]: { type: 'string' } })).toEqual([]),
  );

  it.each(['1a', '_a', 'a-b', 'a.b', 'a b', '', 'ä', 'a'.repeat(65), '$ref'])('may not be %j', (key) => {
    const [issue, ...others] = issuesOf({ [key]: { type: 'string' } });
    expect(others).toEqual([]);
    expect(issue).toEqual(
      expect.objectContaining({
        path: `/config/${key}`,
        message: 'must have a name of letters, digits and underscores',
      }),
    );
  });

  it('is checked in groups as well', () => {
    expect(issuesOf({ g: group({ 'a-b': { type: 'string' } }) })[0]?.path).toBe('/config/g/properties/a-b');
    expect(issuesOf({ g: group({ constructor: { type: 'string' } }) })[0]?.path).toBe(
      '/config/g/properties/constructor',
    );
  });
});

describe('the type of a setting', () => {
  it.each<[object, string, string]>([
    [{ a: {} }, '/config/a/type', 'is required'],
    [
      { a: { type: 'date' } },
      '/config/a/type',
      'must be one of "string", "number", "boolean", "array", "object"',
    ],
    [{ a: { type: ['string'] } }, '/config/a/type', 'must be a string'],
    [{ a: 'string' }, '/config/a', 'must be an object'],
    [{ a: { type: 'array' } }, '/config/a/items', 'is required'],
    [{ a: { type: 'array', items: {} } }, '/config/a/items/type', 'is required'],
    [
      { a: { type: 'array', items: { type: 'text' } } },
      '/config/a/items/type',
      'must be one of "string", "number", "boolean", "array", "object"',
    ],
    [{ a: { type: 'object' } }, '/config/a/properties', 'is required'],
    [
      { a: group({ b: { type: 'url' } }) },
      '/config/a/properties/b/type',
      'must be one of "string", "number", "boolean", "array", "object"',
    ],
    [
      { a: group({ b: { type: 'array', items: group({ c: {} }) } }) },
      '/config/a/properties/b/items/properties/c/type',
      'is required',
    ],
  ])('%j', (config, path, message) => {
    expect(issuesOf(config)).toEqual([expect.objectContaining({ path, message })]);
  });
});

describe('an option', () => {
  it.each<[object, string, string]>([
    [{ type: 'string', required: 'yes' }, 'required', 'must be true or false'],
    [{ type: 'string', secret: 'true' }, 'secret', 'must be true or false'],
    [{ type: 'string', description: 7 }, 'description', 'must be a string'],
    [{ type: 'string', enum: 'a' }, 'enum', 'must be a list'],
    [{ type: 'string', enum: [] }, 'enum', 'must not be empty'],
    [{ type: 'string', enum: ['a', 'a'] }, 'enum', 'must not name anything twice'],
    [{ type: 'string', enum: ['a', 1] }, 'enum/1', 'must be a string'],
    [{ type: 'string', pattern: '' }, 'pattern', 'must not be empty'],
    [{ type: 'string', minLength: -1 }, 'minLength', 'must be at least 0'],
    [{ type: 'string', maxLength: 1.5 }, 'maxLength', 'must be a whole number'],
    [{ type: 'number', min: '1' }, 'min', 'must be a number'],
    [{ type: 'object', properties: [] }, 'properties', 'must be an object'],
    [{ type: 'number', secret: true }, 'secret', 'only a setting of type string can be secret'],
    [
      { type: 'object', properties: {}, secret: true },
      'secret',
      'only a setting of type string can be secret',
    ],
    [{ type: 'string', secrets: true }, 'secrets', 'is not known'],
    [{ type: 'string', Secret: true }, 'Secret', 'is not known'],
    [{ type: 'string', isSecret: true }, 'isSecret', 'is not known'],
  ])('%j', (field, option, message) => {
    expect(issuesOf({ a: field })).toEqual([
      expect.objectContaining({ path: `/config/a/${option}`, message }),
    ]);
  });
});

describe('a contradiction', () => {
  it.each<[object, string, string]>([
    [{ type: 'number', min: 10, max: 5 }, 'min', 'must not be greater than max, which is 5'],
    [
      { type: 'string', minLength: 3, maxLength: 2 },
      'minLength',
      'must not be greater than maxLength, which is 2',
    ],
    [{ type: 'string', default: 7 }, 'default', 'must be a string'],
    [{ type: 'number', default: '7' }, 'default', 'must be a number'],
    [{ type: 'boolean', default: 'false' }, 'default', 'must be true or false'],
    [{ type: 'string', default: null }, 'default', 'must be a string'],
    [{ type: 'number', default: 5, min: 10 }, 'default', 'must be at least 10'],
    [{ type: 'number', default: 5000, max: 3600 }, 'default', 'must be at most 3600'],
    [{ type: 'string', default: 'x', minLength: 2 }, 'default', 'must be at least 2 characters long'],
    [{ type: 'string', default: 'xxx', maxLength: 2 }, 'default', 'must be at most 2 characters long'],
    [{ type: 'string', default: 'c', enum: ['a', 'b'] }, 'default', 'must be one of "a", "b"'],
    [{ type: 'string', default: 'c', pattern: '^[ab]$' }, 'default', 'must match the pattern ^[ab]$'],
    [{ type: 'array', default: ['a', 1], items: { type: 'string' } }, 'default/1', 'must be a string'],
    [{ type: 'array', default: [5], items: { type: 'number', min: 10 } }, 'default/0', 'must be at least 10'],
    [group({ port: { type: 'number' } }, { default: { port: 'x' } }), 'default/port', 'must be a number'],
    [group({ port: { type: 'number' } }, { default: { prot: 1 } }), 'default/prot', 'is not known'],
    [
      group({ port: { type: 'number', min: 1, default: 0 } }),
      'properties/port/default',
      'must be at least 1',
    ],
    [
      { type: 'string', enum: ['ok', 'toolong'], maxLength: 3 },
      'enum/1',
      'must be at most 3 characters long',
    ],
    [{ type: 'string', enum: ['a', 'B'], pattern: '^[a-z]$' }, 'enum/1', 'must match the pattern ^[a-z]$'],
  ])('%j', (field, path, message) => {
    expect(issuesOf({ a: field })).toEqual([expect.objectContaining({ path: `/config/a/${path}`, message })]);
  });

  it('is not seen where there is none', () => {
    expect(
      issuesOf({
        number: { type: 'number', min: 5, max: 5, default: 5 },
        text: {
          type: 'string',
          minLength: 2,
          maxLength: 2,
          enum: ['ab', 'cd'],
          pattern: '^[a-d]+$',
          default: 'cd',
        },
        blank: { type: 'string', default: '' },
        group: group({ port: { type: 'number', min: 1, default: 25 } }, { default: {} }),
        list: { type: 'array', items: { type: 'array', items: { type: 'boolean' } }, default: [[true], []] },
      }),
    ).toEqual([]);
  });

  it('is reported for every setting, each in its own place', () => {
    expect(
      issuesOf({
        a: { type: 'number', min: 2, max: 1 },
        b: { type: 'string', default: 'x', enum: ['y'] },
        c: { type: 'string', pattern: '(' },
        d: { type: 'nothing' },
        e: { type: 'number', default: 1 },
      })
        .map((issue) => issue.path)
        .sort(),
    ).toEqual(['/config/a/min', '/config/b/default', '/config/c/pattern', '/config/d/type']);
  });
});

describe('a secret', () => {
  const READABLE = 'everyone who has the package could read it';

  it.each<[string, object, string]>([
    ['directly', { a: { type: 'string', secret: true, default: 'hunter2' } }, '/config/a/default'],
    ['with an empty text', { a: { type: 'string', secret: true, default: '' } }, '/config/a/default'],
    [
      'in a group',
      { a: group({ b: { type: 'string', secret: true, default: 'x' } }) },
      '/config/a/properties/b/default',
    ],
    [
      'by its group',
      { a: group({ b: { type: 'string', secret: true } }, { default: { b: 'x' } }) },
      '/config/a/default/b',
    ],
    [
      'by its list',
      { a: { type: 'array', default: ['x'], items: { type: 'string', secret: true } } },
      '/config/a/default/0',
    ],
    [
      'deep in a list of groups',
      {
        a: {
          type: 'array',
          default: [{}, { t: 'x' }],
          items: group({ t: { type: 'string', secret: true } }),
        },
      },
      '/config/a/default/1/t',
    ],
  ])('may not have a default %s', (_, config, path) => {
    expect(issuesOf(config)).toEqual([
      expect.objectContaining({ path, message: expect.stringContaining(READABLE) }),
    ]);
  });

  it('may have any other option, and stand in groups and lists', () => {
    expect(
      issuesOf({
        key: {
          type: 'string',
          secret: true,
          required: true,
          minLength: 8,
          maxLength: 64,
          pattern: '^[a-z]+$',
        },
        accounts: { type: 'array', default: [], items: group({ token: { type: 'string', secret: true } }) },
      }),
    ).toEqual([]);
  });
});

describe('a pattern', () => {
  it.each([
    '(?=a)',
    'a(?!b)',
    '(?<=a)b',
    '(?<!a)b',
    '(a)\\1',
    'a{1,1001}',
    '((a{100}){100}){100}',
    '[a-z',
    '(',
    '*a',
    'a**',
  ])('%s is refused when the manifest is read', (pattern) => {
    expect(issuesOf({ a: { type: 'string', pattern } })).toEqual([
      {
        path: '/config/a/pattern',
        message: expect.stringMatching(/^PATTERN_UNSUPPORTED: the pattern cannot be used: /),
        hint: expect.stringContaining('RE2'),
      },
    ]);
  });

  it.each([
    '^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\\.[a-zA-Z]{2,}$',
    '^https:\\/\\/',
    '\\d{3}-\\w+',
    '(?<year>\\d{4})',
    '(?i)abc',
    '\\u00e4',
    '\\p{Lu}',
    '(a+)+$',
    'a{1000}',
  ])('%s is accepted', (pattern) => expect(issuesOf({ a: { type: 'string', pattern } })).toEqual([]));

  it('is refused in lists and groups as well', () => {
    const bad = { type: 'string', pattern: '(?=a)' };
    expect(
      issuesOf({ l: { type: 'array', items: bad }, g: group({ b: bad }) }).map((issue) => issue.path),
    ).toEqual(['/config/l/items/pattern', '/config/g/properties/b/pattern']);
  });

  it('that is refused does not hide what else is wrong', () => {
    expect(
      issuesOf({ a: { type: 'string', pattern: '(', default: 'x', minLength: 3, maxLength: 1 } }).map(
        (issue) => issue.path,
      ),
    ).toEqual(['/config/a/minLength', '/config/a/pattern']);
  });
});

describe('the size of a configuration', () => {
  const settings = (count: number, field: object) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, field]));

  it('is 500 settings, wherever they stand', () => {
    expect(issuesOf(settings(500, { type: 'boolean', default: true }))).toEqual([]);
    expect(
      issuesOf({
        ...settings(498, { type: 'boolean' }),
        l: { type: 'array', items: group({ a: { type: 'boolean' } }) },
      }),
    ).toEqual([{ path: '/config', message: 'must have at most 500 settings, but has 501' }]);
  });

  it('is 100 patterns', () => {
    expect(issuesOf(settings(100, { type: 'string', pattern: 'a' }))).toEqual([]);
    expect(issuesOf(settings(101, { type: 'string', pattern: 'a' }))).toEqual([
      { path: '/config', message: 'must have at most 100 patterns, but has 101' },
    ]);
  });
});
