import type { ConfigReading, ConfigStore, ConfigUpdate } from '../capabilities/config/config-store.js';
import type { Installation, Installations } from './installations.js';
import { requireInstalled } from './require-installed.js';

/** The configuration of one tenant's plugins: `host.tenant('acme').config`. Secrets are masked in everything it returns. */
export class TenantConfig {
  readonly #installations: Installations;
  readonly #config: ConfigStore;
  readonly #tenant: string;

  constructor(
    { installations, config }: { installations: Installations; config: ConfigStore },
    tenant: string,
  ) {
    this.#installations = installations;
    this.#config = config;
    this.#tenant = tenant;
  }

  /** @throws PLUGIN_NOT_INSTALLED */
  async get(pluginId: string): Promise<ConfigReading> {
    const { key, manifest } = await this.#find(pluginId);
    return this.#config.read(key, manifest);
  }

  /**
   * Merges `patch` key by key: a secret's mask or an absent key keeps the value, `null` clears it.
   *
   * @throws PLUGIN_NOT_INSTALLED, CONFIG_INVALID (naming every field), CONFIG_CONFLICT, SECRETS_KEY_MISSING
   */
  async update(
    pluginId: string,
    patch: Readonly<Record<string, unknown>>,
    options: { ifMatch?: string | undefined } = {},
  ): Promise<ConfigUpdate> {
    const { key, manifest } = await this.#find(pluginId);
    return this.#config.update(key, manifest, patch, options);
  }

  #find(pluginId: string): Promise<Installation> {
    return requireInstalled({ installations: this.#installations }, { tenant: this.#tenant, pluginId });
  }
}
