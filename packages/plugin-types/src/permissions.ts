/**
 * Every permission a manifest may ask for (§6). What a plugin does without the permission it needs rejects or
 * throws with `PermissionDeniedError`; the plugin itself stays enabled.
 */
export const PERMISSIONS = /* @__PURE__ */ Object.freeze([
  /** `context.db` and models: reading. */
  'database:read',
  /** `context.db` and models: writing and changing the plugin's own tables. */
  'database:write',
  /** `context.emit()`. */
  'events:emit',
  /** `context.on()` and `eventHandlers()`. */
  'events:listen',
  /** `context.addFilter()`, `context.applyFilters()` and `filterHandlers()`. */
  'filters:add',
  /** `context.config.get()` and `getAll()`. */
  'config:read',
  /** `context.config.set()`. */
  'config:write',
  /** `context.http.fetch()`, the global `fetch`, and the network modules of Node. */
  'http:outbound',
  /** `context.files.read()` and `list()`, and reading through `node:fs`. */
  'filesystem:read',
  /** `context.files.write()` and `remove()`, and writing through `node:fs`. */
  'filesystem:write',
  /** `context.models`. */
  'models:define',
  /** `context.middleware`. */
  'middleware:inject',
] as const);

/** One of the twelve permissions of §6. */
export type Permission = (typeof PERMISSIONS)[number];
