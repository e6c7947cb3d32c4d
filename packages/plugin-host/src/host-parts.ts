import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { ConfigStore } from './capabilities/config/config-store.js';
import { EventDispatcher } from './capabilities/events/event-dispatcher.js';
import { FilterPipeline } from './capabilities/filters/filter-pipeline.js';
import { createDefaultLogger } from './capabilities/logger/default-logger.js';
import { createRedactingLogger } from './capabilities/logger/redacting-logger.js';
import { MetadataStore } from './capabilities/metadata/metadata-store.js';
import { CoreModels } from './capabilities/models/core-models.js';
import { ModelStore } from './capabilities/models/model-store.js';
import { checkOptions } from './check-options.js';
import { currentFrame, runUnattributed } from './foundation/attribution.js';
import { BudgetTimer } from './foundation/budget.js';
import { DEFAULT_LIMITS, type Limits } from './foundation/limits.js';
import type { PluginKey } from './foundation/plugin-key.js';
import { SecretRedactor } from './foundation/redact.js';
import type { PluginHostOptions } from './host-options.js';
import { Changes } from './lifecycle/changes.js';
import { autoDisable } from './lifecycle/disable.js';
import { FaultPolicy } from './lifecycle/fault-policy.js';
import { HostNotifications } from './lifecycle/host-notifications.js';
import { Installations } from './lifecycle/installations.js';
import { InstanceFactory } from './lifecycle/instance-factory.js';
import { Instances } from './lifecycle/instances.js';
import type { LifecycleServices } from './lifecycle/lifecycle-services.js';
import { Operations } from './lifecycle/operations.js';
import { PluginTables } from './lifecycle/plugin-tables.js';
import { TenantConfig } from './lifecycle/tenant-config.js';
import { TenantMarketplace } from './lifecycle/tenant-marketplace.js';
import { TenantPlugins } from './lifecycle/tenant-plugins.js';
import { ModuleLoader } from './package-store/module-loader.js';
import { PackageStore } from './package-store/packages.js';
import { CoreTables } from './postgres/core-tables.js';
import { openDatabase } from './postgres/database.js';
import type { PgPool } from './postgres/pg-pool.js';
import { openPool } from './postgres/pool.js';
import { TenantSchemas } from './postgres/tenant-schema.js';
import { TenantSessions } from './postgres/tenant-session.js';
import { Transactions } from './postgres/transaction.js';
import type { ErrorRecord } from './records/error-log.js';
import { ErrorLog } from './records/error-log.js';
import { Download } from './registry/download.js';
import { RegistryClient } from './registry/registry-client.js';
import { UrlPolicy } from './registry/url-policy.js';
import { readSecretsKeys } from './secrets/secrets-key.js';
import { SecretsKeyring } from './secrets/secrets-keyring.js';
import type { TenantApi } from './tenant-api.js';

/** Everything a host is made of, joined but not yet running. */
export interface HostParts {
  readonly pool: PgPool;
  readonly services: LifecycleServices;
  readonly keyring: SecretsKeyring;
  tenant(tenant: string): TenantApi;
  reachesDatabase(): Promise<boolean>;
  /** Stops the timer of all budgets, and ends the pool where it is the host's own. */
  close(): Promise<void>;
}

/** Constructs every part and hands each what it needs. Decides nothing, connects nothing. */
export function assembleHost(options: PluginHostOptions): HostParts {
  checkOptions(options);
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
  const redactor = new SecretRedactor();
  const logger = createRedactingLogger(options.logger ?? createDefaultLogger(), redactor);
  const { pool, close } = openPool(options.database, logger);

  const db = openDatabase(pool);
  const core = new CoreTables(options.coreTables);
  const schemas = new TenantSchemas({ pool, tenantSchema: options.tenantSchema, core });
  const transactions = new Transactions({ pool, db, schemas, limits });
  const sessions = new TenantSessions({ pool, transactions, schemas, core, limits });
  const keyring = openKeyring(options);
  // A hook's own transaction, so that what it stores is kept or undone with the rest.
  const executor = () => transactions.database(currentFrame()?.key);
  const config = new ConfigStore({ executor, keyring, redactor });
  const metadata = new MetadataStore();
  const coreModels = new CoreModels({ models: options.coreModels ?? {}, transactions, limits });
  const models = {
    store: new ModelStore(schemas.schemaOf),
    core: coreModels,
    sessions,
    transactions,
    logger,
    limits,
  };

  const errors = new ErrorLog({ db, history: limits.errorHistory, logger });
  const instances = new Instances();
  const notifications = new HostNotifications((error) =>
    logger.error({ err: error }, 'a listener of the host threw'),
  );

  // Named before it is built: a fault disables a plugin through the services, which report through the policy.
  const faults: FaultPolicy = new FaultPolicy({
    logger,
    errors,
    redact: (text) => redactor.redact(text),
    mapStack: (error) => loader.mapStack(error),
    onAlert: (alert) => {
      notifications.emit('plugin:error', alert);
      return options.onAlert?.(alert);
    },
    onUncaught: (key, record) => disableFaulty(services, key, record),
  });
  const permissions = options.permissions ?? 'enforce';
  const loader = new ModuleLoader({ faults, permissions });
  const budgets = new BudgetTimer();
  const events = new EventDispatcher({ faults, limits, budgets });
  const filters = new FilterPipeline({ faults, limits, budgets });
  const packages = new PackageStore({ db, dataDir: options.dataDir ?? '.plugins', limits, logger });

  const registryUrl = options.registry && new URL(options.registry.url);
  const policy = new UrlPolicy({ allowedHosts: options.registry?.allowedHosts, registryUrl });
  const registry = new RegistryClient({ url: registryUrl, ttlMs: options.registry?.ttlMs, limits, logger });

  const operations = new Operations(db, `${hostname()}:${process.pid}:${randomUUID()}`);
  const services: LifecycleServices = {
    db,
    transactions,
    packages,
    loader,
    download: new Download(policy, limits),
    installations: new Installations(db),
    operations,
    changes: new Changes({ db, transactions, operations, faults, logger }),
    tables: new PluginTables(schemas.schemaOf),
    instances,
    factory: new InstanceFactory({
      db,
      packages,
      loader,
      events,
      filters,
      config,
      metadata,
      models,
      sessions,
      transactions,
      instances,
      redactor,
      logger,
      faults,
      limits,
      permissions,
    }),
    config,
    metadata,
    models: models.store,
    coreModels,
    events,
    notifications,
    errors,
    faults,
    logger,
    limits,
    hostVersion: options.hostVersion ?? '1.0.0',
  };

  return {
    pool,
    services,
    keyring,
    tenant: (tenant) => ({
      tenant,
      plugins: new TenantPlugins(services, registry, tenant),
      marketplace: new TenantMarketplace(services, registry, tenant),
      config: new TenantConfig(services, tenant),
      events: { emit: (event, payload) => events.emit(tenant, event, payload) },
      filters: { apply: (filter, value) => filters.apply(tenant, filter, value) },
    }),
    reachesDatabase: async () => {
      try {
        await db.selectFrom('plugin_installations').select('tenant').limit(1).execute();
        return true;
      } catch {
        return false;
      }
    },
    close: () => {
      budgets.close();
      return close();
    },
  };
}

/** In the background: whoever reports a fault does not wait for what is done about it. */
function disableFaulty(services: LifecycleServices, key: PluginKey, record: ErrorRecord): void {
  const instance = services.instances.get(key);
  if (!instance) return;
  runUnattributed(() => autoDisable(services, instance, record)).catch((error: unknown) =>
    services.logger.error({ ...key, err: error }, 'a plugin could not be disabled'),
  );
}

/** The keys given, else those of the environment, which is read and left alone (design decision 32). */
function openKeyring({ secretsKey, previousSecretsKeys }: PluginHostOptions): SecretsKeyring {
  const { key, previous } = readSecretsKeys(process.env);
  return new SecretsKeyring({ key: secretsKey ?? key, previous: previousSecretsKeys ?? previous });
}
