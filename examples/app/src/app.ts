import { join } from 'node:path';
import { createPluginHost, type HostRequest, type Identity, type PluginHost } from '@verifywise/plugin-host';
import { startEmbeddedPostgres } from '@verifywise/plugin-host/embedded';
import type { Kysely } from 'kysely';
import pg from 'pg';
import { type AppDatabase, openAppDatabase } from './database.js';
import { PROJECT, RISK } from './entities.js';
import { entityRoutes } from './entity.js';
import { type AppRoute, failure, success } from './route.js';
import type { Settings } from './settings.js';

/** The example application without its web framework: the plugin host, and the application's own routes. */
export interface ExampleApp {
  readonly plugins: PluginHost;
  readonly routes: readonly AppRoute[];
  /** Who sends this `authorization` header; `null` for nobody. */
  identify(authorization: string | undefined): Identity | null;
  /** What `GET /healthz` answers. */
  health(): Promise<{ status: number; body: unknown }>;
  close(): Promise<void>;
}

export async function createExampleApp(settings: Settings): Promise<ExampleApp> {
  const embedded = settings.databaseUrl
    ? undefined
    : await startEmbeddedPostgres({ dataDir: join(settings.dataDir, 'postgres') });
  const pool = new pg.Pool({ connectionString: settings.databaseUrl ?? embedded?.connectionString, max: 10 });
  // Without a listener an idle connection that breaks would end the process.
  pool.on('error', (error) => console.error(`database connection lost: ${error.message}`));

  const identify = (authorization: string | undefined): Identity | null => {
    const [scheme, token] = (authorization ?? '').split(' ');
    if (scheme?.toLowerCase() !== 'bearer' || token === undefined) return null;
    return settings.tokens.get(token) ?? null;
  };

  const plugins = createPluginHost({
    database: pool,
    dataDir: join(settings.dataDir, 'plugins'),
    hostVersion: settings.hostVersion,
    secretsKey: settings.secretsKey,
    registry: { url: settings.registryUrl, allowedHosts: settings.allowedHosts },
    coreTables: {
      users: { schema: 'app', table: 'users', tenantColumn: 'tenant', columns: ['id', 'name', 'email'] },
      projects: { schema: 'app', table: 'projects', tenantColumn: 'tenant' },
      risks: { schema: 'app', table: 'risks', tenantColumn: 'tenant' },
    },
    authenticate: async (request: HostRequest) => identify(request.headers.authorization),
    onAlert: ({ tenant, pluginId, message }) =>
      console.error(`alert for ${tenant}: plugin ${pluginId}: ${message}`),
  });

  const close = async (): Promise<void> => {
    await plugins.stop();
    await pool.end();
    await embedded?.stop();
  };

  try {
    const db = await openAppDatabase(pool);
    await keepUsers(db, settings);
    await plugins.start();
    const tenantOf = (tenant: string) => plugins.tenant(tenant);
    return {
      plugins,
      routes: [...entityRoutes(PROJECT, db, tenantOf), ...entityRoutes(RISK, db, tenantOf), userRoute(db)],
      identify,
      health: async () => {
        const health = await plugins.health();
        return { status: health.ready ? 200 : 503, body: health };
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The people behind the tokens are the application's users. */
async function keepUsers(db: Kysely<AppDatabase>, { tokens }: Settings): Promise<void> {
  for (const { tenant, user } of tokens.values()) {
    const row = { id: Number(user.id), tenant, email: user.email ?? null, name: user.name ?? null };
    if (!Number.isInteger(row.id)) continue;
    await db
      .insertInto('users')
      .values(row)
      .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
      .execute();
  }
}

const userRoute = (db: Kysely<AppDatabase>): AppRoute => ({
  method: 'GET',
  path: '/api/users/:id',
  handle: async ({ identity, params }) => {
    const id = Number(params.id);
    const user = Number.isInteger(id)
      ? await db
          .selectFrom('users')
          .selectAll()
          .where('tenant', '=', identity.tenant)
          .where('id', '=', id)
          .executeTakeFirst()
      : undefined;
    return user
      ? success(200, user)
      : failure(404, 'USER_NOT_FOUND', 'There is no such user.', 'Check the id.');
  },
});
