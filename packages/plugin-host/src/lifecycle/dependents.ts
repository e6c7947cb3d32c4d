import type { PluginManifest } from '@verifywise/plugin-types';
import { hasDependents } from '../foundation/errors/index.js';
import type { PluginKey } from '../foundation/plugin-key.js';
import { type Dependent, dependentsOf } from './dependencies.js';

/** Whatever has a manifest: an installation, an instance. */
interface Described {
  readonly key: PluginKey;
  readonly manifest: PluginManifest;
}

/** A plugin as the dependency rules see it. */
export const toDependent = ({ key, manifest }: Described): Dependent => ({
  pluginId: key.pluginId,
  version: manifest.version,
  dependencies: manifest.dependencies ?? {},
});

/** @throws HAS_DEPENDENTS where one of `others` names the plugin among its dependencies */
export function refuseWithDependents({ pluginId }: PluginKey, others: readonly Described[]): void {
  const dependents = dependentsOf(pluginId, others.map(toDependent));
  if (dependents.length > 0) throw hasDependents({ pluginId, dependents });
}
