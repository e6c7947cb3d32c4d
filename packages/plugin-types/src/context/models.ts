import type { ModelFields, PluginModel, ReadableModel } from './model.js';
import type {
  AssociationOptions,
  AssociationType,
  ModelFieldsOf,
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
   * The type of its rows follows from the attributes, or is said: `define<AuditLog>(…)`.
   *
   * @throws MODEL_INVALID naming the field, IDENTIFIER_TOO_LONG
   */
  define<const Attributes extends PluginModelAttributes>(
    name: string,
    attributes: Attributes,
    options?: PluginModelOptions,
  ): PluginModel<ModelFieldsOf<Attributes>>;
  define<Fields = ModelFields>(
    name: string,
    attributes: PluginModelAttributes,
    options?: PluginModelOptions,
  ): PluginModel<Fields>;
  /** A model this plugin has defined. */
  get<Fields = ModelFields>(name: string): PluginModel<Fields> | undefined;
  /** A model of the application, to be read only; its rows are this tenant's. */
  getCoreModel<Fields = ModelFields>(name: CoreModelName | (string & {})): ReadableModel<Fields> | undefined;
  /**
   * Creates the tables of all defined models that do not exist (§22.7), all of them or none.
   *
   * @throws SYNC_DESTRUCTIVE, TABLE_NOT_OWNED, MODEL_INVALID, QUERY_FAILED
   */
  sync(options?: SyncOptions): Promise<void>;
  /**
   * Drops all tables of this plugin's models. Outside `onInstall` and `onUninstall` it takes `allowDataLoss`.
   *
   * @throws SYNC_DESTRUCTIVE
   */
  dropAll(options?: Pick<SyncOptions, 'allowDataLoss'>): Promise<void>;
  /** The names of all defined models. */
  list(): string[];
  has(name: string): boolean;
  /**
   * Relates a model to another of this plugin's or of the application's (§22.6).
   *
   * @throws MODEL_NOT_FOUND, MODEL_INVALID
   */
  associate(model: string, type: AssociationType, target: string, options?: AssociationOptions): void;
}
