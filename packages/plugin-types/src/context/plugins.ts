import type { Untyped } from '../untyped.js';

/** The tenant's other plugins. Free to every plugin. */
export interface PluginPeers {
  /** The plugin object another plugin exports, while that one is enabled for this tenant. Do not keep it. */
  getPlugin<T = Untyped>(id: string): T | undefined;
  /** Whether another plugin is enabled for this tenant. */
  isPluginEnabled(id: string): boolean;
}
