import { randomBytes } from 'node:crypto';
import type { ConfigSchema, PluginManifest } from '@verifywise/plugin-types';
import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

const keyring = new SecretsKeyring({ key: randomBytes(32).toString('base64') });

const schema: ConfigSchema = {
  apiKey: { type: 'string', secret: true },
  interval: { type: 'number', default: 60, min: 10 },
  channel: { type: 'string' },
  list: {
    type: 'array',
    default: [{ n: 1 }],
    items: { type: 'object', properties: { n: { type: 'number' } } },
  },
  smtp: {
    type: 'object',
    properties: { port: { type: 'number', default: 25 }, password: { type: 'string', secret: true } },
  },
};

const manifest: PluginManifest = {
  id: 'slack',
  name: 'Slack',
  description: 'Sends messages',
  version: '1.0.0',
  author: { name: 'Ada' },
  type: 'integration',
  tags: [],
  permissions: ['config:read', 'config:write'],
  config: schema,
};

let plugins = 0;
async function setUp() {
  plugins += 1;
  const plugin = { tenant: 'acme', pluginId: `plugin-${plugins}` };
  const redactor = new SecretRedactor();
  let transaction: Kysely<HostDatabase> | undefined;
  const store = new ConfigStore({ executor: () => transaction ?? db, keyring, redactor });
  const config = await store.open(plugin, manifest);
  return {
    plugin,
    redactor,
    store,
    config,
    /** What the host does around `onInstall`. */
    async within(work: () => Promise<void>, end: 'COMMIT' | 'ROLLBACK') {
      await db.connection().execute(async (connection) => {
        await sql`BEGIN`.execute(connection);
        transaction = connection;
        await work();
        transaction = undefined;
        await sql.raw(end).execute(connection);
      });
    },
  };
}

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('PluginConfig.get', () => {
  it('gives what is stored, else the manifest’s default, else the argument, else undefined', async () => {
    const { config, store, plugin } = await setUp();
    expect(config.get('interval', 5)).toBe(60);
    expect(config.get('channel', '#general')).toBe('#general');
    expect(config.get('channel')).toBeUndefined();
    expect(config.get('undeclared', 'x')).toBe('x');
    expect(config.get('constructor')).toBeUndefined();
    await store.update(plugin, manifest, { interval: 30, channel: '#risks' });
    expect(config.get('interval', 5)).toBe(30);
    expect(config.get('channel', '#general')).toBe('#risks');
  });

  it('gives secrets decrypted, also nested ones, with the defaults beside them', async () => {
    const { config, store, plugin } = await setUp();
    await store.update(plugin, manifest, { apiKey: 'supersecret', smtp: { password: 'hunter22' } });
    expect(config.get('apiKey')).toBe('supersecret');
    expect(config.get('smtp')).toEqual({ port: 25, password: 'hunter22' });
    expect(config.getAll()).toEqual({
      apiKey: 'supersecret',
      interval: 60,
      list: [{ n: 1 }],
      smtp: { port: 25, password: 'hunter22' },
    });
  });

  it('gives copies: no plugin can change a setting, or a default, by writing into it', async () => {
    const { config, store, plugin } = await setUp();
    config.get<{ n: number }[]>('list').push({ n: 2 });
    expect(config.get('list')).toEqual([{ n: 1 }]);
    expect(schema.list?.default).toEqual([{ n: 1 }]);
    await store.update(plugin, manifest, { list: [{ n: 3 }] });
    const all = config.getAll() as { list: { n: number }[] };
    for (const item of all.list) item.n = 99;
    expect(config.get('list')).toEqual([{ n: 3 }]);
  });

  it('names the field of a secret that was tampered with, and only when that secret is read', async () => {
    const { config, store, plugin } = await setUp();
    await store.update(plugin, manifest, { apiKey: 'supersecret', smtp: { password: 'hunter22' } });
    const rows = db.selectFrom('plugin_config').select('value').where('plugin_id', '=', plugin.pluginId);
    const { value } = await rows.where('key', '=', 'apiKey').executeTakeFirstOrThrow();
    await db
      .updateTable('plugin_config')
      .set({ value: JSON.stringify({ password: value }) })
      .where('plugin_id', '=', plugin.pluginId)
      .where('key', '=', 'smtp')
      .execute();
    await store.refresh(plugin);
    expect(config.get('apiKey')).toBe('supersecret');
    const corrupt = expect.objectContaining({
      code: 'SECRET_CORRUPT',
      details: { pluginId: plugin.pluginId, field: 'smtp.password' },
    });
    expect(() => config.get('smtp')).toThrow(corrupt);
    expect(() => config.getAll()).toThrow(corrupt);
  });
});

describe('PluginConfig.set', () => {
  it('stores a setting, a secret encrypted, and every open configuration sees it', async () => {
    const { config, store, plugin } = await setUp();
    const other = await store.open(plugin, manifest);
    await config.set('interval', 20);
    await config.set('smtp', { port: 465, password: 'hunter22' });
    expect(other.getAll()).toMatchObject({ interval: 20, smtp: { port: 465, password: 'hunter22' } });
    const { value } = await db
      .selectFrom('plugin_config')
      .select('value')
      .where('plugin_id', '=', plugin.pluginId)
      .where('key', '=', 'smtp')
      .executeTakeFirstOrThrow();
    expect(value).toEqual({ port: 465, password: expect.stringMatching(/^v1\./) });
    await config.set('interval', null);
    expect(config.get('interval')).toBe(60);
    other.close();
  });

  it('refuses what the manifest does not allow, and stores nothing', async () => {
    const { config, store, plugin } = await setUp();
    await expect(config.set('undeclared', 1)).rejects.toThrow(code('CONFIG_KEY_UNKNOWN'));
    await expect(config.set('__proto__', 1)).rejects.toThrow(code('CONFIG_KEY_UNKNOWN'));
    await expect(config.set('interval', 1)).rejects.toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        details: { issues: [expect.objectContaining({ field: 'interval' })] },
      }),
    );
    await expect(config.set('interval', Number.NaN)).rejects.toThrow(code('VALUE_NOT_STORABLE'));
    await expect(config.set('interval', undefined)).rejects.toThrow(code('VALUE_NOT_STORABLE'));
    await expect(config.set('apiKey', MASK)).rejects.toThrow(code('CONFIG_INVALID'));
    await expect(config.set('smtp', { password: MASK })).rejects.toThrow(code('CONFIG_INVALID'));
    expect((await store.read(plugin, manifest)).config).toEqual({ interval: 60, list: [{ n: 1 }] });
  });

  it('does not lose a setting to another one stored at the same time', async () => {
    const { config } = await setUp();
    await Promise.all([
      config.set('interval', 20),
      config.set('channel', '#a'),
      config.set('apiKey', 'supersecret'),
    ]);
    expect(config.getAll()).toMatchObject({ interval: 20, channel: '#a', apiKey: 'supersecret' });
  });

  it('joins the transaction of the host, and goes with it when that is rolled back', async () => {
    const { config, store, plugin, within } = await setUp();
    const running = await store.open(plugin, manifest);
    const onInstall = async () => {
      await config.set('interval', 20);
      await store.update(plugin, manifest, { channel: '#installed' });
      expect((await store.read(plugin, manifest)).config).toMatchObject({
        interval: 20,
        channel: '#installed',
      });
    };
    await within(onInstall, 'ROLLBACK');
    expect((await store.read(plugin, manifest)).config).toEqual({ interval: 60, list: [{ n: 1 }] });
    await within(async () => {
      await config.set('interval', 20);
      // What runs beside must not see it before it is committed.
      expect([config.get('interval'), running.get('interval')]).toEqual([20, 60]);
    }, 'COMMIT');
    await store.refresh(plugin);
    expect([config.get('interval'), running.get('interval')]).toEqual([20, 20]);
    running.close();
  });
});

describe('PluginConfig.close', () => {
  it('masks a secret from when it is read until no instance has it any more', async () => {
    const { config, store, plugin, redactor } = await setUp();
    const other = await store.open(plugin, manifest);
    const quiet = new SecretRedactor();
    const elsewhere = new ConfigStore({ executor: () => db, keyring, redactor: quiet });
    await store.update(plugin, manifest, { apiKey: 'supersecret' });
    const third = await elsewhere.open(plugin, manifest);
    expect(quiet.redact('supersecret')).toBe('supersecret');
    third.get('apiKey');
    third.get('apiKey');
    expect(quiet.redact('supersecret')).toBe(MASK);
    third.close();
    third.close();
    expect(quiet.empty).toBe(true);
    config.get('apiKey');
    other.get('apiKey');
    config.close();
    expect(redactor.redact('supersecret')).toBe(MASK);
    other.close();
  });

  it('keeps masking the value before, which the plugin may still use', async () => {
    const { config, store, plugin } = await setUp();
    const quiet = new SecretRedactor();
    const elsewhere = new ConfigStore({ executor: () => db, keyring, redactor: quiet });
    await store.update(plugin, manifest, { apiKey: 'first-secret' });
    const open = await elsewhere.open(plugin, manifest);
    open.get('apiKey');
    await config.set('apiKey', 'second-secret');
    await elsewhere.refresh(plugin);
    expect(open.get('apiKey')).toBe('second-secret');
    expect(quiet.redact('first-secret second-secret')).toBe(`${MASK} ${MASK}`);
    open.close();
  });
});
