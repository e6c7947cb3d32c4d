import { type RawBuilder, sql } from 'kysely';
import { modelQueryInvalid } from '../../foundation/errors/index.js';
import { isPlainObject } from '../../foundation/json.js';
import { isJson, toColumnValue, type ValueColumn, ValueRefused } from './column-value.js';
import { ownProperties } from './own-properties.js';

/** Deeper conditions are a mistake, or an attack on the stack. */
const MAX_DEPTH = 32;

/** What conditions are about: a model's columns, as one table of the statement has them. */
export interface WhereSubject {
  readonly name: string;
  readonly columns: readonly ValueColumn[];
  /** How the statement calls the table. */
  readonly alias: string;
}

export type Condition = RawBuilder<unknown>;

const COMPARISONS = { gt: sql`>`, gte: sql`>=`, lt: sql`<`, lte: sql`<=` } as const;
const PATTERNS = { like: sql`LIKE`, iLike: sql`ILIKE` } as const;

/** All of them must hold. */
export const allOf = (conditions: readonly Condition[]): Condition =>
  conditions.length === 0
    ? sql`true`
    : sql.join(
        conditions.map((condition) => sql`(${condition})`),
        sql` AND `,
      );

const anyOf = (conditions: readonly Condition[]): Condition =>
  conditions.length === 0
    ? sql`false`
    : sql.join(
        conditions.map((condition) => sql`(${condition})`),
        sql` OR `,
      );

/** An attribute of the subject, as the statement names it. */
export const columnRef = ({ alias }: { alias: string }, column: string): Condition =>
  sql`${sql.id(alias, column)}`;

/**
 * The attribute a caller names.
 *
 * @throws MODEL_QUERY_INVALID
 */
export function requireColumn<C extends { readonly name: string }>(
  model: { readonly name: string; readonly columns: readonly C[] },
  field: string,
  name: unknown,
): C {
  const column = model.columns.find((candidate) => candidate.name === name);
  if (!column) {
    const shown = typeof name === 'string' ? JSON.stringify(name) : typeof name;
    throw modelQueryInvalid({ model: model.name, field, reason: `there is no attribute ${shown}` });
  }
  return column;
}

/**
 * The condition a `where` stands for. Whatever it does not understand it refuses: a condition left out would select,
 * change or delete rows nobody meant.
 *
 * @throws MODEL_QUERY_INVALID
 */
export const whereCondition = (subject: WhereSubject, where: unknown): Condition =>
  where === undefined ? sql`true` : new WhereReader(subject).all(where, 'where', 0);

class WhereReader {
  readonly #subject: WhereSubject;

  constructor(subject: WhereSubject) {
    this.#subject = subject;
  }

  all(where: unknown, path: string, depth: number): Condition {
    if (depth > MAX_DEPTH) throw this.#refuse(path, `conditions nest deeper than ${MAX_DEPTH}`);
    const members = ownProperties(where);
    if (!members) throw this.#refuse(path, 'it is not an object of attributes, and, or');
    return allOf(
      members.map(([key, value]) => {
        const at = `${path}.${key}`;
        if (key === 'and') return allOf(this.#list(value, at, depth));
        if (key === 'or') return anyOf(this.#list(value, at, depth));
        return this.#attribute(requireColumn(this.#subject, at, key), value, at);
      }),
    );
  }

  #list(value: unknown, path: string, depth: number): Condition[] {
    if (!Array.isArray(value)) throw this.#refuse(path, 'it is not an array');
    return value.map((entry, n) => this.all(entry, `${path}[${n}]`, depth + 1));
  }

  #attribute(column: ValueColumn, value: unknown, path: string): Condition {
    if (Array.isArray(value)) return this.#operator(column, 'in', value, path);
    if (!isPlainObject(value)) return this.#operator(column, 'eq', value, path);
    const operators = ownProperties(value);
    if (!operators || operators.length === 0) throw this.#refuse(path, 'it names no operator');
    return allOf(
      operators.map(([operator, operand]) =>
        this.#operator(column, operator, operand, `${path}.${operator}`),
      ),
    );
  }

  #operator(column: ValueColumn, operator: string, operand: unknown, path: string): Condition {
    const ref = columnRef(this.#subject, column.name);
    const bind = (value: unknown) => this.#value(column, value, path);
    switch (operator) {
      case 'eq':
        if (operand === null) return sql`${ref} IS NULL`;
        return isJson(column) ? sql`${ref}::jsonb = ${bind(operand)}::jsonb` : sql`${ref} = ${bind(operand)}`;
      case 'ne':
        if (operand === null) return sql`${ref} IS NOT NULL`;
        return isJson(column)
          ? sql`${ref}::jsonb <> ${bind(operand)}::jsonb`
          : sql`${ref} <> ${bind(operand)}`;
      case 'gt':
      case 'gte':
      case 'lt':
      case 'lte':
        return sql`${ref} ${COMPARISONS[operator]} ${this.#present(column, operand, path)}`;
      case 'in':
        return sql`${ref} = ANY(${this.#values(column, operand, path)})`;
      case 'notIn':
        return sql`${ref} <> ALL(${this.#values(column, operand, path)})`;
      case 'like':
      case 'iLike':
        if (typeof operand !== 'string' || operand.includes('\0'))
          throw this.#refuse(path, 'it is not a pattern');
        return sql`${ref} ${PATTERNS[operator]} ${operand}`;
      case 'between': {
        const [low, high, ...more] = Array.isArray(operand) ? operand : [];
        if (more.length > 0) throw this.#refuse(path, 'it is not an array of two values');
        return sql`${ref} BETWEEN ${this.#present(column, low, path)} AND ${this.#present(column, high, path)}`;
      }
      default:
        throw this.#refuse(path, 'there is no such operator');
    }
  }

  /** One parameter, however many values: their number is without limit that way. */
  #values(column: ValueColumn, operand: unknown, path: string): unknown[] {
    if (isJson(column)) throw this.#refuse(path, 'JSON cannot be listed');
    if (!Array.isArray(operand)) throw this.#refuse(path, 'it is not an array');
    return operand.map((value, n) => this.#present(column, value, `${path}[${n}]`));
  }

  #present(column: ValueColumn, value: unknown, path: string): unknown {
    if (value === null) throw this.#refuse(path, 'null compares with nothing');
    return this.#value(column, value, path);
  }

  #value(column: ValueColumn, value: unknown, path: string): unknown {
    try {
      return toColumnValue({ ...column, values: undefined } as ValueColumn, value);
    } catch (error) {
      if (!(error instanceof ValueRefused)) throw error;
      throw this.#refuse(path, error.message);
    }
  }

  #refuse(field: string, reason: string) {
    return modelQueryInvalid({ model: this.#subject.name, field, reason });
  }
}
