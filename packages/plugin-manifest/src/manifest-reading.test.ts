import { describe, expect, it } from 'vitest';
import { minimalManifest } from '../test/specification.js';
import { validateManifest } from './manifest.js';

const issuesOf = (changes: object) => validateManifest(minimalManifest(changes)).issues;
const warningsOf = (changes: object) => validateManifest(minimalManifest(changes)).warnings;

describe('tolerant reading', () => {
  it.each<[string, object, object, object]>([
    [
      'an author as text',
      { author: 'VerifyWise' },
      { author: { name: 'VerifyWise' } },
      { path: '/author', message: 'must be an object', hint: 'Write {"name": "VerifyWise"}.' },
    ],
    [
      'an author as npm writes it',
      { author: 'Ann Other <ann@example.com> (https://example.com)' },
      { author: { name: 'Ann Other', url: 'https://example.com' } },
      { path: '/author' },
    ],
    ['no tags', { tags: undefined }, { tags: [] }, { path: '/tags', message: 'is required' }],
    [
      'minCoreVersion',
      { compatibility: { minCoreVersion: '1.6.0' } },
      { compatibility: { minVersion: '1.6.0' } },
      { path: '/compatibility/minCoreVersion', message: 'is an older name of minVersion' },
    ],
    [
      'minCoreVersion beside minVersion, which wins',
      { compatibility: { minCoreVersion: '1.0.0', minVersion: '1.6.0' } },
      { compatibility: { minVersion: '1.6.0' } },
      { path: '/compatibility/minCoreVersion' },
    ],
    [
      'a select with options',
      { config: { level: { type: 'select', options: ['low', 'high'], default: 'low' } } },
      { config: { level: { type: 'string', enum: ['low', 'high'], default: 'low' } } },
      { path: '/config/level/type', message: '"select" is not a type' },
    ],
    [
      'a select with labelled options, nested',
      {
        config: {
          g: {
            type: 'object',
            properties: {
              l: { type: 'array', items: { type: 'select', options: [{ value: 'a', label: 'A' }] } },
            },
          },
        },
      },
      {
        config: {
          g: { type: 'object', properties: { l: { type: 'array', items: { type: 'string', enum: ['a'] } } } },
        },
      },
      { path: '/config/g/properties/l/items/type' },
    ],
    [
      'a widget with id',
      {
        ui: {
          dashboardWidgets: [
            { id: 'w', pluginId: 'my-plugin', title: 'W', template: 'list', endpoint: '/w' },
          ],
        },
      },
      { ui: { dashboardWidgets: [{ widgetId: 'w', title: 'W', template: 'list', endpoint: '/w' }] } },
      { path: '/ui/dashboardWidgets/0/id', message: 'is an older name of widgetId' },
    ],
    [
      'a page without title',
      { ui: { page: {} } },
      { ui: { page: { title: 'My Plugin' } } },
      { path: '/ui/page/title' },
    ],
    [
      'unknown permissions, kept',
      { permissions: ['event:listen', 'banana'] },
      { permissions: ['event:listen', 'banana'] },
      {
        path: '/permissions/0',
        message: '"event:listen" is not a permission and grants nothing',
        hint: 'Did you mean "events:listen"?',
      },
    ],
    [
      'older names of permissions, kept',
      { permissions: ['events:subscribe'] },
      { permissions: ['events:subscribe'] },
      {
        path: '/permissions/0',
        message: '"events:subscribe" is an older name of events:listen',
        hint: 'Write "events:listen".',
      },
    ],
    [
      'a permission named twice',
      { permissions: ['config:read', 'config:read'] },
      { permissions: ['config:read'] },
      { path: '/permissions', message: 'must not name anything twice' },
    ],
    ['a tag named twice', { tags: ['a', 'a', 'A'] }, { tags: ['a', 'A'] }, { path: '/tags' }],
    [
      'an unknown top-level key',
      { dependancies: {} },
      {},
      { path: '/dependancies', message: 'is not known and is ignored', hint: 'Did you mean "dependencies"?' },
    ],
    [
      'an unknown nested key',
      { compatibility: { maxVersion: '2.0.0' } },
      { compatibility: {} },
      { path: '/compatibility/maxVersion', hint: 'Did you mean "minVersion"?' },
    ],
    [
      'an unknown option of a setting',
      { config: { a: { type: 'string', placeholder: 'x' } } },
      { config: { a: { type: 'string' } } },
      { path: '/config/a/placeholder', message: 'is not known and is ignored' },
    ],
    [
      'an option of another type',
      { config: { a: { type: 'string', min: 1 } } },
      { config: { a: { type: 'string' } } },
      { path: '/config/a/min' },
    ],
    [
      'a setting that cannot be secret and says it is not',
      { config: { a: { type: 'number', secret: false } } },
      { config: { a: { type: 'number' } } },
      { path: '/config/a/secret', message: 'is not known and is ignored' },
    ],
    [
      'a permission called like an inherited member',
      { permissions: ['valueOf'] },
      { permissions: ['valueOf'] },
      { path: '/permissions/0', message: '"valueOf" is not a permission and grants nothing' },
    ],
    [
      'a dependency without an operator',
      { dependencies: { other: '1.0.0' } },
      { dependencies: { other: '1.0.0' } },
      {
        path: '/dependencies/other',
        message: 'has a version without an operator',
        hint: 'Write "=1.0.0", or >= for any later one.',
      },
    ],
    ['a main with ./', { main: './dist/index.js' }, { main: 'dist/index.js' }, {}],
  ])('of %s', (_, written, read, warning) => {
    const { manifest, issues, warnings } = validateManifest(minimalManifest(written));
    expect(issues).toEqual([]);
    expect(manifest).toEqual(minimalManifest(read));
    if (Object.keys(warning).length > 0) expect(warnings).toContainEqual(expect.objectContaining(warning));
    else expect(warnings).toEqual([]);
  });

  it('does not complain about $schema', () => {
    expect(warningsOf({ $schema: './manifest.schema.json' })).toEqual([]);
  });

  it('reports what is wrong where it was written', () => {
    expect(issuesOf({ compatibility: { minCoreVersion: 'latest' } })[0]?.path).toBe(
      '/compatibility/minCoreVersion',
    );
    expect(issuesOf({ config: { a: { type: 'select', options: [1] } } })[0]?.path).toBe(
      '/config/a/options/0',
    );
    expect(
      issuesOf({ ui: { dashboardWidgets: [{ id: '', title: 'W', template: 'list', endpoint: '/' }] } })[0]
        ?.path,
    ).toBe('/ui/dashboardWidgets/0/id');
  });

  it('still warns when there are issues too', () => {
    const { manifest, issues, warnings } = validateManifest(minimalManifest({ author: 'A', version: 'x' }));
    expect(manifest).toBeUndefined();
    expect(issues).toHaveLength(1);
    expect(warnings).toHaveLength(1);
  });
});
