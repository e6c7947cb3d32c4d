import type { PluginKey } from '../foundation/plugin-key.js';
import type { Installation } from './installations.js';
import type { PluginInstance } from './instance.js';
import type { LifecycleServices } from './lifecycle-services.js';

// What brings an instance up and takes it down in this process. The rows of intent are the verbs' concern.

/** Brings an installation to life in this process: loaded, then enabled. A failure leaves no instance behind. */
export async function activate(
  services: LifecycleServices,
  installation: Installation,
): Promise<PluginInstance> {
  const { key } = installation;
  const present = services.instances.get(key);
  const instance = present ?? (await loadInstance(services, installation));
  try {
    await instance.enable();
  } catch (error) {
    instance.fail();
    await retire(services, instance);
    throw error;
  }
  return instance;
}

/** Loads the installation's code and runs `onLoad`. */
export async function loadInstance(
  services: LifecycleServices,
  installation: Installation,
): Promise<PluginInstance> {
  const { key, activeSha, manifest } = installation;
  const instance = await services.factory.create({ key, sha256: activeSha, manifest, state: 'installed' });
  // Before its hook runs: an error that escapes it must find somebody to disable.
  services.instances.set(instance);
  try {
    await instance.load();
  } catch (error) {
    services.instances.delete(key);
    await instance.close();
    throw error;
  }
  services.notifications.emit('plugin:loaded', key);
  await services.events.emit(key.tenant, 'plugin:loaded', { pluginId: key.pluginId });
  return instance;
}

/** Unloads and forgets an instance, come what may: its hook's failure is recorded, the rest is taken down all the same. */
export async function retire(services: LifecycleServices, instance: PluginInstance): Promise<void> {
  const { key } = instance;
  try {
    await instance.unload();
  } catch (error) {
    services.faults.report({ key, kind: 'hook', callback: 'onUnload', error });
  }
  if (services.instances.get(key) === instance) services.instances.delete(key);
  await instance.close();
  services.notifications.emit('plugin:unloaded', key);
  await services.events.emit(key.tenant, 'plugin:unloaded', { pluginId: key.pluginId });
}

export async function announceEnabled(
  { notifications, events }: LifecycleServices,
  key: PluginKey,
): Promise<void> {
  notifications.emit('plugin:enabled', key);
  await events.emit(key.tenant, 'plugin:enabled', { pluginId: key.pluginId });
}

/** Takes an enabled instance out of service and tells everyone. */
export async function deactivate(services: LifecycleServices, instance: PluginInstance): Promise<void> {
  const { key } = instance;
  try {
    await instance.disable();
  } catch (error) {
    services.faults.report({ key, kind: 'hook', callback: 'onDisable', error });
  }
  services.notifications.emit('plugin:disabled', key);
  await services.events.emit(key.tenant, 'plugin:disabled', { pluginId: key.pluginId });
}
