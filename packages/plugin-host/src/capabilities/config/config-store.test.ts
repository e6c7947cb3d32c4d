import { randomBytes } from 'node:crypto';
import type { ConfigSchema, PluginManifest } from '@verifywise/plugin-types';
import type { Kysely } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PluginKey } from '../../foundation/plugin-key.js';
import { MASK, SecretRedactor } from '../../foundation/redact.js';
import { openDatabase } from '../../postgres/database.js';
import type { HostDatabase } from '../../postgres/schema.js';
import { SecretsKeyring } from '../../secrets/secrets-keyring.js';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.js';
import { ConfigStore } from './config-store.js';

let database: TestDatabase;
let db: Kysely<HostDatabase>;

beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.pool);
});
afterAll(() => database.drop());

const masterKey = randomBytes(32).toString('hex');

const schema: ConfigSchema = {
  apiKey: { type: 'string', required: true, secret: true, minLength: 8 },
  interval: { type: 'number', default: 60, min: 10, max: 3600 },
  environment: { type: 'string', required: true, enum: ['staging', 'production'] },
  features: { type: 'array', items: { type: 'string' } },
  smtp: {
    type: 'object',
    properties: {
      host: { type: 'string', required: true },
      port: { type: 'number', default: 25 },
      password: { type: 'string', secret: true },
    },
  },
  accounts: {
    type: 'array',
    items: {
      type: 'object',
      properties: {
        name: { type: 'string' },
        active: { type: 'boolean', default: true },
        token: { type: 'string', secret: true },
      },
    },
  },
  tokens: { type: 'array', items: { type: 'string', secret: true } },
};

const manifestOf = (config: ConfigSchema | undefined = schema): PluginManifest => ({
  id: 'slack',
  name: 'Slack',
  description: 'Sends messages',
  version: '1.0.0',
  author: { name: 'Ada' },
  type: 'integration',
  tags: [],
  permissions: ['config:read', 'config:write'],
  ...(config && { config }),
});

const manifest = manifestOf();
let plugins = 0;

/** A store as one process has it, and a plugin nobody has configured yet. */
function setUp({
  key = masterKey,
  locked = false,
  plugin,
}: {
  key?: string;
  locked?: boolean;
  plugin?: PluginKey;
} = {}) {
  plugins += 1;
  const redactor = new SecretRedactor();
  const keyring = new SecretsKeyring(locked ? {} : { key });
  const store = new ConfigStore({ executor: () => db, keyring, redactor });
  return { store, redactor, plugin: plugin ?? { tenant: 'acme', pluginId: `plugin-${plugins}` } };
}

const rowsOf = async ({ tenant, pluginId }: PluginKey) => {
  const rows = await db
    .selectFrom('plugin_config')
    .select(['key', 'value'])
    .where('tenant', '=', tenant)
    .where('plugin_id', '=', pluginId)
    .execute();
  return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
};

const code = (expected: string) => expect.objectContaining({ code: expected });
const issues = (...fields: string[]) =>
  expect.objectContaining({
    code: 'CONFIG_INVALID',
    details: { issues: fields.map((field) => expect.objectContaining({ field })) },
  });

describe('ConfigStore.read', () => {
  it('shows defaults, and what is missing, of a plugin nobody has configured', async () => {
    const { store, plugin } = setUp();
    const { etag, ...reading } = await store.read(plugin, manifest);
    expect(reading).toEqual({ config: { interval: 60 }, schema, missing: ['apiKey', 'environment'] });
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
  });

  it('masks secrets at any depth and leaves those that are not set away', async () => {
    const { store, plugin } = setUp();
    const patch = {
      apiKey: 'supersecret',
      smtp: { host: 'x' },
      accounts: [{ name: 'a', token: 't0k3n' }, { name: 'b' }],
    };
    const updated = await store.update(plugin, manifest, patch);
    expect(updated.config).toEqual({
      apiKey: MASK,
      interval: 60,
      smtp: { host: 'x', port: 25 },
      accounts: [
        { name: 'a', active: true, token: MASK },
        { name: 'b', active: true },
      ],
    });
    const { changes: _, ...reading } = updated;
    expect(await store.read(plugin, manifest)).toEqual(reading);
  });

  it('works without a secrets key, also for secrets that are there', async () => {
    const { store, plugin } = setUp();
    await store.update(plugin, manifest, { apiKey: 'supersecret' });
    const locked = setUp({ locked: true, plugin });
    const reading = await locked.store.read(plugin, manifest);
    expect(reading.config).toEqual({ apiKey: MASK, interval: 60 });
    expect(reading.missing).toEqual(['environment']);
  });

  it('never shows as plain what an earlier version kept secret', async () => {
    const { store, plugin } = setUp();
    await store.update(plugin, manifest, {
      apiKey: 'supersecret',
      smtp: { host: 'x', password: 'hunter22' },
    });
    const plain = manifestOf({
      apiKey: { type: 'string', required: true },
      smtp: { type: 'object', properties: { host: { type: 'string' }, password: { type: 'string' } } },
    });
    const reading = await store.read(plugin, plain);
    expect(reading).toMatchObject({ config: { smtp: { host: 'x' } }, missing: ['apiKey'] });
    const config = await store.open(plugin, plain);
    expect(config.getAll()).toEqual({ smtp: { host: 'x' } });
    config.close();
    // The mask the page still shows must not become the value.
    await store.update(plugin, plain, { apiKey: MASK });
    expect((await store.read(plugin, plain)).missing).toEqual(['apiKey']);
  });
});

describe('ConfigStore.update', () => {
  it('merges key by key: absent keeps, null clears and the default holds again', async () => {
    const { store, plugin } = setUp();
    await store.update(plugin, manifest, { interval: 30, environment: 'staging', features: ['a'] });
    const { config } = await store.update(plugin, manifest, { interval: null, features: ['b'] });
    expect(config).toEqual({ interval: 60, environment: 'staging', features: ['b'] });
    expect(Object.keys(await rowsOf(plugin)).sort()).toEqual(['environment', 'features']);
  });

  it('keeps a secret for its mask, for nothing and when left out, and clears it for null', async () => {
    const { store, plugin } = setUp();
    await store.update(plugin, manifest, {
      apiKey: 'supersecret',
      smtp: { host: 'x', password: 'hunter22' },
    });
    const before = await rowsOf(plugin);
    for (const patch of [
      { apiKey: MASK },
      { apiKey: '' },
      {},
      { smtp: { host: 'x', password: MASK } },
      { smtp: { host: 'x' } },
    ]) {
      await store.update(plugin, manifest, patch);
      expect(await rowsOf(plugin)).toEqual(before);
    }
    const { config } = await store.update(plugin, manifest, {
      apiKey: null,
      smtp: { host: 'y', password: null },
    });
    expect(config).toEqual({ interval: 60, smtp: { host: 'y', port: 25 } });
  });

  it('never stores the mask, even where there is nothing to keep', async () => {
    const { store, plugin } = setUp();
    await store.update(plugin, manifest, {
      apiKey: MASK,
      environment: MASK,
      smtp: { host: MASK, password: MASK },
    });
    expect(await rowsOf(plugin)).toEqual({ smtp: {} });
  });

  it('names every field that is wrong, and then saves nothing', async () => {
    const { store, plugin } = setUp();
    const patch = {
      apiKey: 'short',
      interval: 1,
      environment: 'moon',
      features: ['a', 1],
      smtp: { port: 'x', nope: 1 },
      unknown: true,
      ok: undefined,
    };
    const update = store.update(plugin, manifest, patch);
    await expect(update).rejects.toThrow(/^settings validation failed: \w+: .+; .+: .+/);
    await expect(update).rejects.toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.not.stringContaining('short'),
        details: {
          issues: expect.arrayContaining(
            ['apiKey', 'interval', 'environment', 'features.1', 'smtp.port', 'smtp.nope', 'unknown'].map(
              (field) => expect.objectContaining({ field }),
            ),
          ),
        },
      }),
    );
    expect(await rowsOf(plugin)).toEqual({});
  });

  it('refuses what is no object, what JSON cannot hold, what is too large, and keys of Object.prototype', async () => {
    const { store, plugin } = setUp();
    const put = (patch: unknown) => store.update(plugin, manifest, patch as Record<string, unknown>);
    await expect(put([])).rejects.toThrow(issues('(root)'));
    await expect(put({ environment: 'a\0' })).rejects.toThrow(code('VALUE_NOT_STORABLE'));
    await expect(put({ features: ['x'.repeat(2 * 1024 * 1024)] })).rejects.toThrow(code('VALUE_TOO_LARGE'));
    await expect(put(JSON.parse('{"__proto__": {"x": 1}}'))).rejects.toThrow(issues('__proto__'));
    await expect(put({ constructor: 1 })).rejects.toThrow(issues('constructor'));
    expect(await rowsOf(plugin)).toEqual({});
  });

  it('refuses an envelope in a plain field, and encrypts one in a secret field like any text', async () => {
    const { store, plugin } = setUp();
    await store.update(plugin, manifest, { apiKey: 'supersecret' });
    const { apiKey: envelope } = await rowsOf(plugin);
    await expect(store.update(plugin, manifest, { features: [envelope] })).rejects.toThrow(
      issues('features.0'),
    );
    await store.update(plugin, manifest, { apiKey: envelope });
    const config = await store.open(plugin, manifest);
    expect(config.get('apiKey')).toBe(envelope);
    config.close();
  });

  it('answers 503 for a new secret without a key, and still changes everything else', async () => {
    const { store, plugin } = setUp();
    await store.update(plugin, manifest, { apiKey: 'supersecret' });
    const before = await rowsOf(plugin);
    const locked = setUp({ locked: true, plugin });
    await expect(
      locked.store.update(plugin, manifest, { apiKey: 'another-one', interval: 20 }),
    ).rejects.toThrow(code('SECRETS_KEY_MISSING'));
    expect(await rowsOf(plugin)).toEqual(before);
    await locked.store.update(plugin, manifest, { apiKey: MASK, interval: 20 });
    expect(await rowsOf(plugin)).toEqual({ ...before, interval: 20 });
  });

  it('leaves a secret that cannot be decrypted as it is while other settings change', async () => {
    const { store, plugin } = setUp();
    await store.update(plugin, manifest, { apiKey: 'supersecret' });
    const { apiKey } = await rowsOf(plugin);
    const other = setUp({ key: randomBytes(32).toString('hex'), plugin });
    await other.store.update(plugin, manifest, { interval: 30 });
    expect(await rowsOf(plugin)).toEqual({ apiKey, interval: 30 });
    await other.store.update(plugin, manifest, { apiKey: 'entered again' });
    const config = await other.store.open(plugin, manifest);
    expect(config.get('apiKey')).toBe('entered again');
    config.close();
  });

  it('says what changed, with secrets masked', async () => {
    const { store, plugin } = setUp();
    const first = await store.update(plugin, manifest, {
      apiKey: 'supersecret',
      interval: 30,
      environment: 'staging',
    });
    expect(first.changes).toEqual({
      apiKey: { before: null, after: MASK },
      interval: { before: null, after: 30 },
      environment: { before: null, after: 'staging' },
    });
    const second = await store.update(plugin, manifest, {
      apiKey: 'different',
      interval: null,
      environment: 'staging',
    });
    expect(second.changes).toEqual({
      apiKey: { before: MASK, after: MASK },
      interval: { before: 30, after: null },
    });
  });

  it('loses nothing when forty admins save at once', async () => {
    const { store, plugin } = setUp();
    const keys = Array.from({ length: 40 }, (_, i) => `k${i}`);
    const wide = manifestOf(Object.fromEntries(keys.map((key) => [key, { type: 'number' as const }])));
    await Promise.all(keys.map((key, i) => store.update(plugin, wide, { [key]: i })));
    expect(await rowsOf(plugin)).toEqual(Object.fromEntries(keys.map((key, i) => [key, i])));
  });

  it('lets one of two changes with the same If-Match through', async () => {
    const { store, plugin } = setUp();
    const { etag } = await store.read(plugin, manifest);
    const attempts = [20, 30].map((interval) =>
      store.update(plugin, manifest, { interval }, { ifMatch: etag }),
    );
    const results = await Promise.allSettled(attempts);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const lost = results.find((result) => result.status === 'rejected');
    expect(lost?.reason).toMatchObject({ code: 'CONFIG_CONFLICT', status: 412 });
    const { etag: now } = await store.read(plugin, manifest);
    await store.update(plugin, manifest, { interval: 40 }, { ifMatch: `"other", ${now}` });
    await store.update(plugin, manifest, { interval: 50 }, { ifMatch: '*' });
    expect(await rowsOf(plugin)).toEqual({ interval: 50 });
  });

  it('keeps its tag as long as nothing changes', async () => {
    const { store, plugin } = setUp();
    const { etag } = await store.update(plugin, manifest, {
      apiKey: 'supersecret',
      smtp: { port: 1, host: 'x' },
    });
    const again = await store.update(plugin, manifest, { apiKey: MASK, smtp: { host: 'x', port: 1 } });
    expect(again.etag).toBe(etag);
    expect(again.changes).toEqual({});
  });

  it('keeps tenants and plugins apart', async () => {
    const { store, plugin } = setUp();
    const other = { ...plugin, tenant: 'globex' };
    await store.update(plugin, manifest, { interval: 30 });
    await store.update(other, manifest, { interval: 40 });
    await store.deleteAll(db, plugin);
    expect(await rowsOf(plugin)).toEqual({});
    expect(await rowsOf(other)).toEqual({ interval: 40 });
  });
});

describe('Secrets within lists', () => {
  const three = [
    { name: 'a', token: 'token-a' },
    { name: 'b', token: 'token-b' },
    { name: 'c', token: 'token-c' },
  ];
  const masked = (name: string, fields: object = {}) => ({ name, active: true, token: MASK, ...fields });
  const tokensAfter = async (next: unknown[]) => {
    const { store, plugin } = setUp();
    await store.update(plugin, manifest, { accounts: three });
    await store.update(plugin, manifest, { accounts: next });
    const config = await store.open(plugin, manifest);
    const accounts = config.get<{ name: string; token?: string }[]>('accounts');
    config.close();
    return accounts.map(({ name, token }) => `${name}:${token ?? ''}`);
  };

  it('follow their entry when entries are removed, moved, added or changed', async () => {
    expect(await tokensAfter([masked('b'), masked('c')])).toEqual(['b:token-b', 'c:token-c']);
    expect(await tokensAfter([masked('c'), masked('a'), masked('b')])).toEqual([
      'c:token-c',
      'a:token-a',
      'b:token-b',
    ]);
    expect(await tokensAfter([{ name: 'new', token: 'token-n' }, masked('a'), { name: 'c' }])).toEqual([
      'new:token-n',
      'a:token-a',
      'c:token-c',
    ]);
    expect(await tokensAfter([masked('a'), masked('renamed'), masked('c')])).toEqual([
      'a:token-a',
      'renamed:token-b',
      'c:token-c',
    ]);
  });

  it('are dropped with an entry that was replaced by another', async () => {
    expect(await tokensAfter([masked('a'), { name: 'other' }, masked('c')])).toEqual([
      'a:token-a',
      'other:',
      'c:token-c',
    ]);
  });

  it('have to be entered again where it is not clear whose they are', async () => {
    await expect(tokensAfter([masked('renamed'), masked('c')])).rejects.toThrow(issues('accounts.0.token'));
    await expect(tokensAfter([masked('x'), masked('y'), masked('c')])).rejects.toThrow(
      issues('accounts.0.token', 'accounts.1.token'),
    );
    await expect(tokensAfter([masked('a'), masked('a')])).rejects.toThrow(issues('accounts.1.token'));
  });

  it('that are nothing but secrets can be added to and replaced, but not removed one by one', async () => {
    const { store, plugin } = setUp();
    const tokens = async () => {
      const config = await store.open(plugin, manifest);
      const value = config.get('tokens');
      config.close();
      return value;
    };
    await store.update(plugin, manifest, { tokens: ['one-1', 'two-2'] });
    await store.update(plugin, manifest, { tokens: [MASK, MASK, 'three-3'] });
    expect(await tokens()).toEqual(['one-1', 'two-2', 'three-3']);
    await expect(store.update(plugin, manifest, { tokens: [MASK, MASK] })).rejects.toThrow(
      issues('tokens.0', 'tokens.1'),
    );
    await store.update(plugin, manifest, { tokens: ['four-4'] });
    expect(await tokens()).toEqual(['four-4']);
  });
});

describe('ConfigStore.seal', () => {
  it('encrypts what a new version declares secret, once it is told to', async () => {
    const { store, plugin } = setUp();
    const plain = manifestOf({ apiKey: { type: 'string' }, interval: { type: 'number' } });
    await store.update(plugin, plain, { apiKey: 'supersecret', interval: 30 });
    expect(await rowsOf(plugin)).toEqual({ apiKey: 'supersecret', interval: 30 });
    expect((await store.read(plugin, manifest)).config).toMatchObject({ apiKey: MASK });
    await store.seal(plugin, manifest);
    expect(await rowsOf(plugin)).toEqual({ apiKey: expect.stringMatching(/^v1\./), interval: 30 });
    const config = await store.open(plugin, manifest);
    expect(config.get('apiKey')).toBe('supersecret');
    config.close();
  });
});
