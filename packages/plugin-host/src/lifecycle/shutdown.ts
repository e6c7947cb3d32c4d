import { retire } from './bring-up.js';
import { loadOrder } from './dependencies.js';
import { toDependent } from './dependents.js';
import type { LifecycleServices } from './lifecycle-services.js';

/**
 * Takes every instance of a tenant down, dependents first: in-flight calls are waited for and `onUnload` runs
 * (§5.1: on server shutdown). `onDisable` does not: the plugin stays enabled, and comes back with the next start.
 */
export async function shutDownTenant(services: LifecycleServices, tenant: string): Promise<void> {
  const instances = services.instances.ofTenant(tenant).map((instance) => ({
    instance,
    ...toDependent(instance),
  }));
  const { ordered, cyclic } = loadOrder(instances);
  const leftOver = instances.filter(({ pluginId }) => cyclic.has(pluginId));
  for (const { instance } of [...leftOver, ...[...ordered].reverse()]) {
    await services.changes.turns.take([instance.key], async () => {
      await instance.stop();
      await retire(services, instance);
    });
  }
}
