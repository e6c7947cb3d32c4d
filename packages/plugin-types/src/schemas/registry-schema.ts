import { CHECKSUM_PATTERN, DEFINITIONS } from './definitions.js';

/**
 * An absolute http, https or file address, or one without a scheme, which is relative to the registry. What a
 * URL parser would quietly repair is refused: backslashes, spaces, control characters, `https:///host`, `//host`.
 */
const LOCATION_PATTERN =
  '^(https?://(?=[^/?#])|file:///|(?![a-zA-Z][a-zA-Z0-9+.-]*:)(?!//))[^\\u0000-\\u0020\\u007f\\s\\\\]+$';

/** JSON Schema (draft-07) of `registry.json` (§8.3), for editors and CI. */
export const REGISTRY_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'VerifyWise plugin registry',
  type: 'object',
  required: ['version', 'generated', 'plugins'],
  properties: {
    $schema: { type: 'string' },
    version: { type: 'string', minLength: 1 },
    generated: { type: 'string', format: 'date-time' },
    plugins: { type: 'array', items: { $ref: '#/definitions/entry' } },
  },
  definitions: {
    ...DEFINITIONS,
    location: { type: 'string', pattern: LOCATION_PATTERN, maxLength: 2048 },
    entry: {
      type: 'object',
      required: ['id', 'name', 'description', 'version', 'type', 'download', 'checksum'],
      properties: {
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
        icon: { $ref: '#/definitions/location' },
        download: { $ref: '#/definitions/location' },
        checksum: { type: 'string', pattern: CHECKSUM_PATTERN },
        compatibility: { $ref: '#/definitions/compatibility' },
        permissions: { $ref: '#/definitions/permissions' },
        dependencies: { $ref: '#/definitions/dependencies' },
      },
    },
  },
} as const;
