import type { ModelDataType, ReferentialAction } from '@verifywise/plugin-types';

/** What a column holds when a row does not say: made by the database, or a value as text. */
export type ColumnDefault = { readonly call: 'now' | 'uuid' | 'tenant' } | { readonly text: string };

export interface Reference {
  /** As the author wrote it: a model's name or a table's. */
  readonly model: string;
  readonly key: string;
  readonly onDelete?: ReferentialAction;
  readonly onUpdate?: ReferentialAction;
}

/** One attribute, every option decided. */
export interface Column {
  readonly name: string;
  readonly type: ModelDataType;
  /** Of `STRING(n)` and `DECIMAL(p, s)`. */
  readonly size?: readonly number[];
  readonly allowNull: boolean;
  readonly primaryKey: boolean;
  readonly autoIncrement: boolean;
  readonly unique: boolean;
  readonly values?: readonly string[];
  readonly default?: ColumnDefault;
  readonly references?: Reference;
}

export interface ModelIndex {
  readonly name: string;
  readonly unique: boolean;
  readonly fields: readonly string[];
}

/** How a model is related to another, as `associate` was told; names are resolved when it is used. */
export interface Association {
  readonly type: 'belongsTo' | 'hasOne' | 'hasMany' | 'belongsToMany';
  readonly target: string;
  readonly as: string;
  readonly foreignKey: string;
  readonly through?: string;
  readonly otherKey?: string;
}

/** A model as it is stored: plain JSON, validated when it was made. */
export interface ModelDefinition {
  readonly name: string;
  readonly table: string;
  readonly columns: readonly Column[];
  readonly indexes: readonly ModelIndex[];
  readonly timestamps: boolean;
  readonly paranoid: boolean;
  readonly associations: readonly Association[];
}

export const primaryKeyOf = ({ columns }: Pick<ModelDefinition, 'columns'>): readonly Column[] =>
  columns.filter((column) => column.primaryKey);
