import { describe, expect, it } from 'vitest';
import { specificationJson } from '../test/specification.js';
import { isRegistryError, RegistryError } from './manifest-error.js';
import { parseRegistry } from './registry.js';

const CHECKSUM = `sha256:${'0123456789abcdef'.repeat(4)}`;
const entry = (changes: object = {}): Record<string, unknown> => ({
  id: 'my-plugin',
  name: 'My Plugin',
  description: 'Does something.',
  version: '1.0.0',
  author: { name: 'Author' },
  type: 'feature',
  tags: ['a'],
  download: 'https://example.com/my-plugin-1.0.0.zip',
  checksum: CHECKSUM,
  permissions: ['config:read'],
  dependencies: {},
  ...changes,
});
const registryOf = (...plugins: unknown[]) => ({
  version: '1.0.0',
  generated: '2024-12-07T12:00:00Z',
  plugins,
});
const skippedFor = (written: unknown) => parseRegistry(registryOf(written)).skipped;
const issuesFor = (changes: object) => skippedFor(entry(changes)).flatMap(({ issues }) => issues);
const offered = (changes: object) => parseRegistry(registryOf(entry(changes))).registry.plugins[0];

describe('parseRegistry', () => {
  it('reads the example of §8.3 but for its shortened checksum', () => {
    const written = JSON.parse(specificationJson('§8.3 Registry Format'));
    expect(parseRegistry(written).skipped).toEqual([
      {
        index: 0,
        id: 'slack-notifications',
        issues: [
          {
            path: '/plugins/0/checksum',
            message: 'must be sha256: followed by 64 lower-case hexadecimal digits',
          },
        ],
      },
    ]);
    const [plugin] = written.plugins;
    plugin.checksum = CHECKSUM;
    expect(parseRegistry(written)).toEqual({
      registry: { ...written, plugins: [{ ...plugin, versions: [plugin] }] },
      skipped: [],
    });
  });

  it('reads bytes, text and values alike', () => {
    const text = JSON.stringify(registryOf(entry()));
    const expected = parseRegistry(registryOf(entry()));
    expect(expected.registry.plugins).toHaveLength(1);
    for (const source of [text, Buffer.from(`\uFEFF${text}`)])
      expect(parseRegistry(source)).toEqual(expected);
  });

  it('skips bad entries, says why, and keeps the others', () => {
    const { registry, skipped } = parseRegistry(
      registryOf(
        entry({ id: 'first' }),
        'nonsense',
        entry({ id: 'bad', version: 'latest', checksum: undefined }),
        entry({ id: 'last' }),
      ),
    );
    expect(registry.plugins.map(({ id }) => id)).toEqual(['first', 'last']);
    expect(skipped).toEqual([
      { index: 1, issues: [{ path: '/plugins/1', message: 'must be an object' }] },
      {
        index: 2,
        id: 'bad',
        issues: [
          { path: '/plugins/2/checksum', message: 'is required' },
          expect.objectContaining({ path: '/plugins/2/version', message: 'must be a version, X.Y or X.Y.Z' }),
        ],
      },
    ]);
  });

  it('may be empty', () => {
    expect(parseRegistry(registryOf())).toEqual({
      registry: { version: '1.0.0', generated: '2024-12-07T12:00:00Z', plugins: [] },
      skipped: [],
    });
  });

  it('does without version and date', () => {
    expect(parseRegistry({ plugins: [] }).registry).toEqual({ version: null, generated: null, plugins: [] });
  });

  it('leaves unknown fields behind', () => {
    const { registry, skipped } = parseRegistry({
      ...registryOf(entry({ downloads: 7, author: { name: 'A', x: 1 } })),
      extra: 1,
    });
    expect(skipped).toEqual([]);
    expect(registry).not.toHaveProperty('extra');
    expect(registry.plugins[0]).not.toHaveProperty('downloads');
    expect(registry.plugins[0]?.author).toEqual({ name: 'A' });
  });
});

describe('a document that is no registry', () => {
  it.each<[string, unknown, string]>([
    ['a web page', '<!DOCTYPE html>', ''],
    ['UTF-16', Buffer.from('{"plugins":[]}', 'utf16le'), ''],
    ['a list', [], ''],
    ['nothing', undefined, ''],
    ['without plugins', { version: '1.0.0' }, '/plugins'],
    ['with plugins as an object', registryOf().plugins && { plugins: {} }, '/plugins'],
    ['with a number for a version', { ...registryOf(), version: 1 }, '/version'],
    ['with no date', { ...registryOf(), generated: 'yesterday' }, '/generated'],
    ['too large', `"${'x'.repeat(16 * 1024 * 1024)}"`, ''],
  ])('%s', (_, source, path) => {
    try {
      parseRegistry(source);
      expect.unreachable();
    } catch (error) {
      expect(isRegistryError(error)).toBe(true);
      expect(error).toBeInstanceOf(RegistryError);
      expect(error).toMatchObject({ code: 'REGISTRY_INVALID', issues: [{ path }] });
    }
  });
});

describe('an entry', () => {
  it.each(['id', 'name', 'description', 'version', 'type', 'download', 'checksum'])('needs %s', (field) => {
    expect(issuesFor({ [field]: undefined })).toEqual([
      { path: `/plugins/0/${field}`, message: 'is required' },
    ]);
  });

  it('does without the rest', () => {
    expect(
      offered({ author: undefined, tags: undefined, permissions: undefined, dependencies: undefined }),
    ).toMatchObject({
      tags: [],
      permissions: [],
      dependencies: {},
    });
  });

  it.each<[object, string]>([
    [{ id: 'Bad' }, 'id'],
    [{ id: 'refresh' }, 'id'],
    [{ name: 'x'.repeat(51) }, 'name'],
    [{ type: 'plugin' }, 'type'],
    [{ homepage: 'javascript:alert(1)' }, 'homepage'],
    [{ author: {} }, 'author/name'],
    [{ icon: 'javascript:alert(1)' }, 'icon'],
    [{ compatibility: { minVersion: 'x' } }, 'compatibility/minVersion'],
    [{ compatibility: { minCoreVersion: 'x' } }, 'compatibility/minCoreVersion'],
    [{ dependencies: { other: '1.x' } }, 'dependencies/other'],
    [{ dependencies: { 'my-plugin': '>=1.0' } }, 'dependencies/my-plugin'],
    [{ permissions: [1] }, 'permissions/0'],
    [{ extra: { constructor: 1 } }, 'extra/constructor'],
    [{ name: 'a\u0000' }, 'name'],
  ])('with %j is skipped', (changes, path) => {
    expect(issuesFor(changes).map((issue) => issue.path)).toEqual([`/plugins/0/${path}`]);
  });

  it('keeps permissions it does not know, and its older forms are read', () => {
    expect(
      offered({
        author: 'Ann (https://example.com)',
        compatibility: { minCoreVersion: '1.6' },
        permissions: ['new:permission', 'config:read', 'config:read'],
        tags: ['a', 'a'],
      }),
    ).toMatchObject({
      author: { name: 'Ann', url: 'https://example.com' },
      compatibility: { minVersion: '1.6' },
      permissions: ['new:permission', 'config:read'],
      tags: ['a'],
    });
  });
});

describe('a checksum', () => {
  it.each([
    CHECKSUM.toUpperCase(),
    CHECKSUM.replace('sha256', 'SHA256'),
    `sha256:${'A'.repeat(64)}`,
    `sha256:${'a'.repeat(63)}`,
    `sha256:${'a'.repeat(65)}`,
    `sha1:${'a'.repeat(40)}`,
    'a'.repeat(64),
    '',
    ` ${CHECKSUM}`,
    `${CHECKSUM}\n`,
    'sha256:',
  ])('written %j is refused', (checksum) => {
    expect(issuesFor({ checksum }).map((issue) => issue.path)).toEqual(['/plugins/0/checksum']);
  });
});

describe('a download', () => {
  it.each([
    'https://github.com/a/b/releases/download/x/x.zip',
    'http://127.0.0.1:8080/x.zip',
    'file:///tmp/x.zip',
    './x.zip',
    'x.zip',
    '../x/y.zip',
    '/x.zip',
    'packages/a:b.zip',
    'x.zip?v=1',
  ])('may be %s', (download) => expect(offered({ download })?.download).toBe(download));

  it.each([
    'ftp://example.com/x.zip',
    'javascript:alert(1)',
    'data:application/zip;base64,AA',
    '//example.com/x.zip',
    'https:example.com',
    'https://',
    'https:///example.com',
    'file://host/x.zip',
    'https://example.com\\@evil.com',
    'https://exa mple.com',
    'x\ny',
    '\u0001https://x',
    '',
    'blob:x',
  ])('may not be %j', (download) => {
    expect(issuesFor({ download }).map((issue) => issue.path)).toEqual(['/plugins/0/download']);
  });

  it('may be called downloadUrl', () => {
    expect(offered({ download: undefined, downloadUrl: './x.zip' })).toMatchObject({ download: './x.zip' });
    expect(offered({ download: './a.zip', downloadUrl: './b.zip' })?.download).toBe('./a.zip');
    expect(issuesFor({ download: undefined, downloadUrl: 'ftp://x' })[0]?.path).toBe(
      '/plugins/0/downloadUrl',
    );
  });
});

describe('several versions of a plugin', () => {
  it('become one entry: the highest, with all of them listed', () => {
    const { registry, skipped } = parseRegistry(
      registryOf(
        entry({ version: '1.9', name: 'Old' }),
        entry({ id: 'other' }),
        entry({ version: '1.10.0', name: 'New' }),
        entry({ version: '1.10.0-beta.1' }),
      ),
    );
    expect(skipped).toEqual([]);
    expect(registry.plugins.map(({ id, name, version }) => [id, name, version])).toEqual([
      ['my-plugin', 'New', '1.10.0'],
      ['other', 'My Plugin', '1.0.0'],
    ]);
    expect(registry.plugins[0]?.versions.map(({ version }) => version)).toEqual([
      '1.10.0',
      '1.10.0-beta.1',
      '1.9',
    ]);
    expect(registry.plugins[0]?.versions[0]).not.toHaveProperty('versions');
  });

  it('are each listed once: the first entry stands', () => {
    const { registry, skipped } = parseRegistry(
      registryOf(entry({ version: '1.2', name: 'First' }), entry({ version: '1.2.0+build', name: 'Second' })),
    );
    expect(registry.plugins.map(({ name, versions }) => [name, versions.length])).toEqual([['First', 1]]);
    expect(skipped).toEqual([
      {
        index: 1,
        id: 'my-plugin',
        issues: [expect.objectContaining({ path: '/plugins/1/version', message: 'is listed twice' })],
      },
    ]);
  });

  it('do not need the bad ones', () => {
    const { registry } = parseRegistry(
      registryOf(entry({ version: '1.0.0' }), entry({ version: '2.0.0', checksum: 'x' })),
    );
    expect(registry.plugins[0]?.version).toBe('1.0.0');
  });
});
