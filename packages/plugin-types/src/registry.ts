import type { Author, Compatibility, PluginType } from './manifest.js';
import type { Permission } from './permissions.js';

/** One version of one plugin in a registry (§8.3). */
export interface RegistryRelease {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly author?: Author;
  readonly homepage?: string;
  readonly repository?: string;
  readonly support?: string;
  readonly type: PluginType;
  readonly tags: readonly string[];
  /** An address; a relative one is read against the registry's own. */
  readonly icon?: string;
  /** Where the package is; a relative address is read against the registry's own. */
  readonly download: string;
  /** `sha256:` and 64 lower-case hexadecimal digits. */
  readonly checksum: string;
  readonly compatibility?: Compatibility;
  readonly permissions: readonly (Permission | (string & {}))[];
  /** Plugin id → range of versions. */
  readonly dependencies: Readonly<Record<string, string>>;
}

/** A plugin in a registry: its highest version, which is the one offered, and all that are there. */
export interface RegistryEntry extends RegistryRelease {
  /** Highest first, with the offered one. */
  readonly versions: readonly RegistryRelease[];
}

/** A registry after reading (§8.3). */
export interface Registry {
  /** Version of the registry itself; null if it does not say. */
  readonly version: string | null;
  /** When it was made, as ISO 8601; null if it does not say. */
  readonly generated: string | null;
  /** One entry per plugin, in the registry's order. */
  readonly plugins: readonly RegistryEntry[];
}
