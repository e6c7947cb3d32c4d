import type { PluginManifest } from './manifest.js';
import type { Plugin } from './plugin.js';

/**
 * A manifest as `import manifest from './manifest.json'` gives it: TypeScript widens its texts to `string`, which no
 * longer fits `PluginManifest`. The host checks the manifest in any case.
 */
export interface ImportedManifest {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly [field: string]: unknown;
}

/** A plugin whose manifest may come from a JSON file. */
export interface PluginDefinition extends Omit<Plugin, 'manifest'> {
  manifest: PluginManifest | ImportedManifest;
}

/**
 * Returns the plugin unchanged, so that it is checked and completed by the editor without naming its type:
 *
 * ```ts
 * import { definePlugin } from '@verifywise/plugin-types';
 * import manifest from '../manifest.json';
 *
 * export default definePlugin({
 *   manifest,
 *   onEnable(context) {
 *     context.on('risk:created', ({ riskId }) => context.logger.info(`Risk ${riskId} created`));
 *   },
 * });
 * ```
 */
export const definePlugin = (plugin: PluginDefinition): Plugin => plugin as Plugin;
