import type { PluginManifest } from '@verifywise/plugin-types';
import type { Kysely } from 'kysely';
import type { ConfigStore } from '../capabilities/config/config-store.js';
import type { PluginConfig } from '../capabilities/config/plugin-config.js';
import { PluginDatabase } from '../capabilities/database/plugin-database.js';
import type { EventDispatcher } from '../capabilities/events/event-dispatcher.js';
import { PluginEvents } from '../capabilities/events/plugin-events.js';
import type { FilterPipeline } from '../capabilities/filters/filter-pipeline.js';
import { PluginFilters } from '../capabilities/filters/plugin-filters.js';
import { PluginLogger } from '../capabilities/logger/plugin-logger.js';
import type { MetadataStore } from '../capabilities/metadata/metadata-store.js';
import { PluginMetadata } from '../capabilities/metadata/plugin-metadata.js';
import type { ModelDefinition } from '../capabilities/models/model-definition.js';
import { type ModelServices, PluginModels } from '../capabilities/models/plugin-models.js';
import { createPluginRoutes } from '../capabilities/routes/plugin-routes.js';
import { type ContextCapabilities, createContext } from '../context/create-context.js';
import { Guard } from '../context/guard.js';
import type { Faults } from '../foundation/faults.js';
import type { Limits } from '../foundation/limits.js';
import type { HostLogger } from '../foundation/logger.js';
import { grantedPermissions, type PermissionMode } from '../foundation/permissions.js';
import type { PluginKey } from '../foundation/plugin-key.js';
import type { SecretRedactor } from '../foundation/redact.js';
import type { ModuleLoader } from '../package-store/module-loader.js';
import type { PackageStore } from '../package-store/packages.js';
import type { DatabaseAccess } from '../postgres/plugin-statement.js';
import type { HostDatabase } from '../postgres/schema.js';
import type { TenantSessions } from '../postgres/tenant-session.js';
import type { Transactions } from '../postgres/transaction.js';
import { registerDeclaredHandlers } from './declared-handlers.js';
import { PluginInstance } from './instance.js';
import type { Instances } from './instances.js';
import { PluginPeers } from './peers.js';
import type { PluginState } from './state-machine.js';

export interface InstanceFactoryOptions {
  readonly db: Kysely<HostDatabase>;
  readonly packages: PackageStore;
  readonly loader: ModuleLoader;
  readonly events: EventDispatcher;
  readonly filters: FilterPipeline;
  readonly config: ConfigStore;
  readonly metadata: MetadataStore;
  readonly models: ModelServices;
  readonly sessions: TenantSessions;
  readonly transactions: Transactions;
  readonly instances: Instances;
  readonly redactor: SecretRedactor;
  readonly logger: HostLogger;
  readonly faults: Faults;
  readonly limits: Limits;
  readonly permissions: PermissionMode;
}

/** Makes instances: a package's code, run for one tenant, joined with the context it is given. */
export class InstanceFactory {
  readonly #options: InstanceFactoryOptions;

  constructor(options: InstanceFactoryOptions) {
    this.#options = options;
  }

  /** @throws PACKAGE_LOST, PACKAGE_MODIFIED, ENTRY_*, MODULE_*, SECRET_CORRUPT */
  async create(installed: {
    key: PluginKey;
    sha256: string;
    manifest: PluginManifest;
    state: PluginState;
  }): Promise<PluginInstance> {
    const { packages, loader, limits, faults, permissions } = this.#options;
    const { key, sha256, manifest } = installed;
    const folder = await packages.materialise(sha256);
    const config = await this.#options.config.open(key, manifest);
    const instance = new PluginInstance({ ...installed, limits, faults });
    const guard = new Guard({ key, declared: manifest.permissions, mode: permissions, faults });
    try {
      const definitions = await this.#definitions(key, guard);
      const { plugin } = loader.instantiate(folder, {
        key,
        permissions: grantedPermissions(manifest.permissions),
        // Read anew for each timer and socket: what `onLoad` starts lives longer than what `onEnable` does.
        get scope() {
          return instance.scope;
        },
      });
      const logger = new PluginLogger({
        key,
        logger: this.#options.logger,
        redactor: this.#options.redactor,
      });
      instance.assemble({
        plugin,
        context: createContext(
          instance,
          guard,
          this.#capabilities(instance, guard, { config, logger, definitions }),
        ),
        registerHandlers: () => registerDeclaredHandlers(plugin, instance, faults),
        buildRoutes: () =>
          // Not read here: a getter that throws is the plugin's fault, and reported as such where it is called.
          'routes' in plugin ? createPluginRoutes({ plugin, owner: instance, faults, limits }) : undefined,
        drained: () => this.#options.events.drained(key),
        close: () => {
          guard.revoke();
          config.close();
          logger.close();
        },
      });
      return instance;
    } catch (error) {
      // What the code acquired before it failed goes with it.
      await instance.close();
      config.close();
      throw error;
    }
  }

  /** What `context.models` knows from the start. Nothing is read for plugins that may not have models. */
  async #definitions(key: PluginKey, guard: Guard): Promise<readonly ModelDefinition[]> {
    const { models, db } = this.#options;
    return guard.grants('models:define') ? models.store.load(db, key) : [];
  }

  /** Each is made when the plugin first touches it. */
  #capabilities(
    instance: PluginInstance,
    guard: Guard,
    {
      config,
      logger,
      definitions,
    }: { config: PluginConfig; logger: PluginLogger; definitions: readonly ModelDefinition[] },
  ): ContextCapabilities {
    const { sessions, metadata, models, transactions, events, filters, instances, faults, limits } =
      this.#options;
    const { key } = instance;
    return {
      db: () => new PluginDatabase({ owner: instance, sessions, access: accessOf(guard), faults }),
      config: () => config,
      metadata: () => new PluginMetadata({ owner: instance, store: metadata, transactions, limits }),
      models: () =>
        new PluginModels({
          owner: instance,
          services: models,
          allow: (method, permission) => guard.require(`models.${method}`, permission),
          definitions,
        }),
      logger: () => logger,
      events: () => new PluginEvents(instance, events),
      filters: () => new PluginFilters(instance, filters),
      peers: () => new PluginPeers(instances, key),
    };
  }
}

function accessOf(guard: Guard): DatabaseAccess {
  if (!guard.grants('database:write')) return 'read';
  return guard.grants('database:read') ? 'read-write' : 'write';
}
