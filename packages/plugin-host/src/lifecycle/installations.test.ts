import type { Kysely } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PluginKey } from '../foundation/plugin-key.js';
import { openDatabase } from '../postgres/database.js';
import type { HostDatabase } from '../postgres/schema.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { Installations } from './installations.js';

let database: TestDatabase;
let db: Kysely<HostDatabase>;
let installations: Installations;

const SHAS = { slack: 'a'.repeat(64), jira: 'b'.repeat(64) };
const manifestOf = (id: string) => ({
  id,
  name: id,
  description: `Plugin ${id}.`,
  version: '1.2.0',
  author: { name: 'Tests' },
  type: 'feature',
  tags: [],
  permissions: ['config:read'],
});

beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.pool);
  installations = new Installations(db);
  for (const [id, sha256] of Object.entries(SHAS)) {
    await db
      .insertInto('plugin_packages')
      .values({
        sha256,
        plugin_id: id,
        version: '1.2.0',
        size: 1,
        files: '{}',
        manifest: JSON.stringify(manifestOf(id)),
      })
      .execute();
  }
});
afterAll(() => database.drop());
beforeEach(async () => {
  await db.deleteFrom('plugin_installations').execute();
});

const slack: PluginKey = { tenant: 'acme', pluginId: 'slack' };
const jira: PluginKey = { tenant: 'acme', pluginId: 'jira' };
const elsewhere: PluginKey = { tenant: 'globex', pluginId: 'slack' };
const insert = (key: PluginKey) =>
  installations.insert(db, key, key.pluginId === 'slack' ? SHAS.slack : SHAS.jira, 'verified');

describe('an installation', () => {
  it('begins disabled, with the manifest of its package', async () => {
    await insert(slack);
    expect(await installations.find(slack)).toEqual({
      key: slack,
      activeSha: SHAS.slack,
      previousSha: null,
      enabled: false,
      status: 'ok',
      trust: 'verified',
      generation: 1,
      lastError: null,
      installedAt: expect.any(Date),
      manifest: manifestOf('slack'),
    });
  });

  it('is there once', async () => {
    await insert(slack);
    await expect(insert(slack)).rejects.toMatchObject({ code: '23505' });
  });

  it('needs a package', async () => {
    await expect(installations.insert(db, slack, 'c'.repeat(64), 'manual')).rejects.toMatchObject({
      code: '23503',
    });
  });

  it('is one tenant’s', async () => {
    await insert(slack);
    await insert(elsewhere);
    await installations.update(db, slack, { enabled: true, status: 'ok' });
    expect(await installations.find(elsewhere)).toMatchObject({ enabled: false, generation: 1 });
    await installations.delete(db, slack);
    expect(await installations.find(slack)).toBeUndefined();
    expect(await installations.find(elsewhere)).toMatchObject({ key: elsewhere });
  });

  it('is listed by id, and its tenant with it', async () => {
    await insert(slack);
    await insert(jira);
    await insert(elsewhere);
    expect((await installations.ofTenant('acme')).map(({ key }) => key.pluginId)).toEqual(['jira', 'slack']);
    expect(await installations.ofTenant('nobody')).toEqual([]);
    expect(await installations.tenants()).toEqual(['acme', 'globex']);
  });
});

describe('a change', () => {
  const at = '2026-01-31T12:00:00.000Z';

  it('is counted', async () => {
    await insert(slack);
    await installations.update(db, slack, { enabled: true, status: 'ok' });
    await installations.update(db, slack, { enabled: false, status: 'ok' });
    expect(await installations.find(slack)).toMatchObject({ enabled: false, generation: 3 });
  });

  it('is counted where two come at once', async () => {
    await insert(slack);
    await Promise.all(
      Array.from({ length: 20 }, () => installations.update(db, slack, { status: 'ok', enabled: true })),
    );
    expect(await installations.find(slack)).toMatchObject({ generation: 21 });
  });

  it('leaves alone what it does not name', async () => {
    await insert(slack);
    const lastError = { code: 'HOOK_FAILED', message: 'no', at, callback: 'onEnable', stack: 'Error: no' };
    await installations.update(db, slack, { enabled: true, status: 'error', lastError });
    expect(await installations.find(slack)).toMatchObject({ enabled: true, status: 'error', lastError });
    await installations.update(db, slack, { status: 'quarantined' });
    expect(await installations.find(slack)).toMatchObject({
      enabled: true,
      status: 'quarantined',
      lastError,
    });
    await installations.update(db, slack, { status: 'ok', lastError: null });
    expect(await installations.find(slack)).toMatchObject({ enabled: true, status: 'ok', lastError: null });
  });

  it('is made although the error of the plugin cannot be stored as it is', async () => {
    await insert(slack);
    const message = `\0 \ud800 ${'x'.repeat(10_000_000)}`;
    await installations.update(db, slack, {
      status: 'error',
      lastError: { code: 'HOOK_FAILED', message, at, stack: `Error: ${message}` },
    });
    const found = await installations.find(slack);
    expect(found?.status).toBe('error');
    expect(found?.lastError?.message).toMatch(/^\uFFFD \uFFFD x+$/);
    expect(JSON.stringify(found?.lastError).length).toBeLessThan(50_000);
  });

  it('is undone with the transaction it belongs to', async () => {
    const failing = db.transaction().execute(async (trx) => {
      await installations.insert(trx, slack, SHAS.slack, 'manual');
      expect(await installations.find(slack, trx)).toMatchObject({ trust: 'manual' });
      expect(await installations.find(slack)).toBeUndefined();
      throw new Error('not after all');
    });
    await expect(failing).rejects.toThrow('not after all');
    expect(await installations.find(slack)).toBeUndefined();
  });
});
