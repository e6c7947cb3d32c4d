import { PLUGIN_TYPES } from '../manifest.js';
import { PERMISSIONS } from '../permissions.js';

/** What a plugin's id looks like; at most 50 characters (Appendix A). */
export const PLUGIN_ID_PATTERN = '^[a-z][a-z0-9]*(-[a-z0-9]+)*$';

/** What the key of a setting looks like. */
export const CONFIG_KEY_PATTERN = '^[a-zA-Z][a-zA-Z0-9_]{0,63}$';

/** `X.Y` or `X.Y.Z`, with an optional prerelease and build as in Semantic Versioning (§16.1). */
export const VERSION_PATTERN =
  '^(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)(\\.(0|[1-9][0-9]*))?' +
  '(-(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(\\.(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*)?' +
  '(\\+[0-9a-zA-Z-]+(\\.[0-9a-zA-Z-]+)*)?$';

/** http and https are the only schemes shown as links: anything else could run code where it is clicked. */
const WEB_URL_PATTERN = '^https?://';

/** Digest of a package. Other spellings of the same digest are refused. */
export const CHECKSUM_PATTERN = '^sha256:[0-9a-f]{64}$';

/** Parts the manifest's and the registry's schema have in common. */
export const DEFINITIONS = {
  pluginId: { type: 'string', pattern: PLUGIN_ID_PATTERN, maxLength: 50 },
  name: { type: 'string', minLength: 1, maxLength: 50 },
  description: { type: 'string', minLength: 1, maxLength: 200 },
  version: { type: 'string', pattern: VERSION_PATTERN, maxLength: 256 },
  webUrl: { type: 'string', pattern: WEB_URL_PATTERN, format: 'uri', maxLength: 2048 },
  author: {
    type: 'object',
    required: ['name'],
    properties: {
      name: { type: 'string', minLength: 1 },
      url: { $ref: '#/definitions/webUrl' },
    },
    additionalProperties: false,
  },
  pluginType: { type: 'string', enum: PLUGIN_TYPES },
  tags: { type: 'array', items: { type: 'string' }, uniqueItems: true },
  permissions: { type: 'array', items: { type: 'string', enum: PERMISSIONS }, uniqueItems: true },
  compatibility: {
    type: 'object',
    properties: {
      minVersion: { $ref: '#/definitions/version' },
      api: { type: 'integer', minimum: 1 },
    },
    additionalProperties: false,
  },
  dependencies: {
    type: 'object',
    propertyNames: { $ref: '#/definitions/pluginId' },
    additionalProperties: { type: 'string', minLength: 1, maxLength: 256 },
  },
} as const;
