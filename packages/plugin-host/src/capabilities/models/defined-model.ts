import type { DestroyRowOptions, ModelFields, ModelRow, PluginModel, Where } from '@verifywise/plugin-types';
import { sql } from 'kysely';
import { modelQueryInvalid } from '../../foundation/errors/index.js';
import { type ModelDefinition, primaryKeyOf } from './model-definition.js';
import { ModelReader, OWN, type ReaderServices } from './model-reader.js';
import { RowMaker } from './model-row.js';
import type { ModelSession, Row } from './model-session.js';
import { forced, ModelWriter } from './model-writer.js';
import { ownProperties } from './own-properties.js';
import { type RowSource, scoped } from './row-source.js';
import { type Condition, columnRef, whereCondition } from './where.js';

type Fields = Readonly<Record<string, unknown>>;
type Given = ModelRow<ModelFields>;

export interface DefinedModelServices {
  readonly session: ModelSession;
  allow(method: string, permission: 'database:read' | 'database:write'): void;
  find: ReaderServices['find'];
  associations: ReaderServices['associations'];
}

/** The table of a definition, as rows are read from it. */
function sourceOf(definition: ModelDefinition, session: ModelSession): RowSource {
  return {
    name: definition.name,
    columns: definition.columns,
    primaryKey: primaryKeyOf(definition).map(({ name }) => name),
    table: sql`${sql.id(definition.table)}`,
    local: true,
    scope: (alias) => (definition.paranoid ? sql`${columnRef({ alias }, 'deletedAt')} IS NULL` : undefined),
    read: async (query) => (await session.query(definition.name, query, 'read')).rows,
  };
}

/** One of the plugin's own models: what `define` and `get` answer with. */
export class DefinedModel extends ModelReader implements PluginModel {
  readonly source: RowSource;
  readonly rows: RowMaker;
  readonly #writer: ModelWriter;
  readonly #allowWriting: (method: string) => void;

  constructor(definition: ModelDefinition, services: DefinedModelServices) {
    const source = sourceOf(definition, services.session);
    const allowWriting = (method: string) => services.allow(method, 'database:write');
    const writer = new ModelWriter(definition, { session: services.session, allowWriting });
    const rows = new RowMaker(definition.name, source.primaryKey, writer);
    super(source, {
      rows,
      allowReading: (method) => services.allow(method, 'database:read'),
      associations: services.associations,
      find: services.find,
    });
    this.source = source;
    this.rows = rows;
    this.#writer = writer;
    this.#allowWriting = allowWriting;
  }

  async create(values: Fields): Promise<Given> {
    this.#allowWriting('create');
    const [row] = await this.#writer.insert([values]);
    return this.rows.make(row as Row) as Given;
  }

  async bulkCreate(rows: readonly Fields[]): Promise<Given[]> {
    this.#allowWriting('bulkCreate');
    if (!Array.isArray(rows)) throw this.#refuse('rows', 'it is not an array');
    return (await this.#writer.insert(rows)).map(this.rows.make) as Given[];
  }

  async update(values: Fields, options: { where: Where }): Promise<[affected: number]> {
    this.#allowWriting('update');
    return [await this.#writer.updateWhere(values, this.#condition('update', options, ['where']))];
  }

  async destroy(options: { where: Where } & DestroyRowOptions): Promise<number> {
    this.#allowWriting('destroy');
    const force = forced(options);
    return this.#writer.deleteWhere(this.#condition('destroy', options, ['where', 'force'], force), {
      force,
    });
  }

  async upsert(values: Fields): Promise<[row: Given, created: boolean]> {
    this.#allowWriting('upsert');
    const { row, created } = await this.#writer.upsert(values);
    return [this.rows.make(row) as Given, created];
  }

  /** What the rows to be changed have in common. It has to be said, so that none is changed by an oversight. */
  #condition(method: string, options: unknown, allowed: readonly string[], deletedToo = false): Condition {
    const members = ownProperties(options) ?? [];
    const unknown = members.find(([option]) => !allowed.includes(option));
    if (unknown) throw this.#refuse(unknown[0], 'there is no such option');
    const { where } = Object.fromEntries(members);
    if (where === undefined) throw this.#refuse('where', `${method} needs it; {} means every row`);
    const condition = whereCondition({ ...this.source, alias: OWN }, where);
    return deletedToo ? condition : scoped(this.source, OWN, [condition]);
  }

  #refuse(field: string, reason: string) {
    return modelQueryInvalid({ model: this.source.name, field, reason });
  }
}
