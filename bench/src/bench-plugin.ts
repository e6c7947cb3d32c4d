import type { PluginContext, PluginManifest } from '@verifywise/plugin-types';
import type { Faults } from '../../packages/plugin-host/src/foundation/faults.js';
import { DEFAULT_LIMITS } from '../../packages/plugin-host/src/foundation/limits.js';
import { PluginInstance } from '../../packages/plugin-host/src/lifecycle/instance.js';

/** A fault in a bench is a bench that measures something else than it says. */
export const noFaults: Faults = {
  report: ({ callback, error }) => {
    throw new Error(`${callback} failed during a bench`, { cause: error });
  },
  denied: ({ member }) => {
    throw new Error(`${member} was denied during a bench`);
  },
};

/** An enabled plugin as the host has them, without code of its own. */
export function benchPlugin(tenant: string, pluginId: string): PluginInstance {
  const manifest = { id: pluginId, name: pluginId, version: '1.0.0' } as PluginManifest;
  const instance = new PluginInstance({
    key: { tenant, pluginId },
    sha256: '',
    manifest,
    state: 'enabled',
    limits: DEFAULT_LIMITS,
    faults: noFaults,
  });
  instance.assemble({
    plugin: { manifest },
    context: Object.freeze({ pluginId, tenant }) as PluginContext,
    registerHandlers: () => {},
    buildRoutes: () => undefined,
    drained: async () => {},
    close: () => {},
  });
  return instance;
}
