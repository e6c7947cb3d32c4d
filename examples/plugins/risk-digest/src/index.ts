import { definePlugin, type PluginContext } from '@verifywise/plugin-types';
import manifest from '../manifest.json';

const TABLE = 'plugin_risk_digest_entries';

/** The host's words for a severity, whatever a client wrote. */
const SEVERITIES: Readonly<Record<string, string>> = {
  l: 'low',
  low: 'low',
  m: 'medium',
  medium: 'medium',
  moderate: 'medium',
  h: 'high',
  high: 'high',
  c: 'critical',
  critical: 'critical',
};
const COLOURS: Readonly<Record<string, string>> = {
  low: '#16a34a',
  medium: '#ca8a04',
  high: '#ea580c',
  critical: '#dc2626',
};

/** Adds what is missing, step by step; the version reached is kept in the metadata (§15.1). */
async function migrate(context: PluginContext): Promise<void> {
  const version = (await context.metadata.get<number>('system', 0, 'db_version')) ?? 0;
  if (version < 1) {
    await context.db.query(`
      CREATE TABLE IF NOT EXISTS ${TABLE} (
        id SERIAL PRIMARY KEY,
        risk_id INTEGER NOT NULL UNIQUE,
        severity VARCHAR(50) NOT NULL,
        saved_at TIMESTAMP DEFAULT NOW(),
        tenant VARCHAR(100) NOT NULL
      )
    `);
    await context.metadata.set('system', 0, 'db_version', 1);
  }
}

const save = (context: PluginContext, riskId: number, severity: unknown): Promise<unknown> =>
  context.db.query(
    `INSERT INTO ${TABLE} (risk_id, severity, tenant) VALUES ($1, $2, $3)
     ON CONFLICT (risk_id) DO UPDATE SET severity = EXCLUDED.severity, saved_at = NOW()`,
    [riskId, String(severity), context.tenant],
  );

export default definePlugin({
  manifest,

  async onInstall(context) {
    await migrate(context);
  },

  async onUninstall(context) {
    if (context.options?.deleteData) {
      await context.db.query(`DROP TABLE IF EXISTS ${TABLE}`);
      await context.metadata.deleteByPlugin();
    }
  },

  async onEnable(context) {
    context.on('risk:created', async ({ riskId, risk }) => void (await save(context, riskId, risk.severity)));
    context.on('risk:updated', async ({ riskId, risk }) => void (await save(context, riskId, risk.severity)));
    context.on('risk:deleted', async ({ riskId }) => {
      await context.db.query(`DELETE FROM ${TABLE} WHERE risk_id = $1`, [riskId]);
    });
  },

  filterHandlers() {
    return {
      'risk:before_save': async (data) => {
        const risk = data.risk as { severity?: unknown };
        const severity = SEVERITIES[String(risk.severity).trim().toLowerCase()];
        return severity ? { ...data, risk: { ...risk, severity } } : data;
      },
    };
  },

  routes(router, context) {
    router.get('/digest', async (_req, res) => {
      const { rows } = await context.db.query(
        `SELECT severity, COUNT(*)::int AS count FROM ${TABLE} GROUP BY severity ORDER BY count DESC, severity`,
      );
      const total = rows.reduce((sum: number, { count }: { count: number }) => sum + count, 0);
      res.json({
        success: true,
        data: {
          cards: rows.map(({ severity, count }: { severity: string; count: number }) => ({
            id: severity,
            label: severity,
            value: count,
            icon: 'shield',
            color: COLOURS[severity] ?? '#475569',
          })),
          total,
        },
      });
    });
  },

  uiExtensions: {
    dashboardWidgets: [
      {
        widgetId: 'risk-digest-cards',
        title: 'Risks by severity',
        template: 'card-grid',
        endpoint: '/digest',
        config: { columns: 2, emptyMessage: 'No risks yet' },
      },
    ],
  },
});
