import type { Plugin, PluginManifest } from '@verifywise/plugin-types';

const FUNCTIONS = [
  ...['onInstall', 'onUninstall', 'onLoad', 'onUnload', 'onEnable', 'onDisable'],
  ...['routes', 'webhooks', 'eventHandlers', 'filterHandlers', 'jobHandlers', 'run'],
];
const OBJECTS = ['manifest', 'uiExtensions', 'settingsSchema'];

export type ExportedPlugin = { readonly plugin: Plugin } | { readonly problem: string };

/**
 * The plugin among what an entry exports: `module.exports`, `exports.default` or `exports.plugin` (§4.4).
 *
 * The plugin is the exported object itself, so that `this`, private fields and identity hold; its `manifest` is
 * the package's, whatever it carried.
 *
 * @param untouched whether the code left `module.exports` as it found it
 */
export function readPlugin(exported: unknown, untouched: boolean, manifest: PluginManifest): ExportedPlugin {
  const candidate = choose(exported);
  if (!isObject(candidate)) return { problem: `the export is ${describe(candidate)}, not an object.` };
  // Named exports, as opposed to an object put in their place, which may offer functions to other plugins only.
  if (candidate === exported && (untouched || '__esModule' in candidate) && !looksLikePlugin(candidate)) {
    const names = Object.getOwnPropertyNames(candidate).filter((name) => name !== '__esModule');
    return { problem: names.length === 0 ? 'nothing is exported.' : `it exports only ${names.join(', ')}.` };
  }
  for (const name of FUNCTIONS) {
    const member: unknown = Reflect.get(candidate, name);
    if (member !== undefined && member !== null && typeof member !== 'function') {
      return { problem: `${name} is ${describe(member)}, not a function.` };
    }
  }
  for (const name of OBJECTS) {
    const member: unknown = Reflect.get(candidate, name);
    if (member !== undefined && member !== null && !isObject(member)) {
      return { problem: `${name} is ${describe(member)}, not an object.` };
    }
  }
  return { plugin: withManifest(candidate, manifest) };
}

function choose(exported: unknown): unknown {
  if (!isObject(exported) || looksLikePlugin(exported)) return exported;
  const { default: byDefault, plugin } = exported as { default?: unknown; plugin?: unknown };
  if (byDefault !== undefined) return choose(byDefault);
  return plugin === undefined ? exported : plugin;
}

const looksLikePlugin = (value: object): boolean => [...FUNCTIONS, ...OBJECTS].some((name) => name in value);

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function withManifest(exported: object, manifest: PluginManifest): Plugin {
  const property = { value: manifest, enumerable: true, configurable: true, writable: false };
  if (Reflect.defineProperty(exported, 'manifest', property)) return exported as Plugin;
  // A frozen export cannot take it; its hooks then see it through an object in front.
  return Object.create(exported, { manifest: property }) as Plugin;
}
