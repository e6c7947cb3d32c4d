import { compareVersions } from '@verifywise/plugin-manifest';
import type { PluginManifest, RegistryEntry } from '@verifywise/plugin-types';
import { dependentsOf } from './dependencies.js';
import type { Installation, LastError, Trust } from './installations.js';
import type { PluginInstance } from './instance.js';
import type { PluginState } from './state-machine.js';

/** A plugin as the API shows it: the manifest's own fields, what the tenant has of it, and how it fares. */
export interface PluginView extends Omit<PluginManifest, 'permissions'> {
  readonly permissions: readonly string[];
  readonly state: PluginState;
  /** Whether it is running now. */
  readonly enabled: boolean;
  readonly installed: boolean;
  readonly previousVersion: string | null;
  readonly trust: Trust;
  readonly hasUpdate: boolean;
  readonly latestVersion: string | null;
  readonly lastError: (LastError & { suggestion: string }) | null;
  readonly installedAt: string;
}

/** The same with what an administrator looks at one plugin for. */
export interface PluginDetailView extends PluginView {
  /** Installed plugins that depend on this one. */
  readonly dependents: readonly string[];
}

const SUGGESTIONS = new Map<string, string>(
  Object.entries({
    CONFIG_REQUIRED: 'Fill in the required settings, then enable the plugin.',
    DEPENDENCY_MISSING: 'Install the missing plugins, then enable this one.',
    DEPENDENCY_VERSION: 'Update the dependency, then enable this plugin.',
    DEPENDENCY_DISABLED: 'Enable the dependency first.',
    DEPENDENCY_CYCLE: 'Uninstall one of the plugins that depend on each other.',
    HOOK_TIMEOUT: 'The plugin did too much at once, or waits for something that does not answer.',
    PACKAGE_LOST: 'Uninstall the plugin, keeping its data, and install it again.',
    PACKAGE_MODIFIED: 'Uninstall the plugin, keeping its data, and install it again.',
    SECRET_CORRUPT: 'Enter the secret again.',
  }),
);

/** Where the plugin's own code failed there is a stack. */
const suggestionFor = ({ code, stack }: LastError): string =>
  SUGGESTIONS.get(code) ??
  (stack === undefined
    ? 'Correct what the message names, then enable the plugin again.'
    : 'Report the stack trace to the author of the plugin; enable it again once the cause is gone.');

/** What is true of the plugin now: the row's verdict where something is wrong, else what runs in this process. */
export function stateOf(installation: Installation, instance: PluginInstance | undefined): PluginState {
  if (installation.status === 'quarantined') return 'quarantined';
  if (instance?.active) return 'enabled';
  if (installation.status === 'error') return 'error';
  if (!instance) return 'installed';
  // §2.2 knows both words: disabled is what an administrator sees of a plugin that is loaded and does nothing.
  return instance.state;
}

export function viewPlugin(
  installation: Installation,
  instance: PluginInstance | undefined,
  offered: RegistryEntry | undefined,
): PluginView {
  const { manifest, lastError } = installation;
  const state = stateOf(installation, instance);
  return {
    ...manifest,
    state,
    enabled: state === 'enabled',
    installed: true,
    previousVersion: null,
    trust: installation.trust,
    hasUpdate: offered !== undefined && compareVersions(offered.version, manifest.version) > 0,
    latestVersion: offered?.version ?? null,
    lastError: lastError && { ...lastError, suggestion: suggestionFor(lastError) },
    installedAt: installation.installedAt.toISOString(),
  };
}

export function viewPluginDetail(
  installation: Installation,
  instance: PluginInstance | undefined,
  offered: RegistryEntry | undefined,
  others: readonly Installation[],
): PluginDetailView {
  return {
    ...viewPlugin(installation, instance, offered),
    dependents: dependentsOf(
      installation.key.pluginId,
      others.map(({ key, manifest }) => ({
        pluginId: key.pluginId,
        version: manifest.version,
        dependencies: manifest.dependencies ?? {},
      })),
    ),
  };
}
