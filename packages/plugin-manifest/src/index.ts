export {
  type ConfigIssue,
  type ConfigResult,
  type ConfigValidator,
  createConfigValidator,
} from './config-validator.js';
export type { ManifestIssue } from './issue.js';
export { MAX_MANIFEST_BYTES, type ManifestValidation, parseManifest, validateManifest } from './manifest.js';
export { isManifestError, isRegistryError, ManifestError, RegistryError } from './manifest-error.js';
export {
  isNamingError,
  isPluginId,
  NamingError,
  pluginTableName,
  pluginTablePrefix,
  RESERVED_PLUGIN_IDS,
  zipName,
} from './naming.js';
export { PERMISSION_ALIASES } from './permission-aliases.js';
export {
  type Comparator,
  isRange,
  parseRange,
  RANGE_OPERATORS,
  type RangeOperator,
  satisfies,
  type VersionRange,
} from './ranges.js';
export { MAX_REGISTRY_BYTES, type ParsedRegistry, parseRegistry, type SkippedEntry } from './registry.js';
export {
  compareVersions,
  isCompatible,
  isVersion,
  isVersionError,
  parseVersion,
  type Version,
  VersionError,
} from './versions.js';
