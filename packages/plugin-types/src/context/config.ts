import type { Untyped } from '../untyped.js';

/** The tenant's settings of this plugin, as the manifest's `config` declares them (§7.4). */
export interface PluginConfig {
  /**
   * A setting: what is stored, else the manifest's default, else `defaultValue`, else `undefined`. Secrets come
   * decrypted. Needs `config:read`.
   */
  get<T = Untyped>(key: string, defaultValue?: T): T;
  /**
   * Stores a setting; a secret encrypted. Needs `config:write`.
   *
   * @throws CONFIG_INVALID if the value does not fit the manifest's declaration
   */
  set(key: string, value: unknown): Promise<void>;
  /** All settings, defaults applied, secrets decrypted. Needs `config:read`. */
  getAll(): Record<string, Untyped>;
}
