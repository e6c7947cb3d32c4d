import { type RawBuilder, sql } from 'kysely';
import type { ValueColumn } from './column-value.js';
import type { Row } from './model-session.js';
import { allOf, type Condition, columnRef } from './where.js';

/** Where rows of a model are read from: a table of the plugin's, or one of the application's. */
export interface RowSource {
  readonly name: string;
  readonly columns: readonly ValueColumn[];
  readonly primaryKey: readonly string[];
  readonly table: RawBuilder<unknown>;
  /** Whether it can be joined with the plugin's own tables in one statement. */
  readonly local: boolean;
  /** What holds of every row there is for the caller. */
  scope(alias: string): Condition | undefined;
  read(query: RawBuilder<unknown>): Promise<Row[]>;
}

/** `pg` reads days as local midnights, and applications change how they get big numbers: as text they are the same everywhere. */
const AS_TEXT: readonly (string | undefined)[] = ['DATEONLY', 'BIGINT', 'DECIMAL'];

/** An attribute in a SELECT list or after RETURNING. */
export const selected = (alias: string, { name, type }: ValueColumn): RawBuilder<unknown> =>
  AS_TEXT.includes(type)
    ? sql`${columnRef({ alias }, name)}::text AS ${sql.id(name)}`
    : columnRef({ alias }, name);

export const selectedAll = (alias: string, columns: readonly ValueColumn[]): RawBuilder<unknown> =>
  sql.join(columns.map((column) => selected(alias, column)));

/** `conditions`, and whatever holds of all rows of the source. */
export const scoped = (source: RowSource, alias: string, conditions: readonly Condition[]): Condition => {
  const scope = source.scope(alias);
  return allOf(scope ? [...conditions, scope] : conditions);
};
