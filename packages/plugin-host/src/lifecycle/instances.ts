import type { PluginKey } from '../foundation/plugin-key.js';
import type { PluginInstance } from './instance.js';

/** What is live in this process, by tenant. */
export class Instances {
  readonly #byTenant = new Map<string, Map<string, PluginInstance>>();

  get({ tenant, pluginId }: PluginKey): PluginInstance | undefined {
    return this.#byTenant.get(tenant)?.get(pluginId);
  }

  ofTenant(tenant: string): readonly PluginInstance[] {
    return [...(this.#byTenant.get(tenant)?.values() ?? [])];
  }

  tenants(): readonly string[] {
    return [...this.#byTenant.keys()];
  }

  set(instance: PluginInstance): void {
    const { tenant, pluginId } = instance.key;
    let plugins = this.#byTenant.get(tenant);
    if (!plugins) {
      plugins = new Map();
      this.#byTenant.set(tenant, plugins);
    }
    plugins.set(pluginId, instance);
  }

  delete({ tenant, pluginId }: PluginKey): void {
    const plugins = this.#byTenant.get(tenant);
    plugins?.delete(pluginId);
    if (plugins?.size === 0) this.#byTenant.delete(tenant);
  }
}
