/** The data types a model's attributes may have (§22.4). */
export type ModelDataType =
  | 'STRING'
  | 'TEXT'
  | 'INTEGER'
  | 'BIGINT'
  | 'FLOAT'
  | 'DOUBLE'
  | 'DECIMAL'
  | 'BOOLEAN'
  | 'DATE'
  | 'DATEONLY'
  | 'JSON'
  | 'JSONB'
  | 'UUID'
  | 'ENUM';

/** What happens to a row when the one it refers to is deleted or its key changes. */
export type ReferentialAction = 'CASCADE' | 'SET NULL' | 'SET DEFAULT' | 'RESTRICT' | 'NO ACTION';

/** One attribute of a model (§22.5). */
export interface PluginModelAttributeDefinition {
  /** A data type, in either case. */
  type: ModelDataType | Lowercase<ModelDataType> | (string & {});
  /** Default true. */
  allowNull?: boolean;
  defaultValue?: unknown;
  /** Default false. A model without a primary key gets `id`, an integer that counts. */
  primaryKey?: boolean;
  /** For `INTEGER` and `BIGINT`. Default false. */
  autoIncrement?: boolean;
  /** Default false. */
  unique?: boolean;
  /** The values of an `ENUM`. */
  values?: readonly string[];
  /** A foreign key. */
  references?: {
    model: string;
    key: string;
  };
  /** Default for a reference to the application: SET NULL if it may be null, else CASCADE. */
  onDelete?: ReferentialAction | (string & {});
  onUpdate?: ReferentialAction | (string & {});
}

export type PluginModelAttributes = Record<string, PluginModelAttributeDefinition>;

export interface PluginModelIndex {
  /** Default: made from the table and the fields. */
  name?: string;
  /** Default false. */
  unique?: boolean;
  fields: readonly string[];
}

export interface PluginModelOptions {
  /** Whether rows carry `createdAt` and `updatedAt`. Default true. */
  timestamps?: boolean;
  /** Whether `destroy` marks a row with `deletedAt` instead of deleting it. Default false. */
  paranoid?: boolean;
  indexes?: readonly PluginModelIndex[];
}

export type AssociationType = 'belongsTo' | 'hasOne' | 'hasMany' | 'belongsToMany';

export interface AssociationOptions {
  foreignKey?: string;
  /** The name rows carry the other side under. */
  as?: string;
  /** For `belongsToMany`: the model in between. */
  through?: string;
  otherKey?: string;
}

export interface SyncOptions {
  /** Adds columns that are missing; never removes any. Default false. */
  alter?: boolean;
  /**
   * Drops the tables and makes them anew. Default false. Outside `onInstall` it is refused with SYNC_DESTRUCTIVE
   * unless `allowDataLoss` is set.
   */
  force?: boolean;
  allowDataLoss?: boolean;
}
