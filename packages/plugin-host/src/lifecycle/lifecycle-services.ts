import type { Kysely } from 'kysely';
import type { ConfigStore } from '../capabilities/config/config-store.js';
import type { EventDispatcher } from '../capabilities/events/event-dispatcher.js';
import type { MetadataStore } from '../capabilities/metadata/metadata-store.js';
import type { CoreModels } from '../capabilities/models/core-models.js';
import type { ModelStore } from '../capabilities/models/model-store.js';
import type { Limits } from '../foundation/limits.js';
import type { HostLogger } from '../foundation/logger.js';
import type { ModuleLoader } from '../package-store/module-loader.js';
import type { PackageStore } from '../package-store/packages.js';
import type { HostDatabase } from '../postgres/schema.js';
import type { Transactions } from '../postgres/transaction.js';
import type { ErrorLog } from '../records/error-log.js';
import type { Download } from '../registry/download.js';
import type { Changes } from './changes.js';
import type { FaultPolicy } from './fault-policy.js';
import type { HostNotifications } from './host-notifications.js';
import type { Installations } from './installations.js';
import type { InstanceFactory } from './instance-factory.js';
import type { Instances } from './instances.js';
import type { Operations } from './operations.js';
import type { PluginTables } from './plugin-tables.js';

/** Everything the lifecycle verbs work with. Built once, in `host.ts`. */
export interface LifecycleServices {
  readonly db: Kysely<HostDatabase>;
  readonly transactions: Transactions;
  readonly packages: PackageStore;
  readonly loader: ModuleLoader;
  readonly download: Download;
  readonly installations: Installations;
  readonly operations: Operations;
  readonly changes: Changes;
  readonly tables: PluginTables;
  readonly instances: Instances;
  readonly factory: InstanceFactory;
  readonly config: ConfigStore;
  readonly metadata: MetadataStore;
  readonly models: ModelStore;
  readonly coreModels: CoreModels;
  readonly events: EventDispatcher;
  readonly notifications: HostNotifications;
  readonly errors: ErrorLog;
  readonly faults: FaultPolicy;
  readonly logger: HostLogger;
  readonly limits: Limits;
  readonly hostVersion: string;
}
