import { CONFIG_FIELD_TYPES } from '../manifest.js';
import { CONFIG_KEY_PATTERN } from './definitions.js';

const COMMON = {
  type: { type: 'string', enum: CONFIG_FIELD_TYPES },
  required: { type: 'boolean' },
  description: { type: 'string' },
} as const;

const COUNT = { type: 'integer', minimum: 0 } as const;

/** The options of each type of setting (§7.2). */
export const CONFIG_DEFINITIONS = {
  configSchema: {
    type: 'object',
    propertyNames: { type: 'string', pattern: CONFIG_KEY_PATTERN },
    additionalProperties: { $ref: '#/definitions/configField' },
  },
  configField: {
    type: 'object',
    required: ['type'],
    properties: { type: { type: 'string', enum: CONFIG_FIELD_TYPES } },
    // One branch per type rather than `oneOf`: a validator then reports what is wrong with the branch that is
    // meant.
    allOf: [
      {
        if: { type: 'object', required: ['type'], properties: { type: { const: 'string' } } },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { $ref: '#/definitions/stringField' },
      },
      {
        if: { type: 'object', required: ['type'], properties: { type: { const: 'number' } } },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { $ref: '#/definitions/numberField' },
      },
      {
        if: { type: 'object', required: ['type'], properties: { type: { const: 'boolean' } } },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { $ref: '#/definitions/booleanField' },
      },
      {
        if: { type: 'object', required: ['type'], properties: { type: { const: 'array' } } },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { $ref: '#/definitions/arrayField' },
      },
      {
        if: { type: 'object', required: ['type'], properties: { type: { const: 'object' } } },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { $ref: '#/definitions/objectField' },
      },
    ],
  },
  stringField: {
    type: 'object',
    properties: {
      ...COMMON,
      default: { type: 'string' },
      secret: { type: 'boolean' },
      enum: { type: 'array', items: { type: 'string' }, minItems: 1, uniqueItems: true },
      pattern: { type: 'string', minLength: 1, maxLength: 1000 },
      minLength: COUNT,
      maxLength: COUNT,
    },
    additionalProperties: false,
    // Everyone who has the package can read a default.
    if: { type: 'object', required: ['secret'], properties: { secret: { const: true } } },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { type: 'object', properties: { default: false } },
  },
  numberField: {
    type: 'object',
    properties: {
      ...COMMON,
      default: { type: 'number' },
      min: { type: 'number' },
      max: { type: 'number' },
    },
    additionalProperties: false,
  },
  booleanField: {
    type: 'object',
    properties: { ...COMMON, default: { type: 'boolean' } },
    additionalProperties: false,
  },
  arrayField: {
    type: 'object',
    required: ['items'],
    properties: { ...COMMON, default: { type: 'array' }, items: { $ref: '#/definitions/configField' } },
    additionalProperties: false,
  },
  objectField: {
    type: 'object',
    required: ['properties'],
    properties: {
      ...COMMON,
      default: { type: 'object' },
      properties: { $ref: '#/definitions/configSchema' },
    },
    additionalProperties: false,
  },
} as const;
