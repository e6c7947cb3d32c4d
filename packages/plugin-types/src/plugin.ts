import type { FilterHandlers } from './context/filters.js';
import type { EventHandlers, PluginContext } from './context/plugin-context.js';
import type { JobHandler } from './context/scheduler.js';
import type { Router } from './http/router.js';
import type { PluginManifest } from './manifest.js';
import type { RunContext } from './runs.js';
import type { Untyped } from './untyped.js';
import type { Webhooks } from './webhooks.js';
import type { UiExtensions } from './widgets/ui-extensions.js';

/** A JSON Schema. */
export interface JSONSchema {
  readonly [keyword: string]: unknown;
}

/**
 * What a plugin's `index.js` exports: as `module.exports`, `exports.default` or `exports.plugin` (§4.4). Each tenant
 * has its own copy of the module, so what it keeps in variables is that tenant's alone. A hook that throws or takes
 * longer than 60 s disables the plugin.
 */
export interface Plugin {
  manifest: PluginManifest;

  /** Once per installation and per update, before `onLoad`: create and migrate tables (§15.1). `context.install` says which. */
  onInstall?(context: PluginContext): Promise<void> | void;
  /** When the plugin is removed: clean up what is outside the host (§13.4). `context.options.deleteData` says how much. */
  onUninstall?(context: PluginContext): Promise<void> | void;
  /** In every process of the host, when it loads the plugin: after installation and at start, also while disabled. */
  onLoad?(context: PluginContext): Promise<void> | void;
  /** Before the plugin leaves the process. */
  onUnload?(context: PluginContext): Promise<void> | void;
  /** In every process, when the plugin becomes active: subscribe, schedule. */
  onEnable?(context: PluginContext): Promise<void> | void;
  /** In every process, when it becomes inactive. What was registered is taken back by the host. */
  onDisable?(context: PluginContext): Promise<void> | void;

  /** Adds routes beneath `/api/plugins/{id}`, behind the application's login. They answer while the plugin is enabled. */
  routes?(router: Router, context: PluginContext): void;
  /** Endpoints for others to call (§10). */
  webhooks?(): Webhooks;
  /** Handlers that are there while the plugin is enabled. Needs `events:listen`. */
  eventHandlers?(): EventHandlers;
  /** Filters that are there while the plugin is enabled. Needs `filters:add`. */
  filterHandlers?(): FilterHandlers;
  /** Handlers of scheduled jobs by name, there in every process (§19). */
  jobHandlers?(): Record<string, JobHandler>;

  /** Widgets and a page in the application (§13). */
  uiExtensions?: UiExtensions;

  /** JSON Schema of each user's own settings. Default: the file the manifest's `runs.settingsSchema` names. */
  settingsSchema?: JSONSchema;
  /** One run for one user. `input` is the user's settings as they were when the run began; what it resolves with is stored. */
  run?(input: Untyped, context: RunContext): Promise<unknown>;
}
