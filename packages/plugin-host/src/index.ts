export type { ConfigChanges, ConfigReading, ConfigUpdate } from './capabilities/config/config-store.js';
export { createDefaultLogger, type DefaultLoggerOptions } from './capabilities/logger/default-logger.js';
export type { CoreModel } from './capabilities/models/core-models.js';
export type {
  HostBody,
  HostHeaders,
  HostHttp,
  HostRequest,
  HostResponse,
  Identity,
} from './facade/host-http.js';
// What adapters are made of: reading a request of Node's, writing an answer to it.
export {
  dropBody,
  exchangeHttp,
  isBodiless,
  isHostUrl,
  type NodeIncoming,
  toBytes,
  writeHostResponse,
} from './facade/node-http.js';
export {
  ERROR_CATALOGUE,
  HostError,
  hasCode,
  isHostError,
  PermissionDeniedError,
} from './foundation/errors/index.js';
export { DEFAULT_LIMITS, type Limits } from './foundation/limits.js';
export type { HostLogger } from './foundation/logger.js';
export type { PermissionMode } from './foundation/permissions.js';
export type { PluginKey } from './foundation/plugin-key.js';
export { createPluginHost, type HostHealth, type PluginHost } from './host.js';
export type { PluginHostOptions, RegistryOptions } from './host-options.js';
export type { Authenticate } from './http/dispatch.js';
export type { BootReport } from './lifecycle/boot.js';
export type { Alert } from './lifecycle/fault-policy.js';
export type { HostNotification, HostNotificationMap } from './lifecycle/host-notifications.js';
export type { LastError } from './lifecycle/installations.js';
export type { Actor } from './lifecycle/operations.js';
export type { PluginDetailView, PluginView } from './lifecycle/plugin-view.js';
export type { PluginState } from './lifecycle/state-machine.js';
export type { TenantConfig } from './lifecycle/tenant-config.js';
export type { MarketplacePage, TenantMarketplace } from './lifecycle/tenant-marketplace.js';
export type { InstallOptions, LifecycleResult, TenantPlugins } from './lifecycle/tenant-plugins.js';
export type { CoreTable } from './postgres/core-tables.js';
export type { ErrorRecord } from './records/error-log.js';
export type { CatalogPlugin, CatalogQuery, Category, Tag } from './registry/catalog.js';
export type { TenantApi } from './tenant-api.js';
