import { PERMISSIONS, type PluginManifest } from '@verifywise/plugin-types';
import { describe, expect, it } from 'vitest';
import { PluginConfig } from '../capabilities/config/plugin-config.js';
import { PluginDatabase } from '../capabilities/database/plugin-database.js';
import { PluginEvents } from '../capabilities/events/plugin-events.js';
import { PluginFilters } from '../capabilities/filters/plugin-filters.js';
import { PluginLogger } from '../capabilities/logger/plugin-logger.js';
import { PluginMetadata } from '../capabilities/metadata/plugin-metadata.js';
import { PluginModels } from '../capabilities/models/plugin-models.js';
import { CONTEXT_MEMBERS, type ContextMember } from '../foundation/permissions.js';
import { Scope } from '../foundation/scope.js';
import { PluginPeers } from '../lifecycle/peers.js';
import { type ContextCapabilities, type ContextSubject, createContext } from './create-context.js';
import { Guard } from './guard.js';

const manifest: PluginManifest = {
  id: 'slack',
  name: 'Slack',
  description: 'Sends messages.',
  version: '1.0.0',
  author: { name: 'Ada' },
  type: 'integration',
  tags: [],
  permissions: [...PERMISSIONS],
};

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const subjectOf = (): Mutable<ContextSubject> => ({
  key: { tenant: 'acme', pluginId: 'slack' },
  manifest,
  install: undefined,
  options: undefined,
  scope: new Scope(),
  active: true,
  context: {} as ContextSubject['context'],
});

/** Behind every capability an object that writes down who was called; `made` says which were ever needed. */
function recordingCapabilities() {
  const made: string[] = [];
  const calls: unknown[][] = [];
  const recorder = (owner: string) => () => {
    made.push(owner);
    const methods = Object.keys(CONTEXT_MEMBERS).map((member) => {
      const name = member.split('.').at(-1) ?? '';
      return [name, (...args: unknown[]) => void calls.push([owner, name, ...args])];
    });
    return Object.fromEntries(methods) as object;
  };
  const capabilities: ContextCapabilities = {
    db: recorder('db'),
    config: recorder('config'),
    metadata: recorder('metadata'),
    models: recorder('models'),
    logger: recorder('logger'),
    events: recorder('events'),
    filters: recorder('filters'),
    peers: recorder('peers'),
  };
  return { made, calls, capabilities };
}

const open = (declared: readonly string[] = PERMISSIONS) => {
  const subject = subjectOf();
  const faults = { report: () => {}, denied: () => {} };
  const guard = new Guard({ key: subject.key, declared, mode: 'enforce', faults });
  const recording = recordingCapabilities();
  return { subject, guard, ...recording, context: createContext(subject, guard, recording.capabilities) };
};

type Members = Record<
  string,
  Record<string, (...args: unknown[]) => unknown> & ((...args: unknown[]) => unknown)
>;
const call = (context: object, member: ContextMember, ...args: unknown[]): unknown => {
  const [first = '', second] = member.split('.');
  const root = context as Members;
  return second === undefined ? root[first]?.(...args) : root[first]?.[second]?.(...args);
};

describe('a context', () => {
  it('says whose it is', () => {
    const { context } = open();
    expect(context).toMatchObject({ pluginId: 'slack', tenant: 'acme', manifest });
  });

  it('shows install and options as they are now: set while their hook runs', () => {
    const { context, subject } = open();
    expect([context.install, context.options]).toEqual([undefined, undefined]);
    subject.install = { reason: 'install', fromVersion: null, toVersion: '1.0.0', attempt: 1 };
    subject.options = { deleteData: true };
    expect(context.install).toBe(subject.install);
    expect(context.options).toBe(subject.options);
    subject.install = undefined;
    expect(context.install).toBeUndefined();
  });

  it.each<[ContextMember, string]>([
    ['db.query', 'db'],
    ['config.get', 'config'],
    ['metadata.set', 'metadata'],
    ['logger.info', 'logger'],
    ['emit', 'events'],
    ['on', 'events'],
    ['off', 'events'],
    ['addFilter', 'filters'],
    ['removeFilter', 'filters'],
    ['applyFilters', 'filters'],
    ['getPlugin', 'peers'],
    ['isPluginEnabled', 'peers'],
  ])('passes %s on to %s', (member, owner) => {
    const { context, calls, made } = open();
    call(context, member, 1, 'two');
    expect(calls).toEqual([[owner, member.split('.').at(-1), 1, 'two']]);
    expect(made).toEqual([owner]);
  });

  it('has every member of the table', () => {
    const { context, calls } = open();
    const members = Object.keys(CONTEXT_MEMBERS) as ContextMember[];
    for (const member of members) call(context, member);
    expect(calls).toHaveLength(members.length);
  });

  it('makes nothing until it is touched, and each capability once', () => {
    const { context, made } = open();
    expect(made).toEqual([]);
    expect([context.pluginId, context.tenant, context.manifest]).toHaveLength(3);
    expect(made).toEqual([]);
    const { on, off } = context;
    void [on, off, context.emit, context.config, context.config];
    expect(made).toEqual(['events', 'config']);
  });

  it('may be taken apart', () => {
    const { context, calls } = open();
    const { config, logger, isPluginEnabled } = context;
    const { get } = config;
    get('a');
    logger.info('b');
    isPluginEnabled('c');
    expect(calls.map(([owner, name]) => `${owner}.${name}`)).toEqual([
      'config.get',
      'logger.info',
      'peers.isPluginEnabled',
    ]);
  });

  it.each(['scheduler', 'models', 'middleware', 'http', 'files', 'db', 'emit'])(
    'has %s if this host offers it, and else no such member',
    (name) => {
      const offered = Object.keys(CONTEXT_MEMBERS).some((member) => member.split('.')[0] === name);
      expect(name in (open().context as object)).toBe(offered);
    },
  );

  it('shows nothing of what is behind it', () => {
    const { context } = open();
    expect(Reflect.ownKeys(context)).toEqual([]);
  });

  it('works when the plugin froze it', () => {
    const { context, calls } = open();
    Object.freeze(context);
    context.config.get('a');
    context.isPluginEnabled('b');
    expect(calls).toHaveLength(2);
  });

  it('cannot be given another tenant', () => {
    const { context } = open();
    expect(() => Object.assign(context, { tenant: 'globex' })).toThrow(TypeError);
    expect(context.tenant).toBe('acme');
  });

  it('refuses what was not declared, each member in its way', async () => {
    const { context, calls } = open(['config:read']);
    const denied = expect.objectContaining({ code: 'PERMISSION_DENIED' });
    await expect(context.db.query('SELECT 1')).rejects.toEqual(denied);
    await expect(context.emit('slack:sent', {})).rejects.toEqual(denied);
    expect(() => context.on('risk:created', async () => {})).toThrow(denied);
    expect(() => context.addFilter('risk:before_save', (value) => value)).toThrow(denied);
    context.config.get('a');
    expect(calls).toEqual([['config', 'get', 'a']]);
  });

  it('refuses everything once revoked, but still says whose it was', async () => {
    const { context, guard, calls } = open();
    const { config } = context;
    guard.revoke();
    const revoked = expect.objectContaining({ code: 'CONTEXT_REVOKED' });
    expect(() => config.get('a')).toThrow(revoked);
    expect(() => context.logger.info('b')).toThrow(revoked);
    await expect(context.db.query('SELECT 1')).rejects.toEqual(revoked);
    expect(context).toMatchObject({ pluginId: 'slack', tenant: 'acme' });
    expect(calls).toEqual([]);
  });
});

describe('the capabilities behind the context', () => {
  const BEHIND = {
    db: PluginDatabase,
    config: PluginConfig,
    metadata: PluginMetadata,
    models: PluginModels,
    logger: PluginLogger,
    emit: PluginEvents,
    on: PluginEvents,
    off: PluginEvents,
    addFilter: PluginFilters,
    removeFilter: PluginFilters,
    applyFilters: PluginFilters,
    getPlugin: PluginPeers,
    isPluginEnabled: PluginPeers,
  } as const;

  it.each(Object.keys(CONTEXT_MEMBERS) as ContextMember[])('have a method for %s', (member) => {
    const [first = '', second = first] = member.split('.');
    const capability = BEHIND[first as keyof typeof BEHIND];
    expect(Reflect.get(capability.prototype, second)).toBeInstanceOf(Function);
  });
});
