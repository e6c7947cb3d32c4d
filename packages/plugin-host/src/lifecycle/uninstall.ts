import type { PluginKey } from '../foundation/plugin-key.js';
import { activate, announce, deactivate, forget, loadInstance, unload } from './bring-up.js';
import { refuseWithDependents } from './dependents.js';
import { discardPackage } from './discard-package.js';
import type { Installation } from './installations.js';
import type { PluginInstance } from './instance.js';
import type { LifecycleServices } from './lifecycle-services.js';
import { type Actor, type Operation, SYSTEM_ACTOR } from './operations.js';
import { recordPluginFault } from './plugin-fault.js';
import { requireInstalled } from './require-installed.js';

export interface UninstallRequest {
  readonly key: PluginKey;
  /** Also delete tables, metadata, configuration and secrets. Default false: a later installation finds them again. */
  readonly deleteData?: boolean | undefined;
  /** Go on although `onUninstall` fails. Default false: the plugin is put back as it was. */
  readonly force?: boolean | undefined;
  readonly actor?: Actor | undefined;
}

/**
 * Removes a plugin from one tenant (§5.4): `onDisable`, `onUnload`, `onUninstall`, then the row, in one transaction
 * with the data where it is to go. Other tenants' data is not touched.
 *
 * @throws PLUGIN_NOT_INSTALLED, OPERATION_IN_PROGRESS, HAS_DEPENDENTS, HOOK_FAILED, HOOK_TIMEOUT
 */
export async function uninstall(services: LifecycleServices, request: UninstallRequest): Promise<Operation> {
  const { key, deleteData = false } = request;
  const { changes, notifications } = services;
  let removed = '';
  const operation = await changes.run(key, 'uninstall', request.actor ?? SYSTEM_ACTOR, async (entry) => {
    const installation = await requireInstalled(services, key);
    await changes.inTurn(entry, [], async () => {
      refuseWithDependents(key, await services.installations.ofTenant(key.tenant));
      const wasLoaded = services.instances.get(key) !== undefined;
      const instance = await stop(services, installation);
      try {
        await remove(services, entry, instance, request);
      } catch (error) {
        if (instance) await forget(services, instance);
        if (wasLoaded) await restore(services, installation);
        throw error;
      }
      if (instance) await forget(services, instance);
    });
    removed = installation.activeSha;
  });
  notifications.emit('plugin:uninstalled', { ...key, deleteData });
  await discardPackage(services, key, removed);
  return operation;
}

/** The stopped instance, whose `onUninstall` can still be called; none where the plugin's code does not run any more. */
async function stop(
  services: LifecycleServices,
  { key, activeSha, manifest }: Installation,
): Promise<PluginInstance | undefined> {
  const running = services.instances.get(key);
  if (running) {
    await deactivate(services, running);
    await unload(services, running);
    // Else a time-out in `onDisable` was the end of it.
    if (services.instances.get(key) === running) return running;
  }
  try {
    return await services.factory.create({ key, sha256: activeSha, manifest, state: 'unloaded' });
  } catch (error) {
    services.logger.warn({ ...key, err: error }, 'uninstalling a plugin whose code does not run');
    return undefined;
  }
}

async function remove(
  services: LifecycleServices,
  operation: Operation,
  instance: PluginInstance | undefined,
  { deleteData = false, force = false }: UninstallRequest,
): Promise<void> {
  const { key } = operation;
  const { changes, tables, installations } = services;
  const attempt = (runHook?: () => Promise<void>) =>
    changes.commit(
      operation,
      async (db) => {
        const before = await tables.existing(db, key.tenant);
        await runHook?.();
        await tables.catalogue(db, key, before);
        if (deleteData) await deleteAll(services, db, key);
        await installations.delete(db, key);
      },
      { schemaChanges: true },
    );
  try {
    await attempt(() => instance?.runUninstallHook({ deleteData }) ?? Promise.resolve());
  } catch (error) {
    if (!force) throw error;
    services.faults.report({ key, kind: 'hook', callback: 'onUninstall', error });
    // Once more without the hook: of the attempt that failed nothing is kept, and it may have used up its time.
    await attempt();
  }
}

/** Whatever the hook left: deleting data is the host's promise, not the plugin's (design decision 35). */
async function deleteAll(
  { tables, metadata, models, config, errors }: LifecycleServices,
  db: LifecycleServices['db'],
  key: PluginKey,
): Promise<void> {
  await tables.drop(db, key, await tables.list(db, key));
  await metadata.deleteAll(db, key);
  await models.deleteAll(db, key);
  await config.deleteAll(db, key);
  await errors.deleteAll(db, key);
}

/** The removal did not happen: the plugin runs again as it did before. */
async function restore(services: LifecycleServices, installation: Installation): Promise<void> {
  const { key, enabled } = installation;
  try {
    if (!enabled) {
      await loadInstance(services, installation);
      return;
    }
    await activate(services, installation);
    announce(services, 'plugin:enabled', key);
  } catch (error) {
    services.faults.report({ key, kind: 'hook', callback: 'restore', error });
    await recordPluginFault(services, key, error, { enabled: false });
  }
}
