import type { Registry, RegistryEntry } from '@verifywise/plugin-types';
import { describe, expect, it } from 'vitest';
import {
  type CatalogQuery,
  catalogOf,
  categoriesOf,
  type InstalledPlugins,
  searchCatalog,
  tagsOf,
} from './catalog.js';

const entry = (id: string, fields: Partial<RegistryEntry> = {}): RegistryEntry => ({
  id,
  name: id,
  description: '',
  version: '1.0.0',
  type: 'feature',
  tags: [],
  permissions: [],
  dependencies: {},
  download: `https://github.com/${id}.zip`,
  checksum: `sha256:${'a'.repeat(64)}`,
  versions: [],
  ...fields,
});
const registryOf = (...plugins: RegistryEntry[]): Registry => ({
  version: '1.0.0',
  generated: null,
  plugins,
});
const NOTHING: InstalledPlugins = new Map();

describe('the catalogue', () => {
  it('is what the registry offers, in its order, and what the tenant has of it', () => {
    const registry = registryOf(
      entry('same', { version: '1.2' }),
      entry('newer', { version: '1.10.0' }),
      entry('older', { version: '1.0.0' }),
      entry('absent'),
    );
    const installed: InstalledPlugins = new Map([
      ['same', { version: '1.2.0', enabled: true }],
      ['newer', { version: '1.9.0', enabled: false }],
      ['older', { version: '1.1.0', enabled: true }],
      ['uploaded', { version: '1.0.0', enabled: true }],
    ]);
    const have = catalogOf(registry, installed).map(
      ({ id, installed, installedVersion, enabled, hasUpdate }) => ({
        id,
        installed,
        installedVersion,
        enabled,
        hasUpdate,
      }),
    );
    expect(have).toEqual([
      { id: 'same', installed: true, installedVersion: '1.2.0', enabled: true, hasUpdate: false },
      { id: 'newer', installed: true, installedVersion: '1.9.0', enabled: false, hasUpdate: true },
      { id: 'older', installed: true, installedVersion: '1.1.0', enabled: true, hasUpdate: false },
      { id: 'absent', installed: false, installedVersion: null, enabled: false, hasUpdate: false },
    ]);
  });

  it('shows the fields of §18.2, and not all earlier versions with each', () => {
    const offered = entry('slack', { icon: 'https://x/i.png', tags: ['chat'], versions: [entry('slack')] });
    const { versions: _, ...fields } = offered;
    expect(catalogOf(registryOf(offered), NOTHING)).toEqual([
      { ...fields, installed: false, installedVersion: null, enabled: false, hasUpdate: false },
    ]);
  });
});

describe('a search', () => {
  const plugins = catalogOf(
    registryOf(
      entry('slack', {
        name: 'Slack Notifications',
        description: 'Sends MESSAGES to Slack.',
        type: 'integration',
        tags: ['chat', 'Alerts'],
      }),
      entry('teams', { name: 'Teams', description: 'Sends messages.', type: 'integration', tags: ['chat'] }),
      entry('iso-27001', {
        name: 'ISO 27001',
        description: 'A framework.',
        type: 'framework',
        tags: ['compliance'],
      }),
      entry('audit', { name: 'Audit trail', description: 'Écrit tout.', version: '2.0.0' }),
    ),
    new Map([
      ['slack', { version: '1.0.0', enabled: true }],
      ['audit', { version: '1.0.0', enabled: false }],
    ]),
  );
  const find = (query: CatalogQuery) => searchCatalog(plugins, query).map(({ id }) => id);
  const ALL = ['slack', 'teams', 'iso-27001', 'audit'];

  it.each<[string, string[]]>([
    ['notif', ['slack']],
    ['SLACK', ['slack']],
    ['messages', ['slack', 'teams']],
    ['alerts', ['slack']],
    ['compliance', ['iso-27001']],
    ['27001', ['iso-27001']],
    ['écrit', ['audit']],
    ['trail audit', ['audit']],
    ['  chat \t sends ', ['slack', 'teams']],
    ['chat slack', ['slack']],
    ['chat compliance', []],
    ['.*', []],
    ['github.com', []],
    ['', ALL],
    ['   ', ALL],
  ])('for %j looks at name, description and tags, whatever the case, for all words', (search, ids) => {
    expect(find({ search })).toEqual(ids);
  });

  it('does not find a word across two fields', () => {
    expect(find({ search: 'notificationssends' })).toEqual([]);
    expect(find({ search: 'chatalerts' })).toEqual([]);
  });

  it.each<[CatalogQuery, string[]]>([
    [{}, ALL],
    [{ type: 'integration' }, ['slack', 'teams']],
    [{ type: 'reporting' }, []],
    [{ type: 'nonsense' }, []],
    [{ installed: 'true' }, ['slack', 'audit']],
    [{ installed: 'false' }, ['teams', 'iso-27001']],
    [{ installed: 'updates' }, ['audit']],
    [{ installed: 'true', type: 'integration', search: 'chat' }, ['slack']],
    [{ installed: 'updates', search: 'chat' }, []],
  ])('with %j filters by all it names', (query, ids) => {
    expect(find(query)).toEqual(ids);
  });
});

describe('the categories', () => {
  it('are the types that occur, in the specification’s order, with their counts', () => {
    const registry = registryOf(
      entry('a', { type: 'reporting' }),
      entry('b', { type: 'framework' }),
      entry('c', { type: 'integration' }),
      entry('d', { type: 'framework' }),
    );
    expect(categoriesOf(registry)).toEqual([
      { type: 'integration', count: 1, label: 'Integration' },
      { type: 'framework', count: 2, label: 'Framework' },
      { type: 'reporting', count: 1, label: 'Reporting' },
    ]);
    expect(categoriesOf(registryOf())).toEqual([]);
  });
});

describe('the tags', () => {
  it('are those of all plugins, the most popular first, then by name, each counted once a plugin', () => {
    const registry = registryOf(
      entry('a', { tags: ['slack', 'notifications'] }),
      entry('b', { tags: ['notifications', 'jira', 'jira'] }),
      entry('c', { tags: ['constructor', '__proto__'] }),
      entry('d', { tags: ['slack', 'notifications'] }),
    );
    expect(tagsOf(registry)).toEqual([
      { tag: 'notifications', count: 3 },
      { tag: 'slack', count: 2 },
      { tag: '__proto__', count: 1 },
      { tag: 'constructor', count: 1 },
      { tag: 'jira', count: 1 },
    ]);
    expect(tagsOf(registryOf())).toEqual([]);
  });
});
