import type { PluginKey } from '../foundation/plugin-key.js';
import type { Instances } from './instances.js';

/** `context.getPlugin` and `context.isPluginEnabled`: the other plugins of the same tenant. */
export class PluginPeers {
  readonly #instances: Instances;
  readonly #tenant: string;

  constructor(instances: Instances, { tenant }: PluginKey) {
    this.#instances = instances;
    this.#tenant = tenant;
  }

  /** What another enabled plugin exports; a plugin that is not running has nothing to offer. */
  getPlugin<T>(pluginId: string): T | undefined {
    const instance = this.#instances.get({ tenant: this.#tenant, pluginId });
    return instance?.active ? (instance.plugin as T) : undefined;
  }

  isPluginEnabled(pluginId: string): boolean {
    return this.#instances.get({ tenant: this.#tenant, pluginId })?.active ?? false;
  }
}
