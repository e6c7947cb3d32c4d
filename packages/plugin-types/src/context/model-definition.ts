import type { Untyped } from '../untyped.js';
import type { ModelFields } from './model.js';

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
  /** A data type, in either case. `STRING` and `DECIMAL` may say their size: `STRING(50)`, `DECIMAL(10,2)`. */
  type: ModelDataType | Lowercase<ModelDataType> | (string & {});
  /** Default true. */
  allowNull?: boolean;
  /** A value of the type; for a `DATE` or `DATEONLY` also `'NOW'`, for a `UUID` also `'UUIDV4'`. */
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
  /** The table's name is put before it where it is missing. Default: made from the table and the fields. */
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
  /** Default: the name of the model it points to and `Id`, as in `userId`. It has to be an attribute. */
  foreignKey?: string;
  /** The name rows carry the other side under. Default: the target's name. */
  as?: string;
  /** For `belongsToMany`: the model in between. */
  through?: string;
  /** For `belongsToMany`: what points to the target. Default: its name and `Id`. */
  otherKey?: string;
}

/** What an attribute of each type is in a row. Big and exact numbers are texts when they are read. */
interface ModelValues {
  STRING: string;
  TEXT: string;
  INTEGER: number;
  BIGINT: string | number;
  FLOAT: number;
  DOUBLE: number;
  DECIMAL: string | number;
  BOOLEAN: boolean;
  DATE: Date;
  DATEONLY: string;
  JSON: Untyped;
  JSONB: Untyped;
  UUID: string;
  ENUM: string;
}

type TypeName<Type extends string> =
  Uppercase<Type> extends `${infer Name}(${string}` ? Name : Uppercase<Type>;

type AttributeValue<Definition extends PluginModelAttributeDefinition> = Definition extends {
  values: readonly (infer Value)[];
}
  ? Value
  : TypeName<Definition['type']> extends keyof ModelValues
    ? ModelValues[TypeName<Definition['type']>]
    : Untyped;

type AttributeField<Definition extends PluginModelAttributeDefinition> = Definition extends
  | { allowNull: false }
  | { primaryKey: true }
  | { autoIncrement: true }
  ? AttributeValue<Definition>
  : AttributeValue<Definition> | null;

/** Fields a row has although nobody listed them; which of them depends on the options. */
interface OwnFields {
  id: number;
  tenant: string;
  createdAt: Date;
  updatedAt: Date;
  deletedAt: Date | null;
}

/** The fields of a row, as the definition says them, where it is written out in the call of `define`. */
export type ModelFieldsOf<Attributes extends PluginModelAttributes> = string extends keyof Attributes
  ? ModelFields
  : { -readonly [Name in keyof Attributes]: AttributeField<Attributes[Name]> } & Omit<
      OwnFields,
      keyof Attributes
    >;

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
