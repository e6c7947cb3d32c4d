import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHost, type TestHost } from '../src/testing/index.js';

let test: TestHost;
beforeAll(async () => {
  test = await startTestHost();
});
afterAll(() => test.close());

const fixture = (name: string): string =>
  readFileSync(join(dirname(fileURLToPath(import.meta.url)), 'fixtures', name), 'utf8');

/** §15.1 and §13.4, word for word: the two hooks as the specification prints them. */
const JIRA = `
module.exports = {
  async onInstall(context) {
  // Get current migration version
  const currentVersion = await context.metadata.get('system', 0, 'db_version') || 0;

  // Run migrations
  if (currentVersion < 1) {
    await context.db.query(\`
      CREATE TABLE IF NOT EXISTS plugin_jira_integration_mappings (
        id SERIAL PRIMARY KEY,
        risk_id INTEGER NOT NULL,
        jira_issue_key VARCHAR(50) NOT NULL,
        synced_at TIMESTAMP DEFAULT NOW(),
        tenant VARCHAR(100) NOT NULL
      )
    \`);
    await context.metadata.set('system', 0, 'db_version', 1);
  }

  if (currentVersion < 2) {
    await context.db.query(\`
      ALTER TABLE plugin_jira_integration_mappings
      ADD COLUMN IF NOT EXISTS last_sync_status VARCHAR(20)
    \`);
    await context.metadata.set('system', 0, 'db_version', 2);
  }
},

async onUninstall(context) {
  // Check if data deletion was requested
  const deleteData = context.options?.deleteData ?? false;

  if (deleteData) {
    await context.db.query('DROP TABLE IF EXISTS plugin_jira_integration_mappings');
    await context.metadata.deleteByPlugin();
    context.logger.info('Plugin data deleted');
  } else {
    context.logger.info('Plugin uninstalled, data preserved');
  }
},

async onEnable(context) {
  const tenant = context.tenant; // Current tenant ID

  // All queries automatically scoped to tenant
  const result = await context.db.query(
    'SELECT * FROM plugin_jira_integration_mappings WHERE tenant = $1',
    [tenant]
  );

  // Metadata also scoped to tenant
  await context.metadata.set('settings', 0, 'lastSync', new Date());
},
routes(router, context) {
  router.post('/it', async (req, res) => {
    const { rowCount } = await context.db.query(
      'INSERT INTO plugin_jira_integration_mappings (risk_id, jira_issue_key, tenant) VALUES ($1, $2, $3)',
      [req.body.risk, req.body.issue, context.tenant]);
    res.json({ rowCount });
  });
  router.get('/it', async (req, res) => {
    const { rows } = await context.db.query('SELECT risk_id, jira_issue_key, last_sync_status FROM plugin_jira_integration_mappings ORDER BY id');
    res.json({ rows, version: await context.metadata.get('system', 0, 'db_version'), lastSync: await context.metadata.get('settings', 0, 'lastSync') });
  });
} };`;
const JIRA_FIELDS = { permissions: ['database:read', 'database:write'] };
const mappings = async (tenant: string) =>
  (await test.request(tenant, 'GET', '/api/plugins/jira-integration/it')).body;

describe('the specification’s database examples', () => {
  it('make their table, migrate it and keep each tenant’s rows apart', async () => {
    for (const tenant of ['acme', 'globex']) await test.enable(tenant, 'jira-integration', JIRA, JIRA_FIELDS);
    await test.request('acme', 'POST', '/api/plugins/jira-integration/it', { risk: 1, issue: 'ACME-1' });
    await test.request('globex', 'POST', '/api/plugins/jira-integration/it', { risk: 9, issue: 'GLX-9' });
    expect(await mappings('acme')).toEqual({
      rows: [{ risk_id: 1, jira_issue_key: 'ACME-1', last_sync_status: null }],
      version: 2,
      lastSync: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
    expect((await mappings('globex')).rows).toMatchObject([{ jira_issue_key: 'GLX-9' }]);
  });

  it('keep their data over an uninstall that keeps it', async () => {
    await test.host.tenant('acme').plugins.uninstall('jira-integration');
    await test.enable('acme', 'jira-integration', JIRA, JIRA_FIELDS);
    expect((await mappings('acme')).rows).toMatchObject([{ jira_issue_key: 'ACME-1' }]);
  });

  it('delete one tenant’s data with the plugin, and nothing of another’s', async () => {
    await test.host.tenant('acme').plugins.uninstall('jira-integration', { deleteData: true });
    expect((await mappings('globex')).rows).toMatchObject([{ jira_issue_key: 'GLX-9' }]);
    const { rows } = await test.database.pool.query(
      `SELECT n.nspname AS schema FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = 'plugin_jira_integration_mappings'`,
    );
    expect(rows).toEqual([{ schema: 'plugins_globex' }]);
    expect(
      (await test.database.pool.query(`SELECT DISTINCT tenant FROM plugin_host.plugin_metadata`)).rows,
    ).toEqual([{ tenant: 'globex' }]);
    await test.enable('acme', 'jira-integration', JIRA, JIRA_FIELDS);
    expect((await mappings('acme')).rows).toEqual([]);
  });

  it('drop what the plugin itself forgot', async () => {
    await test.enable(
      'acme',
      'forgetful',
      `module.exports = { onInstall: (context) => context.db.query('CREATE TABLE plugin_forgetful_notes (id int)') };`,
      JIRA_FIELDS,
    );
    await test.host.tenant('acme').plugins.uninstall('forgetful', { deleteData: true });
    const { rows } = await test.database.pool.query(
      `SELECT 1 FROM pg_class WHERE relname = 'plugin_forgetful_notes'`,
    );
    expect(rows).toEqual([]);
  });
});

describe('the specification’s manifest of §4', () => {
  it('installs unchanged but for the plugin it depends on', async () => {
    const manifest = JSON.parse(fixture('slack-notifications.manifest.json'));
    await test.install('acme', 'other-plugin-id', 'module.exports = {};');
    const { plugin } = await test.install('acme', manifest.id, 'module.exports = {};', manifest);
    expect(plugin).toMatchObject({ ...manifest, state: 'loaded', enabled: false });
    await test.host.tenant('acme').config.update(manifest.id, { webhookUrl: 'https://hooks.example/x' });
    await expect(test.host.tenant('acme').plugins.enable(manifest.id)).rejects.toMatchObject({
      code: 'DEPENDENCY_DISABLED',
    });
    await test.host.tenant('acme').plugins.enable('other-plugin-id');
    expect((await test.host.tenant('acme').plugins.enable(manifest.id)).plugin.state).toBe('enabled');
    await expect(test.host.tenant('acme').plugins.disable('other-plugin-id')).rejects.toMatchObject({
      code: 'HAS_DEPENDENTS',
    });
  });
});

describe('the hooks of §5', () => {
  const TALE = `const tell = (hook) => async (context) => {
      const tale = (await context.metadata.get('tale', 0, 'hooks')) || [];
      await context.metadata.set('tale', 0, 'hooks', [...tale, [hook, context.install ?? null, context.options ?? null]]);
    };
    module.exports = { onInstall: tell('onInstall'), onLoad: tell('onLoad'), onEnable: tell('onEnable'),
      onDisable: tell('onDisable'), onUnload: tell('onUnload'), onUninstall: tell('onUninstall') };`;
  const told = async () =>
    (
      await test.database.pool.query(
        `SELECT value FROM plugin_host.plugin_metadata WHERE plugin_id = 'teller' AND entity_type = 'tale'`,
      )
    ).rows[0].value;

  it('run in order from installation to removal, with what they are told', async () => {
    await test.enable('acme', 'teller', TALE);
    await test.host.tenant('acme').plugins.uninstall('teller');
    expect(await told()).toEqual([
      ['onInstall', { reason: 'install', fromVersion: null, toVersion: '1.0.0', attempt: 1 }, null],
      ['onLoad', null, null],
      ['onEnable', null, null],
      ['onDisable', null, null],
      ['onUnload', null, null],
      ['onUninstall', null, { deleteData: false }],
    ]);
  });

  it('run on a restart as §5.1 says: unload on shutdown, load and enable on start', async () => {
    await test.database.pool.query(`DELETE FROM plugin_host.plugin_metadata WHERE plugin_id = 'teller'`);
    await test.enable('acme', 'teller', TALE);
    await test.restart();
    expect((await told()).map(([hook]: [string]) => hook)).toEqual([
      'onInstall',
      'onLoad',
      'onEnable',
      'onUnload',
      'onLoad',
      'onEnable',
    ]);
  });
});
