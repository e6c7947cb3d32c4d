import { randomUUID } from 'node:crypto';
import { definePlugin, type EventHandlers, type PluginContext } from '@verifywise/plugin-types';
import manifest from '../manifest.json';

/** One line of the feed, as the `activity-feed` template shows it. */
interface Activity {
  id: string;
  action: string;
  entityType: string;
  entityName: string;
  user: { name: string };
  timestamp: string;
}

const ENTITIES = ['project', 'risk', 'vendor'] as const;
const ACTIONS = ['created', 'updated', 'deleted'] as const;
const DEFAULT_LIMIT = 20;
const MOST_SHOWN = 100;

const nameOf = (entity: Record<string, unknown> | undefined, id: unknown): string =>
  String(entity?.name ?? entity?.title ?? entity?.risk_name ?? entity?.vendor_name ?? `#${id}`);

/** Every activity has a key of its own, so that events at the same moment never overwrite each other. */
const record = async (context: PluginContext, activity: Omit<Activity, 'id'>): Promise<void> => {
  const id = randomUUID();
  await context.metadata.set('activity', 0, `${activity.timestamp}_${id}`, { id, ...activity });
};

const handlerFor =
  (entityType: (typeof ENTITIES)[number], action: string) =>
  async (payload: Record<string, unknown>, context: PluginContext): Promise<void> => {
    const { triggeredBy, timestamp } = payload as {
      triggeredBy: { userId: number; name?: string; email?: string };
      timestamp: Date;
    };
    await record(context, {
      action,
      entityType,
      entityName: nameOf(payload[entityType] as Record<string, unknown>, payload[`${entityType}Id`]),
      user: { name: triggeredBy.name ?? triggeredBy.email ?? `user ${triggeredBy.userId}` },
      timestamp: timestamp.toISOString(),
    });
  };

/** Newest first. */
const history = async (context: PluginContext): Promise<[key: string, activity: Activity][]> => {
  const all: Record<string, Activity> = await context.metadata.getAll('activity', 0);
  return Object.entries(all).sort(([a], [b]) => (a < b ? 1 : -1));
};

const limitOf = (text: unknown): number => {
  const limit = Number(text ?? DEFAULT_LIMIT);
  return Number.isInteger(limit) && limit > 0 ? Math.min(limit, MOST_SHOWN) : DEFAULT_LIMIT;
};

export default definePlugin({
  manifest,

  async onEnable(context) {
    const keep = context.config.get<number>('keep', 1000);
    const outdated = (await history(context)).slice(keep);
    for (const [key] of outdated) await context.metadata.delete('activity', 0, key);
    if (outdated.length > 0) context.logger.info(`Removed ${outdated.length} old activities`);
  },

  async onUninstall(context) {
    if (context.options?.deleteData) await context.metadata.deleteByPlugin();
  },

  eventHandlers() {
    const handlers: EventHandlers = { 'risk:mitigated': handlerFor('risk', 'mitigated') };
    for (const entity of ENTITIES) {
      for (const action of ACTIONS) handlers[`${entity}:${action}`] = handlerFor(entity, action);
    }
    return handlers;
  },

  routes(router, context) {
    router.get('/activity', async (req, res) => {
      const activities = await history(context);
      const shown = activities.slice(0, limitOf(req.query.limit)).map(([, activity]) => activity);
      res.json({ success: true, data: { activities: shown, total: activities.length } });
    });
  },

  uiExtensions: {
    dashboardWidgets: [
      {
        widgetId: 'activity-feed-widget',
        title: 'Recent Activity',
        template: 'activity-feed',
        endpoint: '/activity',
        config: { limit: 10 },
      },
    ],
  },
});
