import { type RawBuilder, sql } from 'kysely';
import { modelQueryInvalid } from '../../foundation/errors/index.js';
import { toColumnValue, ValueRefused } from './column-value.js';
import { type Column, type ModelDefinition, primaryKeyOf } from './model-definition.js';
import { OWN } from './model-reader.js';
import type { RowWriter } from './model-row.js';
import type { ModelSession, Outcome, Row } from './model-session.js';
import { ownProperties } from './own-properties.js';
import { selectedAll } from './row-source.js';
import { allOf, type Condition, columnRef, requireColumn } from './where.js';

/** Values one INSERT may hold: well below what the protocol has room for, and short enough to be parsed at once. */
const VALUES_PER_STATEMENT = 10_000;

/** Column → what is bound for it. */
type Values = ReadonlyMap<string, unknown>;

/** Whether an upsert's row is new. No attribute can have the name. */
const CREATED = 'created?';

/** The statements that change a model's table. */
export class ModelWriter implements RowWriter {
  readonly #definition: ModelDefinition;
  readonly #session: ModelSession;
  /** Refuses who may not write. */
  readonly #allowWriting: (method: string) => void;

  constructor(
    definition: ModelDefinition,
    { session, allowWriting }: { session: ModelSession; allowWriting: (method: string) => void },
  ) {
    this.#definition = definition;
    this.#session = session;
    this.#allowWriting = allowWriting;
  }

  /** Inserts rows, all of them or none, and returns them in order. */
  async insert(rows: readonly unknown[]): Promise<Row[]> {
    const all = rows.map((row, n) => this.#created(this.#values(row, rows.length > 1 ? `[${n}]` : 'values')));
    const names = this.#definition.columns
      .map(({ name }) => name)
      .filter((name) => all.some((values) => values.has(name)));
    const size = Math.max(1, Math.floor(VALUES_PER_STATEMENT / Math.max(1, names.length)));
    const parts = Array.from({ length: Math.ceil(all.length / size) }, (_, n) =>
      all.slice(n * size, (n + 1) * size),
    );
    const send = async () => {
      const inserted: Row[] = [];
      for (const part of parts) inserted.push(...(await this.#send(this.#insertion(names, part))).rows);
      return inserted;
    };
    return parts.length > 1 ? this.#session.transaction(send) : send();
  }

  /** Inserts a row, or updates the one that has the same key. */
  async upsert(given: unknown): Promise<{ row: Row; created: boolean }> {
    const values = this.#values(given, 'values');
    const key = this.#conflictKey(values);
    const inserted = this.#created(values);
    const names = [...inserted.keys()];
    const changed = names.filter((name) => !key.includes(name) && (values.has(name) || name === 'updatedAt'));
    const assignments = (changed.length > 0 ? changed : key).map(
      (name) => sql`${sql.id(name)} = ${sql.id('excluded', name)}`,
    );
    // Whoever writes a deleted row again means it to be there.
    if (this.#definition.paranoid && !values.has('deletedAt'))
      assignments.push(sql`${sql.id('deletedAt')} = NULL`);
    const { rows } = await this.#send(
      sql`${this.#insertInto(names, [inserted])} ON CONFLICT (${sql.join(
        key.map((name) => sql.id(name)),
      )}) DO UPDATE SET ${sql.join(assignments)} RETURNING ${this.#all()}, ${
        // A row version that replaces another is locked by whoever wrote it.
        columnRef({ alias: OWN }, 'xmax')
      } = 0 AS ${sql.id(CREATED)}`,
    );
    const { [CREATED]: created, ...row } = rows[0] as Row;
    return { row, created: created === true };
  }

  async updateWhere(given: unknown, condition: Condition): Promise<number> {
    const values = this.#values(given, 'values');
    if (values.size === 0) return 0;
    return (await this.#send(this.#update(values, condition))).rowCount;
  }

  /** Marks rows as deleted where the model is `paranoid`, unless forced. */
  async deleteWhere(condition: Condition, { force }: { force: boolean }): Promise<number> {
    const { paranoid } = this.#definition;
    if (paranoid && !force) {
      const deleted = new Map<string, unknown>([['deletedAt', new Date().toISOString()]]);
      return (await this.#send(this.#update(deleted, condition))).rowCount;
    }
    return (await this.#send(sql`DELETE FROM ${this.#table()} WHERE ${condition}`)).rowCount;
  }

  async write(key: Row, given: Row): Promise<Row> {
    this.#allowWriting('save');
    const { timestamps, columns } = this.#definition;
    // Associated rows hang on it too; they are written by themselves.
    const own = Object.fromEntries(
      Object.entries(given).filter(
        ([field]) =>
          columns.some(({ name }) => name === field) &&
          !(timestamps && (field === 'createdAt' || field === 'updatedAt')),
      ),
    );
    const values = this.#values(own, 'row');
    const condition = this.#keyCondition(key);
    const query =
      values.size === 0
        ? sql`SELECT ${this.#all()} FROM ${this.#table()} WHERE ${condition}`
        : sql`${this.#update(values, condition)} RETURNING ${this.#all()}`;
    const [row] = (await this.#send(query)).rows;
    if (!row) throw this.#refuse('row', 'it is not there any more');
    return row;
  }

  async destroy(key: Row, options: unknown): Promise<void> {
    this.#allowWriting('destroy');
    await this.deleteWhere(this.#keyCondition(key), { force: forced(options) });
  }

  #keyCondition(key: Row): Condition {
    return allOf(
      primaryKeyOf(this.#definition).map(
        ({ name }) => sql`${columnRef({ alias: OWN }, name)} = ${key[name]}`,
      ),
    );
  }

  /** The attributes given, each as it is bound. What is `undefined` is not given. */
  #values(given: unknown, path: string): Values {
    const members = ownProperties(given);
    if (!members) throw this.#refuse(path, 'it is not an object of attributes');
    const values = new Map<string, unknown>();
    for (const [name, value] of members) {
      const column = requireColumn(this.#definition, path, name);
      // A key that counts is given by the database.
      if (value === undefined || (value === null && column.autoIncrement)) continue;
      values.set(name, this.#bound(column, value, `${path}.${name}`));
    }
    return values;
  }

  #bound(column: Column, value: unknown, path: string): unknown {
    try {
      return toColumnValue(column, value);
    } catch (error) {
      if (!(error instanceof ValueRefused)) throw error;
      throw this.#refuse(path, error.message);
    }
  }

  #created(values: Values): Values {
    if (!this.#definition.timestamps) return values;
    const now = new Date().toISOString();
    return new Map([['createdAt', now], ['updatedAt', now], ...values]);
  }

  #insertion(names: readonly string[], rows: readonly Values[]): RawBuilder<unknown> {
    return sql`${this.#insertInto(names, rows)} RETURNING ${this.#all()}`;
  }

  #insertInto(names: readonly string[], rows: readonly Values[]): RawBuilder<unknown> {
    if (names.length === 0 && rows.length === 1) return sql`INSERT INTO ${this.#table()} DEFAULT VALUES`;
    // Without any value in several rows, the key has to be named for each to be one.
    const columns = names.length > 0 ? names : primaryKeyOf(this.#definition).map(({ name }) => name);
    const tuples = rows.map(
      (values) =>
        sql`(${sql.join(columns.map((name) => (values.has(name) ? sql`${values.get(name)}` : sql`DEFAULT`)))})`,
    );
    return sql`INSERT INTO ${this.#table()} (${sql.join(
      columns.map((name) => sql.id(name)),
    )}) VALUES ${sql.join(tuples)}`;
  }

  #update(values: Values, condition: Condition): RawBuilder<unknown> {
    const { timestamps } = this.#definition;
    const written = timestamps && !values.has('updatedAt');
    const all: Values = written ? new Map([...values, ['updatedAt', new Date().toISOString()]]) : values;
    const assignments = [...all].map(([name, value]) => sql`${sql.id(name)} = ${value}`);
    return sql`UPDATE ${this.#table()} SET ${sql.join(assignments)} WHERE ${condition}`;
  }

  /** The primary key if it is given, else the first unique attribute or index that is. */
  #conflictKey(values: Values): readonly string[] {
    const { columns, indexes } = this.#definition;
    const candidates = [
      primaryKeyOf(this.#definition).map(({ name }) => name),
      ...columns.filter(({ unique }) => unique).map(({ name }) => [name]),
      ...indexes.filter(({ unique }) => unique).map(({ fields }) => fields),
    ];
    const given = candidates.find((fields) => fields.every((name) => (values.get(name) ?? null) !== null));
    // Of a row without any key nothing can be the same: it is new.
    const [primary = []] = candidates;
    return given ?? primary;
  }

  #table(): RawBuilder<unknown> {
    return sql`${sql.id(this.#definition.table)} AS ${sql.id(OWN)}`;
  }

  #all(): RawBuilder<unknown> {
    return selectedAll(OWN, this.#definition.columns);
  }

  #send(query: RawBuilder<unknown>): Promise<Outcome> {
    return this.#session.query(this.#definition.name, query, 'write');
  }

  #refuse(field: string, reason: string) {
    return modelQueryInvalid({ model: this.#definition.name, field, reason });
  }
}

/** Whether `destroy` was told to delete for good. */
export const forced = (options: unknown): boolean =>
  typeof options === 'object' && options !== null && (options as { force?: unknown }).force === true;
