export { CONFIG_KEY_PATTERN, PLUGIN_ID_PATTERN, VERSION_PATTERN } from './definitions.js';
export { MANIFEST_SCHEMA } from './manifest-schema.js';
export { REGISTRY_SCHEMA } from './registry-schema.js';
