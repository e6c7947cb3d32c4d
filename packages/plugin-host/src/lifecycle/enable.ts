import { configRequired, dependencyDisabled } from '../foundation/errors/index.js';
import type { PluginKey } from '../foundation/plugin-key.js';
import { activate, announce } from './bring-up.js';
import type { Installation } from './installations.js';
import type { LifecycleServices } from './lifecycle-services.js';
import { type Actor, type Operation, SYSTEM_ACTOR } from './operations.js';
import { recordPluginFault } from './plugin-fault.js';
import { requireInstalled } from './require-installed.js';

/**
 * Activates an installed plugin for one tenant; loads it first where an earlier fault left it unloaded.
 * Enabling what is enabled changes nothing.
 *
 * @throws PLUGIN_NOT_INSTALLED, OPERATION_IN_PROGRESS, CONFIG_REQUIRED, DEPENDENCY_DISABLED, HOOK_FAILED, HOOK_TIMEOUT
 */
export async function enable(
  services: LifecycleServices,
  key: PluginKey,
  actor: Actor = SYSTEM_ACTOR,
): Promise<Operation> {
  const { changes, instances } = services;
  let enabled = false;
  const operation = await changes.run(key, 'enable', actor, async (entry) => {
    const installation = await requireInstalled(services, key);
    await changes.inTurn(entry, Object.keys(installation.manifest.dependencies ?? {}), async () => {
      if (installation.enabled && instances.get(key)?.active) return;
      await checkReady(services, installation);
      await bringUp(services, entry, installation);
      enabled = true;
    });
  });
  if (enabled) announce(services, 'plugin:enabled', key);
  return operation;
}

async function bringUp(
  services: LifecycleServices,
  operation: Operation,
  installation: Installation,
): Promise<void> {
  const { changes, installations } = services;
  const { key } = installation;
  try {
    const instance = await activate(services, installation);
    try {
      await changes.commit(operation, async (trx) => {
        await installations.update(trx, key, { enabled: true, status: 'ok', lastError: null });
        instance.refuseFailed('onEnable');
      });
    } catch (error) {
      // The row did not change, so neither may what runs. Nobody was told that it had been enabled.
      await instance.disable();
      throw error;
    }
  } catch (error) {
    await recordPluginFault(services, key, error, { enabled: false });
    throw error;
  }
}

/** What must hold before a plugin may run: its required settings are there and its dependencies run. */
export async function checkReady(
  services: LifecycleServices,
  { key, manifest }: Installation,
): Promise<void> {
  const missing = await services.config.missing(key, manifest);
  if (missing.length > 0) throw configRequired({ pluginId: key.pluginId, missing });
  const idle = Object.keys(manifest.dependencies ?? {}).filter(
    (dependency) => !services.instances.get({ tenant: key.tenant, pluginId: dependency })?.active,
  );
  if (idle.length > 0) throw dependencyDisabled({ pluginId: key.pluginId, dependencies: idle });
}
