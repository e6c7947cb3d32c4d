import { isPluginId } from '@verifywise/plugin-manifest';
import type { PluginRoutes } from '../capabilities/routes/plugin-routes.js';
import { type PluginUi, uiOf } from '../capabilities/ui-extensions/ui-extensions.js';
import { marketplacePluginNotFound, pluginNotInstalled } from '../foundation/errors/index.js';
import type { PluginKey } from '../foundation/plugin-key.js';
import type { ErrorRecord } from '../records/error-log.js';
import type { RegistryClient } from '../registry/registry-client.js';
import { disable } from './disable.js';
import { enable } from './enable.js';
import { install } from './install.js';
import type { Installation } from './installations.js';
import type { PluginInstance } from './instance.js';
import type { LifecycleServices } from './lifecycle-services.js';
import type { Actor, Operation } from './operations.js';
import { type PluginDetailView, type PluginView, viewPlugin, viewPluginDetail } from './plugin-view.js';
import { requireInstalled } from './require-installed.js';
import { uninstall } from './uninstall.js';

export interface InstallOptions {
  readonly id: string;
  /** Default: what the registry offers. */
  readonly version?: string | undefined;
  /** Where the package is. Default: the registry's address for it. */
  readonly downloadUrl?: string | undefined;
  /** Default: the registry's. Mandatory with a `downloadUrl`. */
  readonly checksum?: string | undefined;
  /** Who asked. Default: the system. */
  readonly actor?: Actor | undefined;
}

/** What a lifecycle call has done. */
export interface LifecycleResult {
  readonly plugin: PluginView;
  readonly operationId: string;
}

/** One tenant's plugins: `host.tenant('acme').plugins`. */
export class TenantPlugins {
  readonly #services: LifecycleServices;
  readonly #registry: RegistryClient;
  readonly #tenant: string;

  constructor(services: LifecycleServices, registry: RegistryClient, tenant: string) {
    this.#services = services;
    this.#registry = registry;
    this.#tenant = tenant;
  }

  /** Everything the tenant has installed. */
  async list(): Promise<PluginView[]> {
    const installations = await this.#services.installations.ofTenant(this.#tenant);
    return installations.map((installation) => this.#view(installation));
  }

  /** @throws PLUGIN_NOT_INSTALLED */
  async get(pluginId: string): Promise<PluginDetailView> {
    const installation = await this.#find(pluginId);
    const others = await this.#services.installations.ofTenant(this.#tenant);
    return viewPluginDetail(installation, this.#instance(pluginId), this.#registry.offered(pluginId), others);
  }

  /** Installs from the registry, or from the address given. See {@link install} for what it throws. */
  async install(options: InstallOptions): Promise<LifecycleResult> {
    const { id, actor } = options;
    const entry = await this.#registry.find(id, options.version);
    const downloadUrl = options.downloadUrl ?? entry?.download;
    const checksum = options.checksum ?? (options.downloadUrl === undefined ? entry?.checksum : undefined);
    if (downloadUrl === undefined || !isPluginId(id)) throw marketplacePluginNotFound({ pluginId: id });
    const version = options.version ?? (options.downloadUrl === undefined ? entry?.version : undefined);
    const verified = entry !== undefined && entry.download === downloadUrl && entry.checksum === checksum;
    const operation = await install(this.#services, {
      key: this.#key(id),
      version,
      downloadUrl,
      checksum: checksum ?? '',
      trust: verified ? 'verified' : 'manual',
      actor,
    });
    return this.#result(operation);
  }

  /** See {@link enable} for what it throws. */
  async enable(pluginId: string, options: { actor?: Actor | undefined } = {}): Promise<LifecycleResult> {
    return this.#result(await enable(this.#services, this.#key(pluginId), options.actor));
  }

  /** See {@link disable} for what it throws. */
  async disable(pluginId: string, options: { actor?: Actor | undefined } = {}): Promise<LifecycleResult> {
    return this.#result(await disable(this.#services, this.#key(pluginId), options.actor));
  }

  /** See {@link uninstall} for what it throws. */
  async uninstall(
    pluginId: string,
    options: {
      deleteData?: boolean | undefined;
      force?: boolean | undefined;
      actor?: Actor | undefined;
    } = {},
  ): Promise<LifecycleResult> {
    const before = this.#view(await this.#find(pluginId));
    const operation = await uninstall(this.#services, { key: this.#key(pluginId), ...options });
    return {
      plugin: { ...before, state: 'uninstalled', enabled: false, installed: false },
      operationId: operation.id,
    };
  }

  /** The plugin's last errors, newest first (§14.4). @throws PLUGIN_NOT_INSTALLED */
  async errors(pluginId: string): Promise<ErrorRecord[]> {
    await this.#find(pluginId);
    return this.#services.errors.list(this.#key(pluginId));
  }

  /** What the enabled plugins add to the application's pages (§13.3). */
  uiExtensions(): PluginUi {
    const all = this.#services.instances
      .ofTenant(this.#tenant)
      .filter((instance) => instance.active)
      .flatMap((instance) => this.#uiOf(instance));
    return {
      dashboardWidgets: all.flatMap(({ dashboardWidgets }) => dashboardWidgets),
      pages: all.flatMap(({ pages }) => pages),
    };
  }

  /** The routes of an enabled plugin; `undefined` where it is not enabled or has none. */
  routes(pluginId: string): PluginRoutes | undefined {
    return this.#instance(pluginId)?.routes;
  }

  isEnabled(pluginId: string): boolean {
    return this.#instance(pluginId)?.active ?? false;
  }

  #uiOf({ key, plugin, manifest }: PluginInstance): PluginUi[] {
    try {
      return [uiOf(key.pluginId, plugin, manifest)];
    } catch (error) {
      this.#services.faults.report({ key, kind: 'contained', callback: 'uiExtensions', error });
      return [];
    }
  }

  /** What no plugin can be called gets no entry in the journal either. */
  #key(pluginId: string): PluginKey {
    if (!isPluginId(pluginId)) throw pluginNotInstalled({ pluginId });
    return { tenant: this.#tenant, pluginId };
  }

  #instance(pluginId: string) {
    return this.#services.instances.get({ tenant: this.#tenant, pluginId });
  }

  #view(installation: Installation): PluginView {
    const { pluginId } = installation.key;
    return viewPlugin(installation, this.#instance(pluginId), this.#registry.offered(pluginId));
  }

  #find(pluginId: string): Promise<Installation> {
    return requireInstalled(this.#services, this.#key(pluginId));
  }

  async #result(operation: Operation): Promise<LifecycleResult> {
    return { plugin: this.#view(await this.#find(operation.key.pluginId)), operationId: operation.id };
  }
}
