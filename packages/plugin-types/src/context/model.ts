import type { Untyped } from '../untyped.js';

/** The fields of a row of a model nobody has described further. */
export type ModelFields = Record<string, Untyped>;

/** Operators of a condition; all of them must hold. */
export interface WhereOperators<Value> {
  eq?: Value | null;
  ne?: Value | null;
  gt?: Value;
  gte?: Value;
  lt?: Value;
  lte?: Value;
  in?: readonly Value[];
  notIn?: readonly Value[];
  /** SQL's `LIKE`: `%` and `_`. */
  like?: string;
  /** As `like`, whatever the case. */
  iLike?: string;
  /** Both ends included. */
  between?: readonly [Value, Value];
}

/** Equal to a value, one of a list, null, or operators. */
export type WhereCondition<Value> = Value | readonly Value[] | null | WhereOperators<Value>;

/** All conditions must hold; `and` and `or` combine further ones. */
export type Where<Fields = ModelFields> = {
  [Field in keyof Fields]?: WhereCondition<Fields[Field]>;
} & {
  and?: readonly Where<Fields>[];
  or?: readonly Where<Fields>[];
};

export interface Include {
  /** Name of the associated model. */
  model: string;
  /** The association's own `as`, where there are several to that model. */
  as?: string;
  attributes?: readonly string[];
  where?: Where;
  /** Whether rows without it are left out. Default: if `where` is given. */
  required?: boolean;
}

export interface FindOptions<Fields = ModelFields> {
  where?: Where<Fields>;
  /** `[['createdAt', 'DESC'], 'id']`. */
  order?: readonly (string | readonly [string, 'ASC' | 'DESC' | 'asc' | 'desc'])[];
  limit?: number;
  offset?: number;
  attributes?: readonly string[];
  include?: readonly (string | Include)[];
}

/** A row: a plain object with what can be done to it. */
export type ModelRow<Fields = ModelFields> = Fields & {
  /** Writes its fields back. */
  save(): Promise<ModelRow<Fields>>;
  /** Sets some fields and writes them. */
  update(values: Partial<Fields>): Promise<ModelRow<Fields>>;
  destroy(options?: DestroyRowOptions): Promise<void>;
};

export interface DestroyRowOptions {
  /** Deletes for good where the model is `paranoid`. Default false. */
  force?: boolean;
}

/** Reading a model. Needs `database:read`. */
export interface ReadableModel<Fields = ModelFields> {
  findByPk(key: number | string, options?: FindOptions<Fields>): Promise<ModelRow<Fields> | null>;
  findOne(options?: FindOptions<Fields>): Promise<ModelRow<Fields> | null>;
  findAll(options?: FindOptions<Fields>): Promise<ModelRow<Fields>[]>;
  /** A page, and how many rows there are in all. */
  findAndCountAll(options?: FindOptions<Fields>): Promise<{ rows: ModelRow<Fields>[]; count: number }>;
  count(options?: Pick<FindOptions<Fields>, 'where'>): Promise<number>;
}

/** One of the plugin's own models. Writing needs `database:write`. */
export interface PluginModel<Fields = ModelFields> extends ReadableModel<Fields> {
  create(values: Partial<Fields>): Promise<ModelRow<Fields>>;
  bulkCreate(rows: readonly Partial<Fields>[]): Promise<ModelRow<Fields>[]>;
  /** Resolves with how many rows were changed. */
  update(values: Partial<Fields>, options: { where: Where<Fields> }): Promise<[affected: number]>;
  /** Resolves with how many rows were deleted. */
  destroy(options: { where: Where<Fields> } & DestroyRowOptions): Promise<number>;
  /** Inserts, or updates the row with the same key. The second value says whether it is new. */
  upsert(values: Partial<Fields>): Promise<[row: ModelRow<Fields>, created: boolean]>;
}
