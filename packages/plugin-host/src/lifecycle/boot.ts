import { dependencyCycle } from '../foundation/errors/index.js';
import { activate, announce, loadInstance } from './bring-up.js';
import { checkDependencies, loadOrder } from './dependencies.js';
import { toDependent } from './dependents.js';
import { checkReady } from './enable.js';
import type { Installation } from './installations.js';
import type { LifecycleServices } from './lifecycle-services.js';
import { toLastError } from './plugin-fault.js';

/** What a start made of one tenant's plugins. */
export interface BootReport {
  readonly tenant: string;
  readonly loaded: readonly string[];
  readonly enabled: readonly string[];
  /** Why each of the others does not run. */
  readonly skipped: readonly { pluginId: string; code: string; message: string }[];
}

/**
 * Brings up what a tenant has installed, each plugin after what it depends on (§9.3, §14.3). A plugin that cannot
 * start is skipped, marked `error` and reported; the row keeps its intent, so the next start tries again.
 * No further plugin is begun once `signal` is aborted.
 */
export async function bootTenant(
  services: LifecycleServices,
  tenant: string,
  signal: AbortSignal,
): Promise<BootReport> {
  const installations = (await services.installations.ofTenant(tenant)).map((installation) => ({
    installation,
    ...toDependent(installation),
  }));
  const installed = new Map(installations.map((plugin) => [plugin.pluginId, plugin]));
  const { ordered, cyclic } = loadOrder(installations);
  const loaded: string[] = [];
  const enabled: string[] = [];
  const skipped: { pluginId: string; code: string; message: string }[] = [];

  const skip = async (installation: Installation, error: unknown): Promise<void> => {
    const lastError = toLastError(services, installation.key, error);
    skipped.push({ pluginId: installation.key.pluginId, code: lastError.code, message: lastError.message });
    services.faults.report({
      key: installation.key,
      kind: 'hook',
      callback: lastError.callback ?? 'start',
      error,
    });
    await services.installations.update(services.db, installation.key, { status: 'error', lastError });
  };

  for (const [pluginId, path] of cyclic) {
    const plugin = installed.get(pluginId);
    if (plugin) await skip(plugin.installation, dependencyCycle({ path }));
  }
  for (const plugin of ordered) {
    const { installation, pluginId } = plugin;
    if (signal.aborted) break;
    if (installation.status === 'quarantined') continue;
    await services.changes.turns.take([installation.key], async () => {
      try {
        checkDependencies(plugin, installed);
        await bringBack(services, installation);
        loaded.push(pluginId);
        if (installation.enabled) enabled.push(pluginId);
      } catch (error) {
        await skip(installation, error);
      }
    });
  }
  return { tenant, loaded, enabled, skipped };
}

async function bringBack(services: LifecycleServices, installation: Installation): Promise<void> {
  const { key, enabled, status } = installation;
  if (!enabled) {
    await loadInstance(services, installation);
    return;
  }
  await checkReady(services, installation);
  await activate(services, installation);
  announce(services, 'plugin:enabled', key);
  if (status === 'error') {
    await services.installations.update(services.db, key, { status: 'ok', lastError: null });
  }
}
