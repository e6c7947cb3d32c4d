import { createHash } from 'node:crypto';
import { modelInvalid } from '../../foundation/errors/index.js';
import type { Association, Column, ModelDefinition, ModelIndex } from './model-definition.js';
import { modelTable, requireColumnName, requireModelName, requireShort, snakeCase } from './model-names.js';
import { ownProperties } from './own-properties.js';
import { parseAttribute } from './parse-attribute.js';

const IDENTIFIER_BYTES = 63;
/** Postgres allows 1,600 columns; fewer where they are wide. */
const MAX_COLUMNS = 1_000;
const TEXTS: readonly string[] = ['STRING', 'TEXT'];

interface Options {
  readonly timestamps: boolean;
  readonly paranoid: boolean;
  readonly indexes: readonly unknown[];
}

/**
 * Reads what `define` was given: every name checked, every default decided, the columns nobody needs to list added:
 * `id` where there is no key, `tenant`, `createdAt`, `updatedAt` and `deletedAt`.
 *
 * @throws MODEL_INVALID naming the field, IDENTIFIER_TOO_LONG
 */
export function parseDefinition(
  pluginId: string,
  given: { name: unknown; attributes: unknown; options: unknown },
): ModelDefinition {
  const name = requireModelName(given.name);
  const table = modelTable(pluginId, name);
  const attributes = ownProperties(given.attributes);
  if (!attributes || attributes.length === 0) {
    throw modelInvalid({ model: name, field: 'attributes', reason: 'an object with at least one is needed' });
  }
  if (attributes.length > MAX_COLUMNS) {
    throw modelInvalid({ model: name, field: 'attributes', reason: `there are more than ${MAX_COLUMNS}` });
  }
  const options = parseOptions(name, given.options);
  const columns = withOwnColumns(
    name,
    attributes.map(([attribute, definition]) => parseAttribute(name, attribute, definition)),
    options,
  );
  if (columns.filter((column) => column.autoIncrement).length > 1) {
    throw modelInvalid({ model: name, field: 'attributes', reason: 'only one can count' });
  }
  return {
    name,
    table,
    columns,
    indexes: options.indexes.map((index, n) => parseIndex({ name, table, columns }, index, `indexes[${n}]`)),
    timestamps: options.timestamps,
    paranoid: options.paranoid,
    associations: [] satisfies Association[],
  };
}

function parseOptions(model: string, given: unknown): Options {
  const refuse = (field: string, reason: string) => modelInvalid({ model, field, reason });
  const members = given === undefined ? [] : ownProperties(given);
  if (!members) throw refuse('options', 'it is not an object');
  const { timestamps = true, paranoid = false, indexes = [], ...more } = Object.fromEntries(members);
  const unknown = Object.keys(more)[0];
  if (unknown !== undefined) throw refuse(`options.${unknown}`, 'there is no such option');
  if (typeof timestamps !== 'boolean') throw refuse('options.timestamps', 'it is neither true nor false');
  if (typeof paranoid !== 'boolean') throw refuse('options.paranoid', 'it is neither true nor false');
  if (!Array.isArray(indexes)) throw refuse('options.indexes', 'it is not an array');
  return { timestamps, paranoid, indexes };
}

function withOwnColumns(model: string, given: readonly Column[], options: Options): readonly Column[] {
  const columns = given.map((column) =>
    // The author lists it, the host fills it.
    column.name === 'tenant' && TEXTS.includes(column.type) && !column.default
      ? { ...column, default: { call: 'tenant' } as const }
      : column,
  );
  const has = (name: string) => columns.some((column) => column.name === name);
  const plain = { primaryKey: false, autoIncrement: false, unique: false };
  if (!columns.some((column) => column.primaryKey)) {
    if (has('id')) {
      throw modelInvalid({
        model,
        field: 'id.primaryKey',
        reason: 'no attribute is the key, and id is taken',
      });
    }
    columns.unshift({
      ...plain,
      name: 'id',
      type: 'INTEGER',
      allowNull: false,
      primaryKey: true,
      autoIncrement: true,
    });
  }
  if (!has('tenant')) {
    columns.push({ ...plain, name: 'tenant', type: 'TEXT', allowNull: false, default: { call: 'tenant' } });
  }
  for (const name of options.timestamps ? ['createdAt', 'updatedAt'] : []) {
    if (!has(name))
      columns.push({ ...plain, name, type: 'DATE', allowNull: false, default: { call: 'now' } });
    else requireDate(model, columns, name);
  }
  if (options.paranoid) {
    if (!has('deletedAt')) columns.push({ ...plain, name: 'deletedAt', type: 'DATE', allowNull: true });
    else requireDate(model, columns, 'deletedAt');
  }
  return columns;
}

function requireDate(model: string, columns: readonly Column[], name: string): void {
  const column = columns.find((candidate) => candidate.name === name);
  if (column?.type !== 'DATE') {
    throw modelInvalid({ model, field: `${name}.type`, reason: 'the host writes a DATE there' });
  }
}

function parseIndex(
  model: Pick<ModelDefinition, 'name' | 'table' | 'columns'>,
  given: unknown,
  field: string,
): ModelIndex {
  const refuse = (part: string, reason: string) =>
    modelInvalid({ model: model.name, field: `${field}${part}`, reason });
  const members = ownProperties(given);
  if (!members) throw refuse('', 'an index is an object with fields');
  const { name, unique = false, fields, ...more } = Object.fromEntries(members);
  const unknown = Object.keys(more)[0];
  if (unknown !== undefined) throw refuse(`.${unknown}`, 'there is no such option');
  if (typeof unique !== 'boolean') throw refuse('.unique', 'it is neither true nor false');
  const list: readonly unknown[] = Array.isArray(fields) ? [...fields] : [];
  if (list.length === 0 || list.length > 32)
    throw refuse('.fields', 'an array of 1 to 32 attributes is needed');
  const names = list.map((entry) => {
    const column = model.columns.find((candidate) => candidate.name === entry);
    if (!column) throw refuse('.fields', `there is no attribute ${JSON.stringify(entry) ?? String(entry)}`);
    return column.name;
  });
  if (new Set(names).size !== names.length) throw refuse('.fields', 'one of them occurs twice');
  return {
    name:
      name === undefined
        ? shortName(`${model.table}_${names.map(snakeCase).join('_')}${unique ? '_unique' : ''}`)
        : indexName(model.table, requireColumnName(model.name, `${field}.name`, name)),
    unique,
    fields: names,
  };
}

/** Indexes share their names with every other plugin's, so the table's name comes first. */
function indexName(table: string, name: string): string {
  const full = name.startsWith(`${table}_`) ? name : `${table}_${name}`;
  requireShort(full);
  return full;
}

/** A name this host makes is made to fit, with a hash of the whole where letters have to go. */
export function shortName(name: string): string {
  if (name.length > IDENTIFIER_BYTES) {
    const hash = createHash('sha256').update(name).digest('hex').slice(0, 10);
    return `${name.slice(0, IDENTIFIER_BYTES - hash.length - 1)}_${hash}`;
  }
  return name;
}
