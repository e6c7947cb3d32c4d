import { readDeclaredUi } from '../capabilities/ui-extensions/declared-ui.js';
import { hasCode, uiExtensionsInvalid } from '../foundation/errors/index.js';
import type { PluginKey } from '../foundation/plugin-key.js';
import type { Installation } from './installations.js';
import type { PluginInstance } from './instance.js';
import type { LifecycleServices } from './lifecycle-services.js';

// What brings an instance up and takes it down in this process, always in the plugin's turn. The rows of intent are
// the verbs' concern.

/** Brings an installation to life in this process: loaded, then enabled. A failure leaves no instance behind. */
export async function activate(
  services: LifecycleServices,
  installation: Installation,
): Promise<PluginInstance> {
  const instance = services.instances.get(installation.key) ?? (await loadInstance(services, installation));
  try {
    await instance.enable();
  } catch (error) {
    instance.fail(error);
    await retire(services, instance);
    throw error;
  }
  reportUi(services, instance);
  return instance;
}

/** What is wrong with `uiExtensions` is told once, here: afterwards it is merely not shown. */
function reportUi({ faults }: LifecycleServices, { key, plugin }: PluginInstance): void {
  const { pluginId } = key;
  let problems: readonly string[] = [];
  try {
    ({ problems } = readDeclaredUi(plugin));
  } catch {
    // Getters throw where they are shown too, and are reported there.
  }
  if (problems.length === 0) return;
  const error = uiExtensionsInvalid({ pluginId, problems });
  faults.report({ key, kind: 'contained', callback: 'uiExtensions', error });
}

/** Loads the installation's code and runs `onLoad`. */
export async function loadInstance(
  services: LifecycleServices,
  { key, activeSha, manifest }: Installation,
): Promise<PluginInstance> {
  const instance = await services.factory.create({ key, sha256: activeSha, manifest, state: 'installed' });
  // Before its hook runs: an error that escapes it must find somebody to disable.
  services.instances.set(instance);
  try {
    await instance.load();
  } catch (error) {
    await forget(services, instance);
    throw error;
  }
  announce(services, 'plugin:loaded', key);
  return instance;
}

/** Takes an enabled instance out of service and tells everyone. A failing `onDisable` is recorded and keeps nothing running. */
export async function deactivate(services: LifecycleServices, instance: PluginInstance): Promise<void> {
  if (!instance.started) return;
  const { key } = instance;
  let overrun = false;
  try {
    await instance.disable();
  } catch (error) {
    services.faults.report({ key, kind: 'hook', callback: 'onDisable', error });
    overrun = hasCode(error, 'HOOK_TIMEOUT');
  }
  announce(services, 'plugin:disabled', key);
  // It still runs, and would go on with a context that works: only the end of the instance ends it.
  if (overrun) await retire(services, instance);
}

/** Runs `onUnload` of a loaded instance and tells everyone. Its failure is recorded; the instance is unloaded all the same. */
export async function unload(services: LifecycleServices, instance: PluginInstance): Promise<void> {
  if (!instance.loaded) return;
  const { key } = instance;
  try {
    await instance.unload();
  } catch (error) {
    services.faults.report({ key, kind: 'hook', callback: 'onUnload', error });
  }
  announce(services, 'plugin:unloaded', key);
}

/** Unloads and forgets an instance, come what may. */
export async function retire(services: LifecycleServices, instance: PluginInstance): Promise<void> {
  await unload(services, instance);
  await forget(services, instance);
}

/** Ends an instance: its context refuses from now on. */
export async function forget({ instances }: LifecycleServices, instance: PluginInstance): Promise<void> {
  if (instances.get(instance.key) === instance) instances.delete(instance.key);
  await instance.close();
}

/** Tells the application and the tenant's plugins (§17.3). Waits for neither: no change is held up by who hears of it. */
export function announce(
  { notifications, events }: LifecycleServices,
  name: 'plugin:loaded' | 'plugin:unloaded' | 'plugin:enabled' | 'plugin:disabled',
  key: PluginKey,
): void {
  notifications.emit(name, key);
  void events.emit(key.tenant, name, { pluginId: key.pluginId });
}
