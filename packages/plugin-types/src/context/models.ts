import type { ModelFields, PluginModel, ReadableModel } from './model.js';
import type {
  AssociationOptions,
  AssociationType,
  PluginModelAttributes,
  PluginModelOptions,
  SyncOptions,
} from './model-definition.js';

/** The models of the application of §22.6; a host may offer others. */
export type CoreModelName =
  | 'User'
  | 'Project'
  | 'Risk'
  | 'Vendor'
  | 'VendorRisk'
  | 'Model'
  | 'ModelRisk'
  | 'Task'
  | 'Incident'
  | 'Policy'
  | 'Training'
  | 'Note'
  | 'File';

/**
 * Tables by definition instead of by SQL (§22). All members need `models:define`; rows are read with `database:read`
 * and written with `database:write`. `AuditLog` of plugin `audit-trail` is stored in
 * `plugin_audit_trail_audit_log`, with a `tenant` column if the definition has none.
 */
export interface PluginModels {
  /**
   * Defines a model. Its table is there after `sync`. What `onInstall` defines is present again after a restart.
   *
   * @throws MODEL_INVALID
   */
  define<Fields = ModelFields>(
    name: string,
    attributes: PluginModelAttributes,
    options?: PluginModelOptions,
  ): PluginModel<Fields>;
  /** A model this plugin has defined. */
  get<Fields = ModelFields>(name: string): PluginModel<Fields> | undefined;
  /** A model of the application, to be read only; its rows are this tenant's. */
  getCoreModel<Fields = ModelFields>(name: CoreModelName | (string & {})): ReadableModel<Fields> | undefined;
  /** Creates the tables of all defined models that do not exist (§22.7). */
  sync(options?: SyncOptions): Promise<void>;
  /** Drops all tables of this plugin's models. */
  dropAll(): Promise<void>;
  /** The names of all defined models. */
  list(): string[];
  has(name: string): boolean;
  /** Relates a model to another of this plugin's or of the application's (§22.6). */
  associate(model: string, type: AssociationType, target: string, options?: AssociationOptions): void;
}
