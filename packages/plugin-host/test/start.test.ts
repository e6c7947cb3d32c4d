import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDefaultLogger } from '../src/capabilities/logger/default-logger.js';
import { DEFAULT_LIMITS } from '../src/foundation/limits.js';
import { PackageStore } from '../src/package-store/packages.js';
import { openDatabase } from '../src/postgres/database.js';
import { type PublishedPlugin, startTestHost, type TestHost } from '../src/testing/index.js';

let test: TestHost;
beforeAll(async () => {
  test = await startTestHost();
});
afterAll(() => test.close());

const healthy = `module.exports = { routes(r) { r.get('/it', (q, s) => s.json({ up: true })); } };`;
/** Behaves until a metadata row says otherwise, so that it installs and enables, and then breaks at the next start. */
const breaksIn = (hook: string, how: string): string => `
  module.exports = {
    async ${hook}(context) { if (await context.metadata.get('system', 0, 'break')) { ${how} } },
    routes(r) { r.get('/it', (q, s) => s.json({ up: true })); },
  };`;

const sql = (text: string, ...values: unknown[]) => test.database.pool.query(text, values);
const breakAtStart = (id: string) =>
  sql(
    `INSERT INTO plugin_host.plugin_metadata (tenant, plugin_id, entity_type, entity_id, key, value)
     VALUES ('acme', $1, 'system', 0, 'break', 'true')`,
    id,
  );
const shaOf = async (id: string): Promise<string> =>
  (await sql(`SELECT active_sha FROM plugin_host.plugin_installations WHERE plugin_id = $1`, id)).rows[0]
    .active_sha;

describe('a start with 20 plugins of which 7 are broken in 7 ways', () => {
  it('serves the 13 and explains the 7', async () => {
    const good = Array.from({ length: 13 }, (_, index) => `good-${index}`);
    for (const id of good) await test.enable('acme', id, `${healthy} // ${id}`);

    await test.enable('acme', 'fails-on-load', breaksIn('onLoad', `throw new Error('no load today')`));
    await test.enable('acme', 'fails-on-enable', breaksIn('onEnable', `throw new Error('no enable today')`));
    await test.enable('acme', 'hangs', breaksIn('onEnable', 'await new Promise(() => {})'));
    await test.enable('acme', 'lost', `${healthy} // lost`);
    await test.enable('acme', 'needs-lost', `${healthy} // needs-lost`, {
      dependencies: { lost: '>=1.0.0' },
    });
    await test.enable('acme', 'unconfigured', `${healthy} // unconfigured`);
    await test.enable('acme', 'throws-at-top', `${healthy} // throws-at-top`);

    for (const id of ['fails-on-load', 'fails-on-enable', 'hangs']) await breakAtStart(id);
    // Gone from database and disk: nothing to rebuild it from.
    const lost = await shaOf('lost');
    await sql(`DELETE FROM plugin_host.plugin_package_chunks WHERE sha256 = $1`, lost);
    rmSync(join(test.dataDir, 'packages', lost), { recursive: true, force: true });
    // A setting that has become required since.
    await sql(
      `UPDATE plugin_host.plugin_packages SET manifest = manifest || '{"config": {"apiKey": {"type": "string", "required": true}}}'
       WHERE sha256 = $1`,
      await shaOf('unconfigured'),
    );
    // Code that no longer loads: another package in its place.
    await replacePackage(
      'throws-at-top',
      await test.registry.publish('throws-at-top', `throw new Error('top level');`),
    );

    await test.restart({ limits: { hookMs: 500 } });

    for (const id of good) {
      expect((await test.request('acme', 'GET', `/api/plugins/${id}/it`)).body).toEqual({ up: true });
    }
    const { body } = await test.request('acme', 'GET', '/api/plugins');
    const errors = Object.fromEntries(
      body.data
        .filter(({ state }: { state: string }) => state === 'error')
        .map(({ id, lastError }: { id: string; lastError: { code: string } }) => [id, lastError.code]),
    );
    expect(errors).toEqual({
      'fails-on-load': 'HOOK_FAILED',
      'fails-on-enable': 'HOOK_FAILED',
      hangs: 'HOOK_TIMEOUT',
      lost: 'PACKAGE_LOST',
      'needs-lost': 'DEPENDENCY_DISABLED',
      unconfigured: 'CONFIG_REQUIRED',
      'throws-at-top': 'ENTRY_THREW',
    });
    expect(body.data.filter(({ state }: { state: string }) => state === 'enabled')).toHaveLength(13);
    const [report] = test.host.startReport;
    expect(report?.enabled).toHaveLength(13);
    expect(report?.skipped.map(({ pluginId }) => pluginId).sort()).toEqual(Object.keys(errors).sort());

    const onLoad = body.data.find(({ id }: { id: string }) => id === 'fails-on-load').lastError;
    expect(onLoad).toMatchObject({ message: 'no load today', callback: 'onLoad' });
    expect(onLoad.stack).toContain('index.js');
    expect(onLoad.suggestion).toBeTruthy();
  });

  it('tries again at the next start, and clears what is mended', async () => {
    await sql(`DELETE FROM plugin_host.plugin_metadata WHERE key = 'break'`);
    await test.restart();
    const { body } = await test.request('acme', 'GET', '/api/plugins/hangs');
    expect(body.data).toMatchObject({ state: 'enabled', lastError: null });
  });

  it('rebuilds a package whose folder was deleted', async () => {
    await test.host.stop();
    rmSync(join(test.dataDir, 'packages'), { recursive: true, force: true });
    await test.restart();
    expect((await test.request('acme', 'GET', '/api/plugins/good-0/it')).body).toEqual({ up: true });
  });

  it('rebuilds a package whose file was changed', async () => {
    const folder = join(test.dataDir, 'packages', await shaOf('good-1'));
    await test.host.stop();
    chmodSync(folder, 0o755);
    chmodSync(join(folder, 'index.js'), 0o644);
    writeFileSync(
      join(folder, 'index.js'),
      'module.exports = { routes(r) { r.get("/it", (q, s) => s.json({ evil: true })) } }',
    );
    await test.restart();
    const { body } = await test.request('acme', 'GET', '/api/plugins/good-1/it');
    expect(body.evil).toBeUndefined();
  });
});

/** Points acme's row at a package that was never installed through the front door, as only a bug or a hand could. */
async function replacePackage(id: string, { downloadUrl, checksum }: PublishedPlugin): Promise<void> {
  const db = openDatabase(test.database.pool);
  const store = new PackageStore({
    db,
    dataDir: test.dataDir,
    limits: DEFAULT_LIMITS,
    logger: createDefaultLogger({ level: 'silent' }),
  });
  const pkg = await store.ingest(readFileSync(fileURLToPath(downloadUrl)), { checksum });
  await store.save(db, pkg);
  await sql(
    `UPDATE plugin_host.plugin_installations SET active_sha = $1 WHERE plugin_id = $2`,
    pkg.sha256,
    id,
  );
}
