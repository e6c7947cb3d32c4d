import type { FindOptions, ModelFields, ModelRow, ReadableModel } from '@verifywise/plugin-types';
import { type RawBuilder, sql } from 'kysely';
import { modelQueryInvalid } from '../../foundation/errors/index.js';
import {
  attachIncluded,
  type IncludePlan,
  planIncludes,
  requireAttributes,
  requiredCondition,
} from './includes.js';
import type { Association } from './model-definition.js';
import type { RowMaker } from './model-row.js';
import type { Row } from './model-session.js';
import { ownProperties } from './own-properties.js';
import { type RowSource, scoped, selectedAll } from './row-source.js';
import { type Condition, columnRef, requireColumn, whereCondition } from './where.js';

/** How a statement calls the model's own table. */
export const OWN = 'm';

const OPTIONS: readonly string[] = ['where', 'order', 'limit', 'offset', 'attributes', 'include'];
type Options = Readonly<Record<string, unknown>>;

/** What reading needs beside the table. */
export interface ReaderServices {
  readonly rows: RowMaker;
  /** Refuses who may not read. */
  allowReading(method: string): void;
  associations(): readonly Association[];
  /** A model that an include leads to, by name. */
  find(model: string): { readonly source: RowSource; readonly rows: RowMaker } | undefined;
}

type Found = ModelRow<ModelFields>;

/** The finders of a model (§22.6). */
export class ModelReader implements ReadableModel {
  readonly #source: RowSource;
  readonly #services: ReaderServices;

  constructor(source: RowSource, services: ReaderServices) {
    this.#source = source;
    this.#services = services;
  }

  async findByPk(key: number | string, options?: FindOptions): Promise<Found | null> {
    this.#services.allowReading('findByPk');
    if (key === null || key === undefined) return null;
    const [name, ...more] = this.#source.primaryKey;
    if (name === undefined || more.length > 0)
      throw this.#refuse('key', 'the model has no key of one attribute');
    const { where, ...rest } = this.#options(options);
    const condition = { [name]: { eq: key } };
    const found = await this.#find({
      ...rest,
      where: where === undefined ? condition : { and: [condition, where] },
      limit: 1,
    });
    return found[0] ?? null;
  }

  async findOne(options?: FindOptions): Promise<Found | null> {
    this.#services.allowReading('findOne');
    const found = await this.#find({ ...this.#options(options), limit: 1 });
    return found[0] ?? null;
  }

  async findAll(options?: FindOptions): Promise<Found[]> {
    this.#services.allowReading('findAll');
    return this.#find(this.#options(options));
  }

  async findAndCountAll(options?: FindOptions): Promise<{ rows: Found[]; count: number }> {
    this.#services.allowReading('findAndCountAll');
    const given = this.#options(options);
    const rows = await this.#find(given);
    const plans = this.#plans(given.include);
    return { rows, count: await this.#count(await this.#condition(given.where, plans)) };
  }

  async count(options?: Pick<FindOptions, 'where'>): Promise<number> {
    this.#services.allowReading('count');
    return this.#count(await this.#condition(this.#options(options, ['where']).where, []));
  }

  async #find(options: Options): Promise<Found[]> {
    const source = this.#source;
    const attributes = requireAttributes(source, options.attributes);
    const plans = this.#plans(options.include);
    const names = [...new Set([...attributes, ...source.primaryKey, ...plans.map(({ link }) => link.from)])];
    const columns = names.map((name) => requireColumn(source, 'attributes', name));
    const condition = await this.#condition(options.where, plans);
    const order = this.#order(options.order);
    const rows = await source.read(
      sql`SELECT ${selectedAll(OWN, columns)} FROM ${source.table} AS ${sql.id(OWN)} WHERE ${condition}${
        order
      }${this.#bound('limit', sql` LIMIT `, options)}${this.#bound('offset', sql` OFFSET `, options)}`,
    );
    for (const plan of plans) {
      const { rows: maker } = this.#services.find(plan.link.target.name) ?? {};
      await attachIncluded(rows, plan, maker?.make ?? ((row) => row));
    }
    const made = rows.map(this.#services.rows.make);
    const hidden = names.filter((name) => !attributes.includes(name));
    for (const name of hidden) for (const row of made) delete row[name];
    return made as Found[];
  }

  async #count(condition: Condition): Promise<number> {
    const [row] = await this.#source.read(
      sql`SELECT count(*)::float8 AS ${sql.id('count')} FROM ${this.#source.table} AS ${sql.id(OWN)} WHERE ${condition}`,
    );
    return Number((row as Row).count);
  }

  async #condition(where: unknown, plans: readonly IncludePlan[]): Promise<Condition> {
    const conditions = [whereCondition({ ...this.#source, alias: OWN }, where)];
    for (const plan of plans) if (plan.required) conditions.push(await requiredCondition(plan, OWN));
    return scoped(this.#source, OWN, conditions);
  }

  #plans(include: unknown): readonly IncludePlan[] {
    const { associations, find } = this.#services;
    return planIncludes(this.#source, associations(), include, (model) => find(model)?.source);
  }

  #options(given: unknown, allowed = OPTIONS): Options {
    if (given === undefined) return {};
    const members = ownProperties(given);
    if (!members) throw this.#refuse('options', 'it is not an object');
    const unknown = members.find(([option]) => !allowed.includes(option));
    if (unknown) throw this.#refuse(unknown[0], 'there is no such option');
    return Object.fromEntries(members);
  }

  #order(order: unknown): RawBuilder<unknown> {
    if (order === undefined) return sql``;
    if (!Array.isArray(order)) throw this.#refuse('order', 'it is not an array');
    if (order.length === 0) return sql``;
    const terms = order.map((entry: unknown, n) => {
      const [name, direction = 'ASC', ...more]: unknown[] = Array.isArray(entry) ? entry : [entry];
      const column = requireColumn(this.#source, `order[${n}]`, name);
      const word = typeof direction === 'string' ? direction.toUpperCase() : '';
      if (more.length > 0 || (word !== 'ASC' && word !== 'DESC')) {
        throw this.#refuse(`order[${n}]`, 'the direction is ASC or DESC');
      }
      return sql`${columnRef({ alias: OWN }, column.name)} ${word === 'ASC' ? sql`ASC` : sql`DESC`}`;
    });
    return sql` ORDER BY ${sql.join(terms)}`;
  }

  #bound(name: 'limit' | 'offset', keyword: RawBuilder<unknown>, options: Options): RawBuilder<unknown> {
    const value = options[name];
    if (value === undefined || value === null) return sql``;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      throw this.#refuse(name, 'it is not a whole number from 0');
    }
    return sql`${keyword}${value}`;
  }

  #refuse(field: string, reason: string) {
    return modelQueryInvalid({ model: this.#source.name, field, reason });
  }
}
