import { WIDGET_TEMPLATES } from '../widgets/ui-extensions.js';
import { CONFIG_DEFINITIONS } from './config-definitions.js';
import { DEFINITIONS } from './definitions.js';

const FILE = {
  type: 'string',
  pattern: '^(\\./)?[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$',
} as const;

/**
 * JSON Schema (draft-07) of `manifest.json` in its strict form (§4), for editors and CI. The host reads more
 * tolerantly, and checks more: that a default satisfies its own setting, that patterns compile, that ranges
 * are ranges.
 */
export const MANIFEST_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'VerifyWise plugin manifest',
  type: 'object',
  required: ['id', 'name', 'description', 'version', 'author', 'type', 'tags', 'permissions'],
  properties: {
    $schema: { type: 'string' },
    id: { $ref: '#/definitions/pluginId' },
    name: { $ref: '#/definitions/name' },
    description: { $ref: '#/definitions/description' },
    version: { $ref: '#/definitions/version' },
    author: { $ref: '#/definitions/author' },
    homepage: { $ref: '#/definitions/webUrl' },
    repository: { $ref: '#/definitions/webUrl' },
    support: { $ref: '#/definitions/webUrl' },
    type: { $ref: '#/definitions/pluginType' },
    tags: { $ref: '#/definitions/tags' },
    permissions: { $ref: '#/definitions/permissions' },
    config: { $ref: '#/definitions/configSchema' },
    compatibility: { $ref: '#/definitions/compatibility' },
    dependencies: { $ref: '#/definitions/dependencies' },
    main: FILE,
    ui: {
      type: 'object',
      properties: {
        dashboardWidgets: { type: 'array', items: { $ref: '#/definitions/widget' } },
        page: {
          type: 'object',
          required: ['title'],
          properties: {
            title: { type: 'string', minLength: 1 },
            description: { type: 'string' },
            icon: { type: 'string' },
            template: { type: 'string' },
            endpoint: { type: 'string' },
          },
        },
      },
      additionalProperties: false,
    },
    install: {
      type: 'object',
      properties: { transactional: { type: 'boolean' } },
      additionalProperties: false,
    },
    runs: {
      type: 'object',
      properties: {
        owner: { type: 'string' },
        capabilities: { type: 'array', items: { type: 'string' } },
        schemaVersion: { type: 'string' },
        defaultConfig: { type: 'object' },
        settingsSchema: FILE,
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
  definitions: {
    ...DEFINITIONS,
    ...CONFIG_DEFINITIONS,
    widget: {
      type: 'object',
      required: ['widgetId', 'title', 'template', 'endpoint'],
      properties: {
        widgetId: { type: 'string', minLength: 1 },
        pluginId: { $ref: '#/definitions/pluginId' },
        title: { type: 'string', minLength: 1 },
        template: { type: 'string', enum: WIDGET_TEMPLATES },
        endpoint: { type: 'string', minLength: 1 },
        config: { type: 'object' },
      },
      additionalProperties: false,
    },
  },
} as const;
