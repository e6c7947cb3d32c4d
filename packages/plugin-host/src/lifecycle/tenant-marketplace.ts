import { marketplacePluginNotFound } from '../foundation/errors/index.js';
import {
  type CatalogPlugin,
  type CatalogQuery,
  type Category,
  catalogOf,
  categoriesOf,
  searchCatalog,
  type Tag,
  tagsOf,
} from '../registry/catalog.js';
import type { RegistryClient } from '../registry/registry-client.js';
import type { Installations } from './installations.js';
import type { Instances } from './instances.js';

/** The marketplace page of one tenant: what the registry offers, and what this tenant has of it (§18.2). */
export interface MarketplacePage {
  readonly registryVersion: string | null;
  readonly registryUpdated: string | null;
  readonly plugins: readonly CatalogPlugin[];
  readonly total: number;
  /** True where the registry could not be reached and an earlier copy is shown. */
  readonly stale?: true;
}

/** `host.tenant('acme').marketplace` */
export class TenantMarketplace {
  readonly #services: { readonly installations: Installations; readonly instances: Instances };
  readonly #registry: RegistryClient;
  readonly #tenant: string;

  constructor(
    services: { readonly installations: Installations; readonly instances: Instances },
    registry: RegistryClient,
    tenant: string,
  ) {
    this.#services = services;
    this.#registry = registry;
    this.#tenant = tenant;
  }

  /** @throws REGISTRY_NOT_CONFIGURED, REGISTRY_UNAVAILABLE, REGISTRY_INVALID where there is no earlier copy either */
  async browse(query: CatalogQuery & { refresh?: boolean } = {}): Promise<MarketplacePage> {
    const { registry, stale } = await this.#registry.read({ refresh: query.refresh ?? false });
    const plugins = searchCatalog(catalogOf(registry, await this.#installed()), query);
    return {
      registryVersion: registry.version,
      registryUpdated: registry.generated,
      plugins,
      total: plugins.length,
      ...(stale ? { stale } : {}),
    };
  }

  /** @throws MARKETPLACE_PLUGIN_NOT_FOUND */
  async details(pluginId: string): Promise<CatalogPlugin> {
    const { plugins } = await this.browse();
    const plugin = plugins.find(({ id }) => id === pluginId);
    if (!plugin) throw marketplacePluginNotFound({ pluginId });
    return plugin;
  }

  async categories(): Promise<Category[]> {
    return categoriesOf((await this.#registry.read()).registry);
  }

  async tags(): Promise<Tag[]> {
    return tagsOf((await this.#registry.read()).registry);
  }

  async updates(): Promise<MarketplacePage> {
    return this.browse({ installed: 'updates' });
  }

  async refresh(): Promise<MarketplacePage> {
    return this.browse({ refresh: true });
  }

  async #installed(): Promise<ReadonlyMap<string, { version: string; enabled: boolean }>> {
    const installations = await this.#services.installations.ofTenant(this.#tenant);
    return new Map(
      installations.map(({ key, manifest }) => [
        key.pluginId,
        { version: manifest.version, enabled: this.#services.instances.get(key)?.active ?? false },
      ]),
    );
  }
}
