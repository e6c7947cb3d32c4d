import type { ConfigField, ConfigSchema } from '@verifywise/plugin-types';
import { Ajv, type SchemaObject, type ValidateFunction } from 'ajv';
import { compilePattern } from './pattern.js';

/**
 * The JSON Schema that says what one setting's value may be. `required` is not in it: see
 * `ConfigValidator.missing`.
 */
function toJsonSchema(field: ConfigField): SchemaObject {
  switch (field.type) {
    case 'string':
      return {
        type: 'string',
        ...(field.enum && { enum: field.enum }),
        ...(field.pattern !== undefined && { pattern: field.pattern }),
        ...(field.minLength !== undefined && { minLength: field.minLength }),
        ...(field.maxLength !== undefined && { maxLength: field.maxLength }),
      };
    case 'number':
      return {
        type: 'number',
        ...(field.min !== undefined && { minimum: field.min }),
        ...(field.max !== undefined && { maximum: field.max }),
      };
    case 'boolean':
      return { type: 'boolean' };
    case 'array':
      return { type: 'array', items: toJsonSchema(field.items) };
    case 'object':
      return toObjectSchema(field.properties);
  }
}

const toObjectSchema = (schema: ConfigSchema): SchemaObject => ({
  type: 'object',
  properties: Object.fromEntries(Object.entries(schema).map(([key, field]) => [key, toJsonSchema(field)])),
  additionalProperties: false,
});

/**
 * Compiles the check of a plugin's values, about 1 ms.
 *
 * @throws {Error} if a pattern is not supported; a manifest that was parsed has none such
 */
export function compileConfigSchema(schema: ConfigSchema): ValidateFunction {
  // One Ajv for each: a shared one keeps every schema and pattern it ever compiled.
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    // Schemas are made here, not read: nothing to check them for.
    meta: false,
    validateSchema: false,
    // Without it a setting called `toString` is found on every object.
    ownProperties: true,
    code: { regExp: Object.assign((pattern: string) => compilePattern(pattern), { code: 'compilePattern' }) },
  });
  return ajv.compile(toObjectSchema(schema));
}
