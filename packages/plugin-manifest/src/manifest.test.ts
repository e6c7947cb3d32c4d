import { describe, expect, it } from 'vitest';
import { minimalManifest, specificationJson } from '../test/specification.js';
import { parseManifest, validateManifest } from './manifest.js';
import { isManifestError, ManifestError } from './manifest-error.js';

const issuesOf = (changes: object) => validateManifest(minimalManifest(changes)).issues;

describe('the specification', () => {
  it.each(['§4 Plugin Manifest', 'Appendix C manifest.json'])(
    'has in %s a manifest in the strict form',
    (heading) => {
      const text = specificationJson(heading);
      expect(validateManifest(text)).toEqual({ manifest: JSON.parse(text), issues: [], warnings: [] });
    },
  );

  it('has in §7.1 a configuration in the strict form', () => {
    const { config } = JSON.parse(specificationJson('§7.1 Configuration Schema'));
    expect(validateManifest(minimalManifest({ config }))).toMatchObject({
      manifest: { config },
      issues: [],
      warnings: [],
    });
  });
});

describe('parseManifest', () => {
  it('reads bytes, text and values alike', () => {
    const value = minimalManifest();
    const text = JSON.stringify(value);
    for (const source of [value, text, Buffer.from(text), new TextEncoder().encode(text)]) {
      expect(parseManifest(source)).toEqual(value);
    }
  });

  it('strips a byte order mark', () => {
    const text = `\uFEFF${JSON.stringify(minimalManifest())}`;
    expect(parseManifest(text).id).toBe('my-plugin');
    expect(parseManifest(Buffer.from(text)).id).toBe('my-plugin');
  });

  it('throws everything that is wrong at once, recognised without instanceof', () => {
    try {
      parseManifest({
        id: 'Bad_Id',
        version: '1.2.3.4',
        author: {},
        type: 'plugin',
        tags: 'x',
        permissions: [7],
      });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ManifestError);
      expect(isManifestError(error)).toBe(true);
      if (!isManifestError(error)) return;
      expect(error.code).toBe('MANIFEST_INVALID');
      expect(error.message).toContain('/version: must be a version, X.Y or X.Y.Z');
      expect(error.issues.map((issue) => issue.path).sort()).toEqual(
        [
          '/author/name',
          '/description',
          '/id',
          '/name',
          '/permissions/0',
          '/tags',
          '/type',
          '/version',
        ].sort(),
      );
    }
    expect(isManifestError(new Error('MANIFEST_INVALID'))).toBe(false);
  });

  it('leaves unknown fields behind and does not change what it is given', () => {
    const given = minimalManifest({
      $schema: 'https://example.com/s.json',
      custom: 1,
      author: { name: 'A', email: 'a@b.c' },
    });
    const before = structuredClone(given);
    expect(parseManifest(given)).toEqual(minimalManifest({ author: { name: 'A' } }));
    expect(given).toEqual(before);
  });

  it('keeps every known field', () => {
    const full = minimalManifest({
      version: '1.2',
      author: { name: 'A', url: 'https://example.com' },
      homepage: 'https://example.com/docs',
      repository: 'http://example.com/repo',
      support: 'https://example.com/issues',
      tags: ['a'],
      permissions: ['config:read'],
      compatibility: { minVersion: '1.6', api: 1 },
      dependencies: { 'other-plugin': '>=1.0.0 <2.0' },
      main: 'dist/index.js',
      ui: {
        dashboardWidgets: [
          { widgetId: 'w', title: 'W', template: 'table', endpoint: '/w', config: { pageSize: 10 } },
        ],
        page: { title: 'P', anything: { goes: true } },
      },
      install: { transactional: false },
      runs: {
        owner: 'team',
        capabilities: ['briefing'],
        schemaVersion: 'v1',
        defaultConfig: { topics: [] },
        settingsSchema: 'settings.schema.json',
      },
      config: {
        text: {
          type: 'string',
          required: true,
          description: 'd',
          enum: ['aa', 'bb'],
          pattern: '^[ab]+$',
          minLength: 1,
          maxLength: 3,
        },
        key: { type: 'string', secret: true },
        count: { type: 'number', default: 1, min: 0, max: 2 },
        flag: { type: 'boolean', default: false },
        list: { type: 'array', default: ['x'], items: { type: 'string' } },
        group: {
          type: 'object',
          default: { port: 1 },
          properties: { port: { type: 'number', default: 25 } },
        },
      },
    });
    expect(validateManifest(full)).toEqual({ manifest: full, issues: [], warnings: [] });
  });
});

describe('a field', () => {
  const WORDS = 'must be lower-case words joined by single hyphens';
  const URL_WORDS = 'must be an http or https address';
  const VERSION_WORDS = 'must be a version, X.Y or X.Y.Z';

  it.each(['id', 'name', 'description', 'version', 'author', 'type', 'permissions'])(
    '%s is required',
    (field) => {
      const manifest = minimalManifest();
      delete manifest[field];
      expect(validateManifest(manifest).issues).toEqual([{ path: `/${field}`, message: 'is required' }]);
    },
  );

  it.each<[object, string, string]>([
    [{ id: 'Slack' }, '/id', WORDS],
    [{ id: 'slack_notifications' }, '/id', WORDS],
    [{ id: 'a'.repeat(51) }, '/id', 'must be at most 50 characters long'],
    [{ id: 7 }, '/id', 'must be a string'],
    [{ id: 'upload' }, '/id', '"upload" is reserved'],
    [{ name: '' }, '/name', 'must not be empty'],
    [{ name: 'x'.repeat(51) }, '/name', 'must be at most 50 characters long'],
    [{ description: 'x'.repeat(201) }, '/description', 'must be at most 200 characters long'],
    [{ version: '1' }, '/version', VERSION_WORDS],
    [{ version: '1.2.3.4' }, '/version', VERSION_WORDS],
    [{ version: '1.2.3-' }, '/version', VERSION_WORDS],
    [{ author: 7 }, '/author', 'must be an object'],
    [{ author: { name: '' } }, '/author/name', 'must not be empty'],
    [{ author: { name: 'A', url: 'example.com' } }, '/author/url', URL_WORDS],
    [{ homepage: 'javascript:alert(1)' }, '/homepage', URL_WORDS],
    [{ homepage: 'https://exa mple.com' }, '/homepage', URL_WORDS],
    [{ repository: 'git@github.com:a/b.git' }, '/repository', URL_WORDS],
    [{ support: 'mailto:a@b.c' }, '/support', URL_WORDS],
    [{ tags: 'a' }, '/tags', 'must be a list'],
    [{ tags: ['a', 7] }, '/tags/1', 'must be a string'],
    [{ permissions: 'config:read' }, '/permissions', 'must be a list'],
    [{ permissions: [null] }, '/permissions/0', 'must be a string'],
    [{ config: [] }, '/config', 'must be an object'],
    [{ compatibility: '1.6.0' }, '/compatibility', 'must be an object'],
    [{ compatibility: { minVersion: '>=1.6.0' } }, '/compatibility/minVersion', VERSION_WORDS],
    [{ compatibility: { api: 0 } }, '/compatibility/api', 'must be at least 1'],
    [{ compatibility: { api: '1' } }, '/compatibility/api', 'must be a whole number'],
    [{ dependencies: ['a'] }, '/dependencies', 'must be an object'],
    [{ dependencies: { Other: '>=1.0.0' } }, '/dependencies/Other', WORDS],
    [
      { dependencies: { tags: '>=1.0.0' } },
      '/dependencies/tags',
      '"tags" is reserved, so no plugin has this id',
    ],
    [{ dependencies: { other: '*' } }, '/dependencies/other', 'must be a range of versions'],
    [{ dependencies: { other: '' } }, '/dependencies/other', 'must not be empty'],
    [{ dependencies: { other: 1 } }, '/dependencies/other', 'must be a string'],
    [{ dependencies: { 'my-plugin': '>=1.0.0' } }, '/dependencies/my-plugin', 'is the plugin itself'],
    [{ main: '../index.js' }, '/main', 'must name a file of the package'],
    [{ main: '/index.js' }, '/main', 'must name a file of the package'],
    [{ install: { transactional: 'no' } }, '/install/transactional', 'must be true or false'],
    [{ runs: { settingsSchema: 'C:\\x.json' } }, '/runs/settingsSchema', 'must name a file of the package'],
    [{ ui: { dashboardWidgets: [{}] } }, '/ui/dashboardWidgets/0/widgetId', 'is required'],
  ])('%j is refused at %s', (changes, path, message) => {
    expect(issuesOf(changes)).toContainEqual(expect.objectContaining({ path, message }));
  });

  it('is named once, also where two rules refuse it', () => {
    expect(issuesOf({ homepage: 'nonsense' })).toHaveLength(1);
    expect(issuesOf({ type: 7 })).toEqual([{ path: '/type', message: 'must be a string' }]);
  });

  it('counts characters as people do', () => {
    expect(issuesOf({ name: '🙂'.repeat(50) })).toEqual([]);
  });
});

describe('a near miss', () => {
  it.each<[object, string, string]>([
    [{ type: 'intergration' }, '/type', 'Did you mean "integration"?'],
    [{ type: 'Feature' }, '/type', 'Did you mean "feature"?'],
    [
      { ui: { dashboardWidgets: [{ widgetId: 'w', title: 'W', template: 'stat-card', endpoint: '/' }] } },
      '/ui/dashboardWidgets/0/template',
      'Did you mean "stats-card"?',
    ],
    [{ config: { a: { type: 'sting' } } }, '/config/a/type', 'Did you mean "string"?'],
    [{ id: 'Slack Notifications' }, '/id', 'Did you mean "slack-notifications"?'],
    [{ id: 'slack_notifications' }, '/id', 'Did you mean "slack-notifications"?'],
    [
      { dependencies: { Other_Plugin: '>=1.0.0' } },
      '/dependencies/Other_Plugin',
      'Did you mean "other-plugin"?',
    ],
  ])('%j', (changes, path, hint) => {
    expect(issuesOf(changes).find((issue) => issue.path === path)?.hint).toBe(hint);
  });

  it('of a required field is named with it', () => {
    const { permissions: _, ...rest } = minimalManifest({ permisions: [] });
    expect(validateManifest(rest).issues).toEqual([
      { path: '/permissions', message: 'is required', hint: 'Rename "permisions" to "permissions".' },
    ]);
  });
});
