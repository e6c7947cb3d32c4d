import type { ConfigField, ConfigSchema } from '@verifywise/plugin-types';
import { isObject, type JsonObject } from './json-document.js';

/** Whether a value counts as there at all. */
export const isSet = (value: unknown): boolean => value !== undefined && value !== null;

const own = (values: JsonObject, key: string): unknown =>
  Object.hasOwn(values, key) ? values[key] : undefined;

const dotted = (parent: string, key: string | number): string =>
  parent === '' ? String(key) : `${parent}.${key}`;

/**
 * The values with defaults where nothing is set. A default inside a group fills in a group that is set; it
 * does not set the group.
 */
export function fillDefaults(schema: ConfigSchema, values: JsonObject): JsonObject {
  const filled = { ...values };
  for (const [key, field] of Object.entries(schema)) {
    const value = own(values, key);
    const given = isSet(value) ? value : structuredClone(field.default);
    if (isSet(given)) filled[key] = fillField(field, given);
  }
  return filled;
}

function fillField(field: ConfigField, value: unknown): unknown {
  if (field.type === 'object' && isObject(value)) return fillDefaults(field.properties, value);
  if (field.type === 'array' && Array.isArray(value))
    return value.map((item) => fillField(field.items, item));
  return value;
}

/** The values with each secret that is set replaced. What `replace` answers with `undefined` is left out. */
export function mapSecrets(
  schema: ConfigSchema,
  values: JsonObject,
  replace: (value: unknown, field: string) => unknown,
  parent = '',
): JsonObject {
  const mapped = { ...values };
  for (const [key, field] of Object.entries(schema)) {
    const value = own(values, key);
    if (!isSet(value)) continue;
    const result = mapField(field, value, replace, dotted(parent, key));
    if (result === undefined) delete mapped[key];
    else mapped[key] = result;
  }
  return mapped;
}

function mapField(
  field: ConfigField,
  value: unknown,
  replace: (value: unknown, field: string) => unknown,
  path: string,
): unknown {
  if (field.type === 'string') return field.secret ? replace(value, path) : value;
  if (field.type === 'object' && isObject(value)) return mapSecrets(field.properties, value, replace, path);
  if (field.type === 'array' && Array.isArray(value)) {
    return value.map((item, index) =>
      isSet(item) ? mapField(field.items, item, replace, dotted(path, index)) : item,
    );
  }
  return value;
}

/** Where secrets can be, in dotted form, `*` for the elements of a list: `apiKey`, `accounts.*.token`. */
export const secretPaths = (schema: ConfigSchema, parent = ''): string[] =>
  Object.entries(schema).flatMap(([key, field]) => secretPathsOf(field, dotted(parent, key)));

function secretPathsOf(field: ConfigField, path: string): string[] {
  if (field.type === 'string') return field.secret ? [path] : [];
  if (field.type === 'object') return secretPaths(field.properties, path);
  if (field.type === 'array') return secretPathsOf(field.items, dotted(path, '*'));
  return [];
}

/** The required settings that are not set, in dotted form. */
export function findMissing(schema: ConfigSchema, values: JsonObject, parent = ''): string[] {
  return Object.entries(schema).flatMap(([key, field]) => {
    const value = own(values, key);
    const path = dotted(parent, key);
    if (isSet(value) && !isBlank(field, value)) return missingIn(field, value, path);
    return field.required && field.default === undefined ? [path] : [];
  });
}

/**
 * A required text that was left empty in a form is not filled in, unless being empty is one of its values.
 */
const isBlank = (field: ConfigField, value: unknown): boolean =>
  field.type === 'string' && value === '' && !field.enum?.includes('');

function missingIn(field: ConfigField, value: unknown, path: string): string[] {
  if (field.type === 'object' && isObject(value)) return findMissing(field.properties, value, path);
  if (field.type === 'array' && Array.isArray(value)) {
    return value.flatMap((item, index) => missingIn(field.items, item, dotted(path, index)));
  }
  return [];
}
