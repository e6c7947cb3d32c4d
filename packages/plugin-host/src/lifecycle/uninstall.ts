import { hasDependents, pluginNotInstalled } from '../foundation/errors/index.js';
import type { PluginKey } from '../foundation/plugin-key.js';
import { activate, deactivate, loadInstance } from './bring-up.js';
import { dependentsOf } from './dependencies.js';
import { failOperation } from './fail-operation.js';
import type { Installation } from './installations.js';
import type { PluginInstance } from './instance.js';
import type { LifecycleServices } from './lifecycle-services.js';
import { type Actor, type Operation, SYSTEM_ACTOR } from './operations.js';

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
  const { key, deleteData = false, force = false } = request;
  const { operations, installations, logger } = services;
  const operation = await operations.open(key, 'uninstall', request.actor ?? SYSTEM_ACTOR);
  let removed: string | undefined;
  try {
    const installation = await installations.find(key);
    if (!installation) throw pluginNotInstalled({ pluginId: key.pluginId });
    removed = installation.activeSha;
    await refuseWithDependents(services, key);
    const instance = await stop(services, installation, force);
    try {
      await remove(services, operation, instance, { deleteData, force });
    } catch (error) {
      await restore(services, installation, instance);
      throw error;
    }
    await instance?.close();
  } catch (error) {
    await failOperation(services, operation, error);
    throw error;
  }
  services.instances.delete(key);
  await operations.finish(operation, 'done');
  services.notifications.emit('plugin:uninstalled', { ...key, deleteData });
  if (removed) services.loader.release(removed);
  try {
    await services.packages.collect();
  } catch (error) {
    logger.warn({ ...key, err: error }, 'unused packages could not be collected');
  }
  return operation;
}

async function refuseWithDependents(
  { installations }: LifecycleServices,
  { tenant, pluginId }: PluginKey,
): Promise<void> {
  const installed = (await installations.ofTenant(tenant)).map(({ key, manifest }) => ({
    pluginId: key.pluginId,
    version: manifest.version,
    dependencies: manifest.dependencies ?? {},
  }));
  const dependents = dependentsOf(pluginId, installed);
  if (dependents.length > 0) throw hasDependents({ pluginId, dependents });
}

/** The stopped instance, whose `onUninstall` can still be called; none where the plugin's code cannot be loaded any more. */
async function stop(
  services: LifecycleServices,
  installation: Installation,
  force: boolean,
): Promise<PluginInstance | undefined> {
  const { key } = installation;
  let instance = services.instances.get(key);
  if (!instance) {
    try {
      instance = await loadInstance(services, installation);
    } catch (error) {
      if (!force) services.logger.warn({ ...key, err: error }, 'uninstalling a plugin that cannot be loaded');
      return undefined;
    }
  }
  if (instance.active) await deactivate(services, instance);
  try {
    await instance.unload();
  } catch (error) {
    services.faults.report({ key, kind: 'hook', callback: 'onUnload', error });
  }
  return instance;
}

async function remove(
  { transactions, operations, installations, tables, config, errors, metadata, faults }: LifecycleServices,
  operation: Operation,
  instance: PluginInstance | undefined,
  { deleteData, force }: { deleteData: boolean; force: boolean },
): Promise<void> {
  const { key } = operation;
  await transactions.run(
    async (db) => {
      const before = await tables.existing(db, key.tenant);
      try {
        await instance?.runUninstallHook({ deleteData });
      } catch (error) {
        if (!force) throw error;
        faults.report({ key, kind: 'hook', callback: 'onUninstall', error });
      }
      await tables.catalogue(db, key, before);
      if (deleteData) {
        // Whatever the hook left: deleting data is the host's promise, not the plugin's (design decision 35).
        await tables.drop(db, key, await tables.list(db, key));
        await metadata.deleteAll(db, key);
        await config.deleteAll(db, key);
        await errors.deleteAll(db, key);
      }
      await installations.delete(db, key);
      await operations.commit(db, operation);
    },
    { plugin: key },
  );
}

/** The removal did not happen: the plugin runs again as it did before. */
async function restore(
  services: LifecycleServices,
  installation: Installation,
  instance: PluginInstance | undefined,
): Promise<void> {
  const { key } = installation;
  services.instances.delete(key);
  await instance?.close();
  try {
    if (installation.enabled) await activate(services, installation);
    else await loadInstance(services, installation);
  } catch (error) {
    services.faults.report({ key, kind: 'hook', callback: 'restore', error });
  }
}
