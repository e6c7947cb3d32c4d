import { runInThisContext } from 'node:vm';
import { transform } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.js';
import { pluginContexts } from './fixtures/plugin-contexts.js';

let database: TestDatabase;
let contexts: ReturnType<typeof pluginContexts>;
let contextOf: typeof contexts.contextOf;

beforeAll(async () => {
  database = await createTestDatabase();
  contexts = pluginContexts(database.pool);
  ({ contextOf } = contexts);
});
afterAll(async () => {
  await database.drop();
});

/** The hooks of §15.1, §15.3 and §13.4, letter for letter. */
const SPECIFICATION = `
const plugin = {
async onInstall(context: PluginContext) {
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
async onEnable(context: PluginContext) {
  const tenant = context.tenant; // Current tenant ID

  // All queries automatically scoped to tenant
  const result = await context.db.query(
    'SELECT * FROM plugin_jira_integration_mappings WHERE tenant = $1',
    [tenant]
  );

  // Metadata also scoped to tenant
  await context.metadata.set('settings', 0, 'lastSync', new Date());
},
async onUninstall(context: PluginContext) {
  // Check if data deletion was requested
  const deleteData = context.options?.deleteData ?? false;

  if (deleteData) {
    await context.db.query('DROP TABLE IF EXISTS plugin_jira_integration_mappings');
    await context.metadata.deleteByPlugin();
    context.logger.info('Plugin data deleted');
  } else {
    context.logger.info('Plugin uninstalled, data preserved');
  }
}
};
plugin`;

describe('the examples of the specification', () => {
  it('work as they stand: §15.1 in onInstall, §15.3 in onEnable, §13.4 in onUninstall', async () => {
    const { code } = await transform(SPECIFICATION, { loader: 'ts' });
    const plugin = runInThisContext(code) as Record<string, (context: object) => Promise<void>>;
    const logged: string[] = [];
    const context = {
      ...contextOf('spec-tenant', 'jira-integration', { guarded: true }),
      logger: { info: (message: string) => logged.push(message) },
      options: { deleteData: true },
    };
    const { db, metadata, tenant } = context;

    const inOperation = (hook: 'onInstall' | 'onUninstall') =>
      context.transactions.run(async () => plugin[hook]?.(context), {
        plugin: { tenant, pluginId: 'jira-integration' },
        schemaChanges: true,
      });
    const install = () => inOperation('onInstall');
    await install();
    // As the lifecycle files it.
    const name = 'plugin_jira_integration_mappings';
    await contexts.floor.db
      .insertInto('plugin_tables')
      .values({ tenant, plugin_id: 'jira-integration', name })
      .execute();
    // Again, as for an update: nothing is left to do.
    await install();
    expect(await metadata.get('system', 0, 'db_version')).toBe(2);

    await db.query(
      `INSERT INTO plugin_jira_integration_mappings (risk_id, jira_issue_key, tenant) VALUES ($1, $2, $3)`,
      [7, 'RISK-7', tenant],
    );
    await plugin.onEnable?.(context);
    expect(
      await db.query('SELECT * FROM plugin_jira_integration_mappings WHERE tenant = $1', [tenant]),
    ).toEqual({
      rowCount: 1,
      rows: [
        {
          id: 1,
          risk_id: 7,
          jira_issue_key: 'RISK-7',
          synced_at: expect.any(Date),
          tenant,
          last_sync_status: null,
        },
      ],
    });
    expect(await metadata.get('settings', 0, 'lastSync')).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);

    await inOperation('onUninstall');
    expect(logged).toEqual(['Plugin data deleted']);
    expect(await metadata.getAllByPlugin()).toEqual([]);
    await expect(db.query('SELECT * FROM plugin_jira_integration_mappings')).rejects.toMatchObject({
      code: 'TABLE_NOT_OWNED',
    });
  });

  it('work for the table names of §13.2', async () => {
    const plugin = contextOf('spec-tenant', 'slack-notifications');
    for (const table of ['plugin_jira_integration_mappings', 'plugin_slack_notifications_logs']) {
      await plugin.db.query(`CREATE TABLE ${table} (id int)`);
      expect((await plugin.db.query(`SELECT * FROM ${table}`)).rowCount).toBe(0);
      await plugin.db.query(`DROP TABLE ${table}`);
    }
  });
});
