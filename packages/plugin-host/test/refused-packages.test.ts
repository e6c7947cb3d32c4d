import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packPlugin, startTestHost, type TestHost, testManifest } from '../src/testing/index.js';

let test: TestHost;
beforeAll(async () => {
  test = await startTestHost();
  await test.enable(
    'acme',
    'bystander',
    `exports.plugin = { routes(r) { r.get('/it', (q, s) => s.json({ ok: true })) } }`,
  );
});
afterAll(() => test.close());

/** Everything an installation may leave: rows of every host table, tables in every tenant schema, files in the data folder. */
async function traces(): Promise<unknown> {
  const { rows } = await test.database.pool.query(
    `SELECT (SELECT count(*)::int FROM plugin_host.plugin_packages) AS packages,
            (SELECT count(*)::int FROM plugin_host.plugin_package_chunks) AS chunks,
            (SELECT count(*)::int FROM plugin_host.plugin_installations) AS installations,
            (SELECT count(*)::int FROM plugin_host.plugin_tables) AS tables,
            (SELECT count(*)::int FROM plugin_host.plugin_metadata) AS metadata,
            (SELECT count(*)::int FROM plugin_host.plugin_config) AS config,
            (SELECT count(*)::int FROM plugin_host.plugin_operations WHERE finished_at IS NULL) AS open_operations,
            (SELECT count(*)::int FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE n.nspname LIKE 'plugins\\_%' AND c.relkind = 'r') AS plugin_tables`,
  );
  const files = readdirSync(test.dataDir, { recursive: true, encoding: 'utf8' }).sort();
  return { rows, files };
}

const GOOD = 'module.exports = {};';

/** Each publishes something that is wrong in one way and says what to ask for. */
const cases: readonly {
  readonly name: string;
  readonly code: string;
  readonly publish: () => Promise<{ id: string; version: string; downloadUrl: string; checksum: string }>;
}[] = [
  {
    name: 'a checksum that differs',
    code: 'CHECKSUM_MISMATCH',
    publish: async () => ({
      ...(await test.registry.publish('broken', GOOD)),
      checksum: `sha256:${'0'.repeat(64)}`,
    }),
  },
  {
    name: 'a checksum that is none',
    code: 'CHECKSUM_FORMAT',
    publish: async () => ({ ...(await test.registry.publish('broken', GOOD)), checksum: 'md5:abc' }),
  },
  {
    name: 'an id that differs',
    code: 'MANIFEST_ID_MISMATCH',
    publish: async () => ({ ...(await test.registry.publish('other', GOOD)), id: 'broken' }),
  },
  {
    name: 'a version that differs',
    code: 'VERSION_MISMATCH',
    publish: async () => ({ ...(await test.registry.publish('broken', GOOD)), version: '2.0.0' }),
  },
  {
    name: 'no manifest',
    code: 'MANIFEST_MISSING',
    publish: async () => {
      const { bytes, checksum } = await packPlugin({ 'index.js': GOOD });
      return test.registry.offer(bytes, checksum, testManifest('broken'), 'broken');
    },
  },
  {
    name: 'a manifest that is not valid',
    code: 'MANIFEST_INVALID',
    publish: async () => {
      const { bytes, checksum } = await packPlugin({ 'manifest.json': '{"id": "broken"}', 'index.js': GOOD });
      return test.registry.offer(bytes, checksum, testManifest('broken'), 'broken');
    },
  },
  {
    name: 'a file that is no zip',
    code: 'ZIP_CORRUPT',
    publish: async () => {
      const { createHash } = await import('node:crypto');
      const bytes = Buffer.from('this is no zip');
      const checksum = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
      return test.registry.offer(bytes, checksum, testManifest('broken'), 'broken');
    },
  },
  {
    name: 'an entry that throws when it is loaded',
    code: 'ENTRY_THREW',
    publish: () => test.registry.publish('broken', `throw new Error('at the top level');`),
  },
  {
    name: 'an entry that exports no plugin',
    code: 'ENTRY_NOT_A_PLUGIN',
    publish: () => test.registry.publish('broken', 'module.exports = 42;'),
  },
  {
    name: 'an entry that is an ECMAScript module',
    code: 'ENTRY_IS_ESM',
    publish: () => test.registry.publish('broken', 'export default {};'),
  },
  {
    name: 'an entry that requires what it did not bundle',
    code: 'MODULE_NOT_FOUND',
    publish: () => test.registry.publish('broken', `require('left-pad'); module.exports = {};`),
  },
  {
    name: 'an entry that asks for child_process',
    code: 'MODULE_FORBIDDEN',
    publish: () => test.registry.publish('broken', `require('node:child_process'); module.exports = {};`),
  },
  {
    name: 'a host that is too old',
    code: 'HOST_VERSION_TOO_OLD',
    publish: () => test.registry.publish('broken', GOOD, { compatibility: { minVersion: '9.0.0' } }),
  },
  {
    name: 'a dependency that is not installed',
    code: 'DEPENDENCY_MISSING',
    publish: () => test.registry.publish('broken', GOOD, { dependencies: { absent: '>=1.0.0' } }),
  },
  {
    name: 'a dependency in another version',
    code: 'DEPENDENCY_VERSION',
    publish: () => test.registry.publish('broken', GOOD, { dependencies: { bystander: '>=2.0.0' } }),
  },
  {
    name: 'an onInstall that throws after it has made a table and metadata',
    code: 'HOOK_FAILED',
    publish: () =>
      test.registry.publish(
        'broken',
        `module.exports = { async onInstall(context) {
           await context.db.query('CREATE TABLE plugin_broken_things (id int)');
           await context.metadata.set('system', 0, 'made', true);
           throw new Error('half way');
         } };`,
        { permissions: ['database:read', 'database:write'] },
      ),
  },
  {
    name: 'an onLoad that throws after onInstall has made a table',
    code: 'HOOK_FAILED',
    publish: () =>
      test.registry.publish(
        'broken',
        `module.exports = {
           async onInstall(context) { await context.db.query('CREATE TABLE plugin_broken_things (id int)'); },
           async onLoad() { throw new Error('cannot start'); },
         };`,
        { permissions: ['database:read', 'database:write'] },
      ),
  },
];

describe('a package that is refused', () => {
  it.each(cases)('for $name is refused with $code and leaves nothing', async ({ code, publish }) => {
    const before = await traces();
    const { id, version, downloadUrl, checksum } = await publish();
    const answer = await test.request('acme', 'POST', '/api/plugins/install-from-url', {
      id,
      version,
      downloadUrl,
      checksum,
    });
    expect(answer.body).toMatchObject({ success: false, error: { code } });
    expect(answer.body.error.hint).toBeTruthy();
    expect(await traces()).toEqual(before);
    expect((await test.request('acme', 'GET', `/api/plugins/broken`)).status).toBe(404);
    expect((await test.request('acme', 'GET', '/api/plugins/bystander/it')).body).toEqual({ ok: true });
  });

  it('can be installed once it is mended', async () => {
    const { plugin } = await test.enable('acme', 'broken', GOOD);
    expect(plugin.state).toBe('enabled');
  });
});
