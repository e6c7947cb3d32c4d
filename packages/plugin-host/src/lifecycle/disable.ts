import { hasDependents, pluginNotInstalled } from '../foundation/errors/index.js';
import type { PluginKey } from '../foundation/plugin-key.js';
import type { ErrorRecord } from '../records/error-log.js';
import { deactivate, retire } from './bring-up.js';
import { dependentsOf } from './dependencies.js';
import { failOperation } from './fail-operation.js';
import type { PluginInstance } from './instance.js';
import type { LifecycleServices } from './lifecycle-services.js';
import { type Actor, type Operation, SYSTEM_ACTOR } from './operations.js';
import { lastErrorOf } from './plugin-fault.js';

/**
 * Stops a plugin for one tenant; it stays loaded (§2.2). The row changes first, so a crash in between leaves it
 * disabled. A failing `onDisable` is recorded and does not keep the plugin running.
 *
 * @throws PLUGIN_NOT_INSTALLED, OPERATION_IN_PROGRESS, HAS_DEPENDENTS
 */
export async function disable(
  services: LifecycleServices,
  key: PluginKey,
  actor: Actor = SYSTEM_ACTOR,
): Promise<Operation> {
  const { operations, installations } = services;
  const operation = await operations.open(key, 'disable', actor);
  try {
    const installation = await installations.find(key);
    if (!installation) throw pluginNotInstalled({ pluginId: key.pluginId });
    refuseWithDependents(services, key);
    await services.transactions.run(
      async (trx) => {
        await installations.update(trx, key, { enabled: false, status: 'ok' });
        await operations.commit(trx, operation);
      },
      { plugin: key },
    );
  } catch (error) {
    await failOperation(services, operation, error);
    throw error;
  }
  const instance = services.instances.get(key);
  if (instance?.active) await deactivate(services, instance);
  await operations.finish(operation, 'done');
  return operation;
}

function refuseWithDependents({ instances }: LifecycleServices, { tenant, pluginId }: PluginKey): void {
  const running = instances
    .ofTenant(tenant)
    .filter((instance) => instance.active)
    .map(({ key, manifest }) => ({
      pluginId: key.pluginId,
      version: manifest.version,
      dependencies: manifest.dependencies ?? {},
    }));
  const dependents = dependentsOf(pluginId, running);
  if (dependents.length > 0) throw hasDependents({ pluginId, dependents });
}

/**
 * An error escaped every boundary: the plugin is out of service at once, and for good once the row says so
 * (§14.1, design decision 9). Its hooks still run, so that it can let go of what it holds outside the host.
 */
export async function autoDisable(
  services: LifecycleServices,
  instance: PluginInstance,
  record: ErrorRecord,
): Promise<void> {
  const { key } = instance;
  instance.fail();
  await services.installations.update(services.db, key, {
    enabled: false,
    status: 'error',
    lastError: lastErrorOf(record),
  });
  await deactivate(services, instance);
  await retire(services, instance);
}
