import { isCompatible } from '@verifywise/plugin-manifest';
import type { PluginManifest } from '@verifywise/plugin-types';
import {
  hostVersionTooOld,
  pluginAlreadyInstalled,
  pluginApiUnsupported,
} from '../foundation/errors/index.js';
import type { PluginKey } from '../foundation/plugin-key.js';
import { checkDependencies, checkNoCycle } from './dependencies.js';
import { failOperation } from './fail-operation.js';
import type { Trust } from './installations.js';
import type { PluginInstance } from './instance.js';
import type { LifecycleServices } from './lifecycle-services.js';
import { type Actor, type Operation, SYSTEM_ACTOR } from './operations.js';

/** The version of the plugin API this host offers (design decision 42). */
const PLUGIN_API = 1;

export interface InstallRequest {
  readonly key: PluginKey;
  readonly version?: string | undefined;
  readonly downloadUrl: string;
  /** `sha256:` and 64 hexadecimal digits. Mandatory: nothing unverified is ever unpacked. */
  readonly checksum: string;
  /** Whether the request equals the registry's own entry (design decision 26). */
  readonly trust: Trust;
  readonly actor?: Actor | undefined;
}

/**
 * Downloads, verifies and installs a package for one tenant (§5.2). The plugin ends installed and loaded, not
 * enabled. If anything fails, nothing of it is left in database or disk.
 *
 * @throws PLUGIN_ALREADY_INSTALLED, OPERATION_IN_PROGRESS, HOST_VERSION_TOO_OLD, DEPENDENCY_*, DEPENDENCY_CYCLE,
 * URL_NOT_ALLOWED, DOWNLOAD_*, CHECKSUM_*, ZIP_*, MANIFEST_*, VERSION_MISMATCH, ENTRY_*, HOOK_FAILED, HOOK_TIMEOUT
 */
export async function install(services: LifecycleServices, request: InstallRequest): Promise<Operation> {
  const { key } = request;
  const operation = await services.operations.open(key, 'install', request.actor ?? SYSTEM_ACTOR);
  let instance: PluginInstance | undefined;
  let created: readonly string[] = [];
  try {
    await refuseInstalled(services, key);
    const bytes = await services.download.fetch(request.downloadUrl);
    const { pluginId } = key;
    const pkg = await services.packages.ingest(bytes, {
      pluginId,
      checksum: request.checksum,
      ...(request.version === undefined ? {} : { version: request.version }),
    });
    await checkRequirements(services, key, pkg.manifest);
    // The operation names the package before its row is there, so that a collection in between spares it.
    await services.operations.stage(operation, pkg.sha256);
    await services.packages.save(services.db, pkg);
    // Loading before the switch: code that fails at its top level has changed nothing yet.
    instance = await services.factory.create({
      key,
      sha256: pkg.sha256,
      manifest: pkg.manifest,
      state: 'installed',
    });
    created = await switchOver(services, operation, instance, request.trust);
  } catch (error) {
    await instance?.close();
    await abort(services, operation, error);
    throw error;
  }
  // Before its hook runs: an error that escapes it must find somebody to disable.
  services.instances.set(instance);
  try {
    // What the hook configured is committed now, and so seen.
    await services.config.refresh(key);
    await instance.load();
  } catch (error) {
    services.instances.delete(key);
    await instance.close();
    await undo(services, key, created);
    await abort(services, operation, error);
    throw error;
  }
  await services.operations.finish(operation, 'done');
  services.notifications.emit('plugin:installed', { ...key, version: instance.manifest.version });
  services.notifications.emit('plugin:loaded', key);
  await services.events.emit(key.tenant, 'plugin:loaded', { pluginId: key.pluginId });
  return operation;
}

async function refuseInstalled({ installations }: LifecycleServices, key: PluginKey): Promise<void> {
  const present = await installations.find(key);
  if (present) throw pluginAlreadyInstalled({ pluginId: key.pluginId, version: present.manifest.version });
}

async function checkRequirements(
  { installations, hostVersion }: LifecycleServices,
  { tenant, pluginId }: PluginKey,
  manifest: PluginManifest,
): Promise<void> {
  const { minVersion, api } = manifest.compatibility ?? {};
  if (minVersion !== undefined && !isCompatible(hostVersion, minVersion)) {
    throw hostVersionTooOld({ pluginId, required: minVersion, hostVersion });
  }
  if (api !== undefined && api > PLUGIN_API) {
    throw pluginApiUnsupported({ pluginId, required: api, supported: PLUGIN_API });
  }
  const others = (await installations.ofTenant(tenant)).map(({ key, manifest: of }) => ({
    pluginId: key.pluginId,
    version: of.version,
    dependencies: of.dependencies ?? {},
  }));
  const plugin = { pluginId, version: manifest.version, dependencies: manifest.dependencies ?? {} };
  checkNoCycle(plugin, others);
  checkDependencies(plugin, new Map(others.map((other) => [other.pluginId, other])));
}

/** The one transaction in which the tenant gets the plugin: the hook's work and the row are there together or not at all. */
async function switchOver(
  { transactions, operations, installations, tables }: LifecycleServices,
  operation: Operation,
  instance: PluginInstance,
  trust: Trust,
): Promise<readonly string[]> {
  const { key, sha256, manifest } = instance;
  return transactions.run(
    async (db) => {
      const before = await tables.existing(db, key.tenant);
      await instance.runInstallHook({
        reason: 'install',
        fromVersion: null,
        toVersion: manifest.version,
        attempt: 1,
      });
      const created = await tables.catalogue(db, key, before);
      await installations.insert(db, key, sha256, trust);
      await operations.commit(db, operation);
      return created;
    },
    { plugin: key },
  );
}

/** `onLoad` failed after the switch: takes back the row and the tables this installation made. Data kept from before stays. */
async function undo(
  { transactions, installations, tables }: LifecycleServices,
  key: PluginKey,
  created: readonly string[],
): Promise<void> {
  await transactions.run(
    async (db) => {
      await tables.drop(db, key, created);
      await installations.delete(db, key);
    },
    { plugin: key },
  );
}

async function abort(services: LifecycleServices, operation: Operation, error: unknown): Promise<void> {
  const { key } = operation;
  await failOperation(services, operation, error);
  try {
    await services.packages.collect();
  } catch (cause) {
    // What is left over is collected by the next operation or start.
    services.logger.warn({ ...key, err: cause }, 'unused packages could not be collected');
  }
}
