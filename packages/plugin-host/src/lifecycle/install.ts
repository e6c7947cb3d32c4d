import { isCompatible, validateManifest } from '@verifywise/plugin-manifest';
import type { PluginManifest } from '@verifywise/plugin-types';
import {
  hostVersionTooOld,
  pluginAlreadyInstalled,
  pluginApiUnsupported,
} from '../foundation/errors/index.js';
import type { PluginKey } from '../foundation/plugin-key.js';
import type { IngestedPackage } from '../package-store/packages.js';
import { announce, forget } from './bring-up.js';
import { checkDependencies, checkNoCycle } from './dependencies.js';
import { toDependent } from './dependents.js';
import { discardPackage } from './discard-package.js';
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
  const { changes, notifications } = services;
  let pkg: IngestedPackage | undefined;
  try {
    const operation = await changes.run(key, 'install', request.actor ?? SYSTEM_ACTOR, async (entry) => {
      await refuseInstalled(services, key);
      pkg = await fetchPackage(services, request);
      tellWarnings(services, key, pkg);
      await bringIn(services, entry, pkg, request.trust);
    });
    notifications.emit('plugin:installed', { ...key, version: pkg?.manifest.version ?? '' });
    announce(services, 'plugin:loaded', key);
    return operation;
  } catch (error) {
    if (pkg) await discardPackage(services, key, pkg.sha256);
    throw error;
  }
}

async function refuseInstalled({ installations }: LifecycleServices, key: PluginKey): Promise<void> {
  const present = await installations.find(key);
  if (present) throw pluginAlreadyInstalled({ pluginId: key.pluginId, version: present.manifest.version });
}

async function fetchPackage(
  { download, packages }: LifecycleServices,
  { key, version, downloadUrl, checksum }: InstallRequest,
): Promise<IngestedPackage> {
  const bytes = await download.fetch(downloadUrl);
  const { pluginId } = key;
  return packages.ingest(bytes, { pluginId, checksum, ...(version === undefined ? {} : { version }) });
}

/** What a manifest gets away with, such as a permission nobody knows: a misspelt one would never be explained. */
function tellWarnings({ logger }: LifecycleServices, key: PluginKey, pkg: IngestedPackage): void {
  for (const { path, message, hint } of validateManifest(pkg.files.get('manifest.json')).warnings) {
    logger.warn(
      { ...key, path, ...(hint ? { hint } : {}) },
      `manifest of plugin "${key.pluginId}": ${path} ${message}`,
    );
  }
}

/** From a verified package to an installed and loaded plugin. */
async function bringIn(
  services: LifecycleServices,
  operation: Operation,
  pkg: IngestedPackage,
  trust: Trust,
): Promise<void> {
  const { changes, operations, packages, factory, instances, config, db } = services;
  const { key } = operation;
  const { sha256, manifest } = pkg;
  await changes.inTurn(operation, Object.keys(manifest.dependencies ?? {}), async () => {
    await checkRequirements(services, key, manifest);
    // The operation names the package before its row is there, so that a collection in between spares it.
    await operations.stage(operation, sha256);
    await packages.save(db, pkg);
    // Loading before the switch: code that fails at its top level has changed nothing yet.
    const instance = await factory.create({ key, sha256, manifest, state: 'installed' });
    let created: readonly string[] | undefined;
    try {
      created = await switchOver(services, operation, instance, trust);
      // Before its hook runs: an error that escapes it must find somebody to disable.
      instances.set(instance);
      // What onInstall configured is committed now, and so seen.
      await config.refresh(key);
      await instance.load();
    } catch (error) {
      await forget(services, instance);
      if (created) await undo(services, key, created);
      throw error;
    }
  });
}

async function checkRequirements(
  { installations, hostVersion }: LifecycleServices,
  key: PluginKey,
  manifest: PluginManifest,
): Promise<void> {
  const { tenant, pluginId } = key;
  const { minVersion, api } = manifest.compatibility ?? {};
  if (minVersion !== undefined && !isCompatible(hostVersion, minVersion)) {
    throw hostVersionTooOld({ pluginId, required: minVersion, hostVersion });
  }
  if (api !== undefined && api > PLUGIN_API) {
    throw pluginApiUnsupported({ pluginId, required: api, supported: PLUGIN_API });
  }
  const others = (await installations.ofTenant(tenant)).map(toDependent);
  const plugin = toDependent({ key, manifest });
  checkNoCycle(plugin, others);
  checkDependencies(plugin, new Map(others.map((other) => [other.pluginId, other])));
}

/** The one transaction in which the tenant gets the plugin: the hook's work and the row are there together or not at all. */
async function switchOver(
  { changes, installations, tables, coreModels }: LifecycleServices,
  operation: Operation,
  instance: PluginInstance,
  trust: Trust,
): Promise<readonly string[]> {
  const { key, sha256, manifest } = instance;
  return changes.commit(
    operation,
    async (db) => {
      const before = await tables.existing(db, key.tenant);
      // Of an earlier attempt.
      await coreModels.settle(key);
      await instance.runInstallHook({
        reason: 'install',
        fromVersion: null,
        toVersion: manifest.version,
        attempt: 1,
      });
      await coreModels.settle(key, db);
      const created = await tables.catalogue(db, key, before);
      await installations.insert(db, key, sha256, trust);
      return created;
    },
    { schemaChanges: true },
  );
}

/**
 * `onLoad` failed after the switch: takes back the row and the tables this installation made. Data kept from before
 * stays. Never throws: where the row cannot be taken back the plugin stays installed, and does not run.
 */
async function undo(
  { transactions, installations, tables, models, logger }: LifecycleServices,
  key: PluginKey,
  created: readonly string[],
): Promise<void> {
  try {
    await transactions.run(
      async (db) => {
        await tables.drop(db, key, created);
        await models.deleteTableless(db, key);
        await installations.delete(db, key);
      },
      { plugin: key },
    );
  } catch (error) {
    logger.error({ ...key, err: error }, 'a failed installation could not be taken back');
  }
}
