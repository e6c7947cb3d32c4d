import type { PluginKey } from '../foundation/plugin-key.js';
import type { ErrorRecord } from '../records/error-log.js';
import { deactivate, retire } from './bring-up.js';
import { refuseWithDependents } from './dependents.js';
import type { PluginInstance } from './instance.js';
import type { LifecycleServices } from './lifecycle-services.js';
import { type Actor, type Operation, SYSTEM_ACTOR } from './operations.js';
import { lastErrorOf } from './plugin-fault.js';
import { requireInstalled } from './require-installed.js';

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
  const { changes, installations, instances } = services;
  return changes.run(key, 'disable', actor, async (operation) => {
    await requireInstalled(services, key);
    await changes.inTurn(operation, [], async () => {
      refuseWithDependents(
        key,
        instances.ofTenant(key.tenant).filter((instance) => instance.active),
      );
      await changes.commit(operation, (trx) =>
        installations.update(trx, key, { enabled: false, status: 'ok' }),
      );
      const instance = instances.get(key);
      if (instance) await deactivate(services, instance);
    });
  });
}

/**
 * An error escaped every boundary: the plugin is out of service at once, and once whatever is being done to it is
 * over, for good (§14.1, design decision 9). Its hooks still run, so that it can let go of what it holds outside the
 * host.
 */
export async function autoDisable(
  services: LifecycleServices,
  instance: PluginInstance,
  record: ErrorRecord,
): Promise<void> {
  const { key } = instance;
  if (instance.failed) return;
  instance.fail(record);
  await services.changes.turns.take([key], async () => {
    const current = services.instances.get(key);
    // Meanwhile replaced by one that has done nothing wrong.
    if (current && current !== instance) return;
    try {
      await services.installations.update(services.db, key, {
        enabled: false,
        status: 'error',
        lastError: lastErrorOf(record),
      });
    } catch (error) {
      services.logger.error({ ...key, err: error }, 'that a plugin was disabled could not be stored');
    }
    await deactivate(services, instance);
    await retire(services, instance);
  });
}
