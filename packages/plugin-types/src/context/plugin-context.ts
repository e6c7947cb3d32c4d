import type { EventName } from '../events/event-map.js';
import type { InstallInfo, UninstallOptions } from '../lifecycle.js';
import type { PluginManifest } from '../manifest.js';
import type { PluginConfig } from './config.js';
import type { PluginDatabase } from './database.js';
import type { EventCallback, EventCallbacks, PluginEvents } from './events.js';
import type { PluginFiles } from './files.js';
import type { PluginFilters } from './filters.js';
import type { PluginHttp } from './http.js';
import type { PluginLogger } from './logger.js';
import type { PluginMetadata } from './metadata.js';
import type { PluginMiddleware } from './middleware.js';
import type { PluginModels } from './models.js';
import type { PluginPeers } from './plugins.js';
import type { PluginScheduler } from './scheduler.js';

/**
 * All a plugin can do, for one tenant. Each member names the permission it needs; without it the call throws or
 * rejects with `PermissionDeniedError` and the plugin stays enabled (§6.1). After the plugin is unloaded every member
 * refuses with CONTEXT_REVOKED.
 */
export interface PluginContext extends PluginEvents<PluginContext>, PluginFilters, PluginPeers {
  readonly pluginId: string;
  /** The tenant this instance of the plugin serves (§15.3). */
  readonly tenant: string;
  readonly manifest: PluginManifest;
  /** Why `onInstall` runs; in other hooks absent. */
  readonly install?: InstallInfo;
  /** How the plugin is being removed; only in `onUninstall` (§13.4). */
  readonly options?: UninstallOptions;

  readonly db: PluginDatabase;
  readonly logger: PluginLogger;
  readonly config: PluginConfig;
  readonly metadata: PluginMetadata;
  readonly scheduler: PluginScheduler;
  readonly models: PluginModels;
  readonly middleware: PluginMiddleware;
  readonly http: PluginHttp;
  readonly files: PluginFiles;
}

/** A handler of `Event`: for `context.on`, `context.off` and `eventHandlers()`. */
export type EventHandler<Event extends EventName = EventName> = EventCallback<Event, PluginContext>;

/** What `eventHandlers()` returns: handlers by event name. */
export type EventHandlers = EventCallbacks<PluginContext>;
