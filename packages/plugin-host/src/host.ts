import type { HostHttp } from './facade/host-http.js';
import { hostNotReady, strictStartup, tenantInvalid } from './foundation/errors/index.js';
import { ProcessFaults } from './foundation/process-faults.js';
import type { PluginHostOptions } from './host-options.js';
import { assembleHost, type HostParts } from './host-parts.js';
import { HttpDispatcher } from './http/dispatch.js';
import { type BootReport, bootTenant } from './lifecycle/boot.js';
import type { HostNotification, HostNotificationMap } from './lifecycle/host-notifications.js';
import { shutDownTenant } from './lifecycle/shutdown.js';
import { migrateToLatest, requireMigrated } from './postgres/migrate.js';
import { checkRole } from './postgres/role-check.js';
import { checkSecretsCanary } from './secrets/canary.js';
import type { TenantApi } from './tenant-api.js';

/** A plugin host. One per process is enough for any number of tenants. */
export interface PluginHost {
  /** Everything under `/api/plugins` and `/api/marketplace`, for an adapter. */
  readonly http: HostHttp;
  /**
   * Migrates the host's tables, checks login and secrets key, and brings up what every tenant has enabled. A plugin
   * that cannot start is skipped and reported. Resolves once everything that can run does.
   *
   * @throws DB_UNAVAILABLE, DB_ROLE_UNSAFE, SCHEMA_OUTDATED, SECRETS_KEY_MISMATCH
   */
  start(): Promise<void>;
  /** What the last start made of each tenant's plugins. */
  readonly startReport: readonly BootReport[];
  /** Waits for calls in flight, unloads every plugin and lets go of the database. Idempotent. */
  stop(): Promise<void>;
  /** One tenant's plugins, marketplace, configuration, events and filters. */
  tenant(tenant: string): TenantApi;
  /** Listens to what the host tells of itself. Returns the function that ends it. */
  on<N extends HostNotification>(name: N, handler: (data: HostNotificationMap[N]) => void): () => void;
  health(): Promise<HostHealth>;
}

export interface HostHealth {
  readonly ready: boolean;
  readonly database: 'ok' | 'unavailable';
  readonly plugins: { readonly enabled: number; readonly loaded: number };
}

/**
 * Builds a host. Connects to nothing before `start()`.
 *
 * @throws OPTION_INVALID naming the option, SECRETS_KEY_INVALID, ALLOWED_HOST_INVALID
 */
export const createPluginHost = (options: PluginHostOptions): PluginHost => new Host(options);

/** Tenants brought up at the same time. */
const TENANTS_AT_ONCE = 8;

class Host implements PluginHost {
  readonly http: HostHttp;
  startReport: readonly BootReport[] = [];
  readonly #options: PluginHostOptions;
  readonly #parts: HostParts;
  readonly #faults: ProcessFaults;
  #phase: 'new' | 'starting' | 'started' | 'stopped' = 'new';
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  readonly #abort = new AbortController();

  constructor(options: PluginHostOptions) {
    this.#options = options;
    this.#parts = assembleHost(options);
    const { services } = this.#parts;
    this.#faults = new ProcessFaults({
      faults: services.faults,
      locate: (stack) => services.loader.locate(stack),
      // By identity: two hosts in one process may serve the same tenant.
      owns: (key) => services.instances.get(key)?.key === key,
    });
    this.http = new HttpDispatcher({
      authenticate: options.authenticate,
      services: {
        plugins: (tenant) => this.tenant(tenant).plugins,
        config: (tenant) => this.tenant(tenant).config,
        marketplace: (tenant) => this.tenant(tenant).marketplace,
      },
      isReady: () => this.#phase === 'started',
      logger: services.logger,
      authenticateMs: services.limits.authenticateMs,
    });
  }

  async start(): Promise<void> {
    if (this.#phase !== 'new') throw hostNotReady({});
    this.#phase = 'starting';
    this.#starting = this.#start();
    try {
      await this.#starting;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  tenant(tenant: string): TenantApi {
    // In UTF-8 all halves of surrogate pairs are one: two such tenants would share their rows.
    if (typeof tenant !== 'string' || tenant === '' || /\0|\p{Surrogate}/u.test(tenant))
      throw tenantInvalid({ tenant: String(tenant) });
    return this.#parts.tenant(tenant);
  }

  on<N extends HostNotification>(name: N, handler: (data: HostNotificationMap[N]) => void): () => void {
    return this.#parts.services.notifications.on(name, handler);
  }

  async health(): Promise<HostHealth> {
    const { instances } = this.#parts.services;
    const all = instances.tenants().flatMap((tenant) => instances.ofTenant(tenant));
    const database = (await this.#parts.reachesDatabase()) ? 'ok' : 'unavailable';
    return {
      ready: this.#phase === 'started' && database === 'ok',
      database,
      plugins: { enabled: all.filter(({ active }) => active).length, loaded: all.length },
    };
  }

  async #start(): Promise<void> {
    await this.#prepareDatabase();
    this.#refuseStopped();
    this.#faults.open();
    this.startReport = await this.#boot();
    this.#refuseStopped();
    this.#parts.services.changes.open();
    this.#phase = 'started';
  }

  #refuseStopped(): void {
    if (this.#abort.signal.aborted) throw hostNotReady({});
  }

  async #prepareDatabase(): Promise<void> {
    const { pool, services, keyring } = this.#parts;
    const role = await checkRole(pool, { allowUnsafe: this.#options.allowUnsafeDbRole ?? false });
    if (role.unsafe)
      services.logger.warn({ ...role }, 'the database login is unsafe: only the host keeps tenants apart');
    if (this.#options.migrate === 'check') await requireMigrated(pool);
    else await migrateToLatest(pool);
    if ((await checkSecretsCanary(services.db, keyring)) === 'locked') {
      services.logger.warn({}, 'there is no secrets key: plugins cannot be given secrets');
    }
    const settled = await services.operations.settleAbandoned();
    if (settled > 0) services.logger.warn({ settled }, 'operations of a host that ended were settled');
    await services.packages.collect();
  }

  async #boot(): Promise<BootReport[]> {
    const { services } = this.#parts;
    const tenants = await services.installations.tenants();
    const reports: BootReport[] = [];
    const { signal } = this.#abort;
    const next = async (): Promise<void> => {
      for (let tenant = tenants.shift(); tenant !== undefined && !signal.aborted; tenant = tenants.shift()) {
        reports.push(await bootTenant(services, tenant, signal));
      }
    };
    // All settled before one is thrown: nothing may come up once a failed start is being taken down.
    const ends = await Promise.allSettled(Array.from({ length: TENANTS_AT_ONCE }, next));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    const skipped = reports.flatMap((report) =>
      report.skipped.map((plugin) => ({ tenant: report.tenant, ...plugin })),
    );
    if (this.#options.strictStartup && skipped.length > 0) throw strictStartup({ skipped });
    return reports.sort((a, b) => (a.tenant < b.tenant ? -1 : 1));
  }

  async #stop(): Promise<void> {
    this.#phase = 'stopped';
    this.#abort.abort();
    const { instances, changes, errors } = this.#parts.services;
    changes.close();
    // Its own failure is for whoever waits for the start.
    await this.#starting?.catch(() => {});
    await changes.turns.settled();
    const shutDowns = instances.tenants().map((tenant) => shutDownTenant(this.#parts.services, tenant));
    const ends = await Promise.allSettled(shutDowns);
    await changes.turns.settled();
    await errors.flush();
    this.#faults.close();
    await this.#parts.close();
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }
}
