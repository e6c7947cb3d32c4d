import { sql } from 'kysely';
import { modelQueryInvalid } from '../../foundation/errors/index.js';
import { type Link, requireAssociation, resolveLink } from './associations.js';
import type { Association } from './model-definition.js';
import type { Row } from './model-session.js';
import { ownProperties } from './own-properties.js';
import { type RowSource, scoped, selectedAll } from './row-source.js';
import { type Condition, columnRef, requireColumn, whereCondition } from './where.js';

const OPTIONS: readonly string[] = ['model', 'as', 'attributes', 'where', 'required'];
/** How the statement calls what is included, and the model in between. */
const INCLUDED = 'i';
const BETWEEN = 'b';

/** One `include`, understood. */
export interface IncludePlan {
  readonly as: string;
  readonly link: Link;
  /** Attributes the caller gets. */
  readonly attributes: readonly string[];
  readonly where: unknown;
  readonly required: boolean;
}

/** @throws MODEL_QUERY_INVALID, MODEL_NOT_FOUND, MODEL_INVALID */
export function planIncludes(
  source: RowSource,
  associations: readonly Association[],
  include: unknown,
  find: (model: string) => RowSource | undefined,
): readonly IncludePlan[] {
  if (include === undefined) return [];
  const refuse = (reason: string) => modelQueryInvalid({ model: source.name, field: 'include', reason });
  if (!Array.isArray(include)) throw refuse('it is not an array');
  const plans = include.map((entry: unknown): IncludePlan => {
    const members = typeof entry === 'string' ? [['model', entry] as const] : ownProperties(entry);
    if (!members) throw refuse('an entry is a name or an object with model');
    const unknown = members.find(([option]) => !OPTIONS.includes(option));
    if (unknown) throw refuse(`there is no option ${unknown[0]}`);
    const { model, as, attributes, where, required } = Object.fromEntries(members);
    const association = requireAssociation(source.name, associations, { model, as });
    const link = resolveLink(source, association, find);
    return {
      as: association.as,
      link,
      attributes: requireAttributes(link.target, attributes),
      where,
      required: required === undefined ? where !== undefined : required === true,
    };
  });
  if (new Set(plans.map(({ as }) => as)).size !== plans.length) throw refuse('one of them occurs twice');
  return plans;
}

/** @throws MODEL_QUERY_INVALID */
export function requireAttributes(source: RowSource, attributes: unknown): readonly string[] {
  if (attributes === undefined) return source.columns.map(({ name }) => name);
  if (!Array.isArray(attributes) || attributes.length === 0) {
    throw modelQueryInvalid({
      model: source.name,
      field: 'attributes',
      reason: 'it is not an array of names',
    });
  }
  return [...new Set(attributes.map((name) => requireColumn(source, 'attributes', name).name))];
}

/** What has to hold of a row that has the included one, as part of the statement that finds it. */
export async function requiredCondition({ link, where }: IncludePlan, alias: string): Promise<Condition> {
  const { target, from, to, through } = link;
  const own = columnRef({ alias }, from);
  const wanted = conditionOn(target, where);
  if (!target.local) {
    // In another session: its keys first, then the rows that have one of them.
    const keys = (
      await target.read(
        sql`SELECT DISTINCT ${columnRef({ alias: INCLUDED }, to)} FROM ${target.table} AS ${sql.id(INCLUDED)} WHERE ${wanted}`,
      )
    ).flatMap((row) => (row[to] === null ? [] : [row[to]]));
    if (!through) return sql`${own} = ANY(${keys})`;
    return sql`EXISTS (SELECT 1 FROM ${through.source.table} AS ${sql.id(BETWEEN)} WHERE ${scoped(
      through.source,
      BETWEEN,
      [
        sql`${columnRef({ alias: BETWEEN }, through.from)} = ${own}`,
        sql`${columnRef({ alias: BETWEEN }, through.to)} = ANY(${keys})`,
      ],
    )})`;
  }
  const there = columnRef({ alias: INCLUDED }, to);
  if (!through) {
    return sql`EXISTS (SELECT 1 FROM ${target.table} AS ${sql.id(INCLUDED)} WHERE ${there} = ${own} AND (${wanted}))`;
  }
  return sql`EXISTS (SELECT 1 FROM ${through.source.table} AS ${sql.id(BETWEEN)} JOIN ${target.table} AS ${sql.id(
    INCLUDED,
  )} ON ${there} = ${columnRef({ alias: BETWEEN }, through.to)} WHERE ${scoped(through.source, BETWEEN, [
    sql`${columnRef({ alias: BETWEEN }, through.from)} = ${own}`,
    wanted,
  ])})`;
}

const conditionOn = (target: RowSource, where: unknown): Condition =>
  scoped(target, INCLUDED, [whereCondition({ ...target, alias: INCLUDED }, where)]);

/**
 * Puts on each row, under `as`, what belongs to it: a row or null, or an array. One statement for all rows, two with
 * a model in between. `make` turns what was read into rows of the target.
 */
export async function attachIncluded(
  rows: readonly Row[],
  { as, link, attributes, where }: IncludePlan,
  make: (row: Row) => Row,
): Promise<void> {
  const { target, from, to, through, many } = link;
  const keys = distinct(rows.map((row) => row[from]));
  const pairs = through ? await pairsOf(through, keys) : undefined;
  const wanted = pairs ? distinct(pairs.map((pair) => pair.to)) : keys;
  const found =
    wanted.length === 0 ? [] : await findIncluded(target, { to, attributes, where, keys: wanted });
  const byKey = groupBy(found, (row) => row[to]);
  const hidden = [to, ...target.primaryKey].filter((name) => !attributes.includes(name));
  const present = (row: Row): Row => {
    const made = make(row);
    for (const name of hidden) delete made[name];
    return made;
  };
  const links = pairs && groupBy(pairs, (pair) => pair.from);
  const targetsOf = (key: unknown): readonly Row[] => {
    if (key === null || key === undefined) return [];
    if (!links) return byKey.get(String(key)) ?? [];
    return (links.get(String(key)) ?? []).flatMap((pair) => byKey.get(String(pair.to)) ?? []);
  };
  for (const row of rows) {
    // A copy each, so that two rows with the same one do not share it.
    const targets = targetsOf(row[from]).map((target) => present({ ...target }));
    row[as] = many ? targets : (targets[0] ?? null);
  }
}

async function pairsOf(
  { source, from, to }: NonNullable<Link['through']>,
  keys: readonly unknown[],
): Promise<readonly { from: unknown; to: unknown }[]> {
  if (keys.length === 0) return [];
  const columns = [requireColumn(source, 'through', from), requireColumn(source, 'through', to)];
  const rows = await source.read(
    sql`SELECT ${selectedAll(BETWEEN, columns)} FROM ${source.table} AS ${sql.id(BETWEEN)} WHERE ${scoped(
      source,
      BETWEEN,
      [sql`${columnRef({ alias: BETWEEN }, from)} = ANY(${keys})`],
    )}`,
  );
  return rows.map((row) => ({ from: row[from], to: row[to] }));
}

function findIncluded(
  target: RowSource,
  {
    to,
    attributes,
    where,
    keys,
  }: { to: string; attributes: readonly string[]; where: unknown; keys: unknown[] },
): Promise<Row[]> {
  const names = [...new Set([to, ...target.primaryKey, ...attributes])];
  const columns = names.map((name) => requireColumn(target, 'include', name));
  const order = sql.join(target.primaryKey.map((name) => columnRef({ alias: INCLUDED }, name)));
  return target.read(
    sql`SELECT ${selectedAll(INCLUDED, columns)} FROM ${target.table} AS ${sql.id(INCLUDED)} WHERE ${columnRef(
      { alias: INCLUDED },
      to,
    )} = ANY(${keys}) AND (${conditionOn(target, where)}) ORDER BY ${order}`,
  );
}

/** Keys of different types of number come in different forms; as text they are equal. */
function groupBy<T>(items: readonly T[], keyOf: (item: T) => unknown): ReadonlyMap<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = String(keyOf(item));
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

const distinct = (values: readonly unknown[]): unknown[] =>
  [...new Map(values.map((value) => [String(value), value])).values()].filter(
    (value) => value !== null && value !== undefined,
  );
