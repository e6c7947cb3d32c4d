import type { PluginManifest, RegistryEntry } from '@verifywise/plugin-types';
import { describe, expect, it } from 'vitest';
import type { Installation, LastError } from './installations.js';
import { PluginInstance } from './instance.js';
import { stateOf, viewPlugin, viewPluginDetail } from './plugin-view.js';

const manifest: PluginManifest = {
  id: 'slack',
  name: 'Slack',
  description: 'Sends messages.',
  version: '1.2',
  author: { name: 'Ada' },
  type: 'integration',
  tags: ['chat'],
  permissions: ['events:listen'],
};

const installation = (fields: Partial<Installation> = {}): Installation => ({
  key: { tenant: 'acme', pluginId: 'slack' },
  activeSha: 'a'.repeat(64),
  previousSha: null,
  enabled: false,
  status: 'ok',
  trust: 'verified',
  generation: 1,
  lastError: null,
  installedAt: new Date('2026-01-31T12:00:00Z'),
  manifest,
  ...fields,
});

const CALLS = {
  loaded: ['load'],
  enabled: ['load', 'enable'],
  disabled: ['load', 'enable', 'disable'],
} as const;

/** A real instance without code, brought to a state the way the lifecycle does. */
async function instanceThatIs(state: keyof typeof CALLS): Promise<PluginInstance> {
  const instance = new PluginInstance({
    key: { tenant: 'acme', pluginId: 'slack' },
    sha256: 'a'.repeat(64),
    manifest,
    state: 'installed',
    limits: { hookMs: 1000, drainMs: 1000 },
    faults: { report: () => {}, denied: () => {} },
  });
  instance.assemble({
    plugin: { manifest },
    context: {} as PluginInstance['context'],
    registerHandlers: () => {},
    buildRoutes: () => undefined,
    drained: async () => {},
    close: () => {},
  });
  for (const call of CALLS[state]) await instance[call]();
  return instance;
}

const offering = (version: string): RegistryEntry => ({
  ...manifest,
  version,
  permissions: [],
  dependencies: {},
  download: 'https://github.com/x.zip',
  checksum: `sha256:${'a'.repeat(64)}`,
  versions: [],
});

describe('the state an administrator sees', () => {
  it('is what runs in this process', async () => {
    expect(stateOf(installation(), undefined)).toBe('installed');
    expect(stateOf(installation(), await instanceThatIs('loaded'))).toBe('loaded');
    expect(stateOf(installation({ enabled: true }), await instanceThatIs('enabled'))).toBe('enabled');
    expect(stateOf(installation(), await instanceThatIs('disabled'))).toBe('disabled');
  });

  it('is error where the row says so, unless the plugin runs', async () => {
    expect(stateOf(installation({ status: 'error' }), undefined)).toBe('error');
    expect(stateOf(installation({ status: 'error' }), await instanceThatIs('loaded'))).toBe('error');
    expect(stateOf(installation({ status: 'error' }), await instanceThatIs('enabled'))).toBe('enabled');
  });

  it('is quarantined where the row says so, whatever runs', async () => {
    expect(stateOf(installation({ status: 'quarantined' }), await instanceThatIs('enabled'))).toBe(
      'quarantined',
    );
  });
});

describe('a plugin as the API shows it', () => {
  it('is its manifest, what the tenant has of it, and how it fares', async () => {
    expect(viewPlugin(installation({ enabled: true }), await instanceThatIs('enabled'), undefined)).toEqual({
      ...manifest,
      state: 'enabled',
      enabled: true,
      installed: true,
      previousVersion: null,
      trust: 'verified',
      hasUpdate: false,
      latestVersion: null,
      lastError: null,
      installedAt: '2026-01-31T12:00:00.000Z',
    });
  });

  it('is enabled only where it runs', () => {
    expect(viewPlugin(installation({ enabled: true }), undefined, undefined)).toMatchObject({
      state: 'installed',
      enabled: false,
    });
  });

  it.each([
    ['1.2.0', false],
    ['1.1.9', false],
    ['1.2.1', true],
    ['1.10.0', true],
    ['1.2.0-beta.1', false],
  ])('compares its 1.2 with the %s the registry offers', (version, hasUpdate) => {
    expect(viewPlugin(installation(), undefined, offering(version))).toMatchObject({
      version: '1.2',
      latestVersion: version,
      hasUpdate,
    });
  });

  it.each<[Partial<LastError>, RegExp]>([
    [{ code: 'CONFIG_REQUIRED' }, /required settings/],
    [{ code: 'HOOK_TIMEOUT' }, /too much at once/],
    [{ code: 'HOOK_FAILED', stack: 'Error: no' }, /^Report the stack trace/],
    [{ code: 'DB_UNAVAILABLE' }, /^Correct what the message names/],
    [{ code: 'constructor' }, /^Correct what the message names/],
  ])('suggests a fix for %j', (error, suggestion) => {
    const lastError = { code: 'X', message: 'no', at: '2026-01-31T12:00:00.000Z', ...error };
    expect(viewPlugin(installation({ status: 'error', lastError }), undefined, undefined).lastError).toEqual({
      ...lastError,
      suggestion: expect.stringMatching(suggestion),
    });
  });

  it('lists, in detail, the installed plugins that need it', () => {
    const other = (id: string, dependencies: Record<string, string>) =>
      installation({ key: { tenant: 'acme', pluginId: id }, manifest: { ...manifest, id, dependencies } });
    const others = [installation(), other('bot', { slack: '>=1.0.0' }), other('jira', { other: '>=1.0.0' })];
    expect(viewPluginDetail(installation(), undefined, undefined, others)).toMatchObject({
      id: 'slack',
      dependents: ['bot'],
    });
  });
});
