import { randomBytes } from 'node:crypto';
import type { ConfigSchema, PluginManifest } from '@verifywise/plugin-types';
import type { Kysely } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SecretRedactor } from '../../foundation/redact.js';
import { openDatabase } from '../../postgres/database.js';
import type { HostDatabase } from '../../postgres/schema.js';
import { checkSecretsCanary } from '../../secrets/canary.js';
import { SecretsKeyring } from '../../secrets/secrets-keyring.js';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.js';
import { ConfigStore } from './config-store.js';
import { rotateSecrets } from './secret-rotation.js';

let database: TestDatabase;
let db: Kysely<HostDatabase>;

beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.pool);
});
afterAll(() => database.drop());

const config: ConfigSchema = {
  apiKey: { type: 'string', secret: true },
  interval: { type: 'number' },
  accounts: {
    type: 'array',
    items: {
      type: 'object',
      properties: { name: { type: 'string' }, token: { type: 'string', secret: true } },
    },
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
  permissions: [],
  config,
};
const newKey = () => randomBytes(32).toString('hex');
const storeWith = (keyring: SecretsKeyring) =>
  new ConfigStore({ executor: () => db, keyring, redactor: new SecretRedactor() });
const allRows = () => db.selectFrom('plugin_config').selectAll().orderBy('tenant').orderBy('key').execute();

describe('rotateSecrets', () => {
  it('encrypts every secret anew, in batches, and lets the previous key go', async () => {
    const [old, next] = [newKey(), newKey()];
    const before = new SecretsKeyring({ key: old });
    await checkSecretsCanary(db, before);
    const tenants = Array.from({ length: 7 }, (_, i) => `tenant-${i}`);
    for (const tenant of tenants) {
      const accounts = [
        { name: 'a', token: `${tenant}-a` },
        { name: 'b', token: `${tenant}-b` },
      ];
      await storeWith(before).update({ tenant, pluginId: 'slack' }, manifest, {
        apiKey: `${tenant}-key`,
        interval: 1,
        accounts,
      });
    }

    const rotating = new SecretsKeyring({ key: next, previous: [old] });
    await checkSecretsCanary(db, rotating);
    expect(await rotateSecrets({ db, keyring: rotating, batch: 3 })).toEqual({ rotated: 21, failed: [] });
    expect(await rotateSecrets({ db, keyring: rotating })).toEqual({ rotated: 0, failed: [] });

    const after = new SecretsKeyring({ key: next });
    expect(await checkSecretsCanary(db, after)).toBe('ok');
    for (const tenant of tenants) {
      const open = await storeWith(after).open({ tenant, pluginId: 'slack' }, manifest);
      expect(open.getAll()).toEqual({
        apiKey: `${tenant}-key`,
        interval: 1,
        accounts: [
          { name: 'a', token: `${tenant}-a` },
          { name: 'b', token: `${tenant}-b` },
        ],
      });
      open.close();
    }
    await db.deleteFrom('plugin_config').execute();
    await db.deleteFrom('secrets_canary').execute();
  });

  it('leaves alone and names what it cannot decrypt, and then keeps asking for the previous key', async () => {
    const [lost, old, next] = [newKey(), newKey(), newKey()];
    const plugin = { tenant: 'acme', pluginId: 'slack' };
    await storeWith(new SecretsKeyring({ key: lost })).update(plugin, manifest, { apiKey: 'cannot be read' });
    await checkSecretsCanary(db, new SecretsKeyring({ key: old }));
    await storeWith(new SecretsKeyring({ key: old })).update(plugin, manifest, {
      accounts: [{ token: 'can be read' }],
    });
    const [, apiKeyBefore] = await allRows();

    const rotating = new SecretsKeyring({ key: next, previous: [old] });
    expect(await rotateSecrets({ db, keyring: rotating, batch: 1 })).toEqual({
      rotated: 1,
      failed: [{ ...plugin, field: 'apiKey' }],
    });
    const [accounts, apiKey] = await allRows();
    expect(apiKey).toEqual(apiKeyBefore);
    expect(JSON.stringify(accounts)).toContain(`v1.${rotating.kid}.`);
    await expect(checkSecretsCanary(db, new SecretsKeyring({ key: next }))).rejects.toThrow(
      expect.objectContaining({ code: 'SECRETS_KEY_MISMATCH' }),
    );
  });

  it('needs a key', async () => {
    await expect(rotateSecrets({ db, keyring: new SecretsKeyring() })).rejects.toThrow(
      expect.objectContaining({ code: 'SECRETS_KEY_MISSING' }),
    );
  });
});
