import type { ModelDataType } from '@verifywise/plugin-types';
import { isHostError } from '../../foundation/errors/index.js';
import { toStorableJson } from '../../foundation/json.js';
import type { Column } from './model-definition.js';

/** What is known of a column values are compared with or written to. Without a type, Postgres decides. */
export type ValueColumn = Pick<Column, 'name' | 'values'> & { readonly type?: ModelDataType };

type Convert = (value: unknown) => unknown;

/** Why a value cannot be stored; the caller knows of which model. */
export class ValueRefused extends Error {}

const isDate = (value: unknown): value is Date => Object.prototype.toString.call(value) === '[object Date]';

function refuse(value: unknown, wanted: string): never {
  const shown = typeof value === 'object' || typeof value === 'function' ? typeof value : String(value);
  throw new ValueRefused(`${shown} is not ${wanted}`);
}

const text: Convert = (value) => {
  if (typeof value === 'string') {
    if (value.includes('\0')) throw new ValueRefused('it holds a NUL character');
    return value;
  }
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  return refuse(value, 'a text');
};

const whole: Convert = (value) => {
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value)))
    return String(value);
  if (typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value)) return value;
  return refuse(value, 'a whole number');
};

const numeric: Convert = (value) => {
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value)))
    return String(value);
  if (typeof value === 'string' && /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(value)) return value;
  return refuse(value, 'a number');
};

const timestamp: Convert = (value) => {
  const date =
    isDate(value) || typeof value === 'string' || typeof value === 'number' ? new Date(value) : undefined;
  if (!date || Number.isNaN(date.getTime())) return refuse(value, 'a date');
  // Postgres keeps microseconds, which a Date would cut off. Without a zone it would take the database's.
  const zoned = typeof value === 'string' && /\d(Z|[+-]\d\d:?\d\d)$/.test(value);
  return zoned ? value : date.toISOString();
};

const day: Convert = (value) => {
  const iso = typeof value === 'string' ? value : (timestamp(value) as string).slice(0, 10);
  return /^\d{4}-\d\d-\d\d/.test(iso) ? text(iso) : refuse(value, 'a day such as 2026-01-31');
};

const json: Convert = (value) => {
  try {
    return toStorableJson(value);
  } catch (error) {
    if (!isHostError(error)) throw error;
    throw new ValueRefused(error.message);
  }
};

const uuid: Convert = (value) =>
  typeof value === 'string' && /^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i.test(value)
    ? value
    : refuse(value, 'a UUID');

const boolean: Convert = (value) => {
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 1) return true;
  if (value === 'false' || value === 0) return false;
  return refuse(value, 'true or false');
};

const CONVERT: Readonly<Record<ModelDataType, Convert>> = {
  STRING: text,
  TEXT: text,
  ENUM: text,
  INTEGER: whole,
  BIGINT: whole,
  FLOAT: numeric,
  DOUBLE: numeric,
  DECIMAL: numeric,
  BOOLEAN: boolean,
  DATE: timestamp,
  DATEONLY: day,
  JSON: json,
  JSONB: json,
  UUID: uuid,
};

const anything: Convert = (value) => {
  if (typeof value === 'boolean') return value;
  return isDate(value) ? timestamp(value) : text(value);
};

/**
 * A value as it is bound for a column. `null` stays.
 *
 * @throws {ValueRefused}
 */
export function toColumnValue(column: ValueColumn, value: unknown): unknown {
  if (value === null) return null;
  if (value === undefined) throw new ValueRefused('it is undefined');
  const converted = (column.type ? CONVERT[column.type] : anything)(value);
  if (column.values && !column.values.includes(converted as string)) {
    throw new ValueRefused(`${JSON.stringify(converted)} is none of ${column.values.join(', ')}`);
  }
  return converted;
}

/** Whether a condition on the column may compare objects and arrays. */
export const isJson = ({ type }: ValueColumn): boolean => type === 'JSON' || type === 'JSONB';
