import { configRequired, dependencyDisabled, pluginNotInstalled } from '../foundation/errors/index.js';
import type { PluginKey } from '../foundation/plugin-key.js';
import { activate, announceEnabled, deactivate } from './bring-up.js';
import { failOperation } from './fail-operation.js';
import type { Installation } from './installations.js';
import type { LifecycleServices } from './lifecycle-services.js';
import { type Actor, type Operation, SYSTEM_ACTOR } from './operations.js';
import { recordPluginFault } from './plugin-fault.js';

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
  const { operations, installations } = services;
  const operation = await operations.open(key, 'enable', actor);
  try {
    const installation = await installations.find(key);
    if (!installation) throw pluginNotInstalled({ pluginId: key.pluginId });
    if (installation.enabled && services.instances.get(key)?.active) {
      await operations.finish(operation, 'done');
      return operation;
    }
    await checkReady(services, installation);
    const instance = await activate(services, installation);
    try {
      await services.transactions.run(
        async (trx) => {
          await installations.update(trx, key, { enabled: true, status: 'ok', lastError: null });
          await operations.commit(trx, operation);
        },
        { plugin: key },
      );
    } catch (error) {
      // The row did not change, so neither may what runs.
      await deactivate(services, instance);
      throw error;
    }
  } catch (error) {
    await failOperation(services, operation, error);
    await recordPluginFault(services, key, error, { enabled: false });
    throw error;
  }
  await operations.finish(operation, 'done');
  await announceEnabled(services, key);
  return operation;
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
