import { PERMISSION_ALIASES } from '@verifywise/plugin-manifest';
import type { Permission } from '@verifywise/plugin-types';

/** One member of the plugin context: what it takes to call it, and how a refusal reaches the plugin. */
export interface MemberRule {
  /** Any one of these allows the call. Empty: free to every plugin (design decision 8). */
  readonly anyOf: readonly Permission[];
  /** `promise` members reject when refused; `value` members throw. */
  readonly returns: 'promise' | 'value';
}

const free = (returns: MemberRule['returns']): MemberRule => ({ anyOf: [], returns });
const needs = (returns: MemberRule['returns'], ...anyOf: Permission[]): MemberRule => ({ anyOf, returns });

/**
 * Every callable member of `PluginContext` and the permission it needs (§6). This one table drives the
 * guard, the documentation and the validator; a member that is not in it does not exist for a plugin.
 */
export const CONTEXT_MEMBERS = {
  'db.query': needs('promise', 'database:read', 'database:write'),
  'db.transaction': needs('promise', 'database:read', 'database:write'),

  'config.get': needs('value', 'config:read'),
  'config.getAll': needs('value', 'config:read'),
  'config.set': needs('promise', 'config:write'),

  'metadata.get': free('promise'),
  'metadata.set': free('promise'),
  'metadata.setMany': free('promise'),
  'metadata.delete': free('promise'),
  'metadata.getAll': free('promise'),
  'metadata.deleteAll': free('promise'),
  'metadata.findByKey': free('promise'),
  'metadata.findByKeyPrefix': free('promise'),
  'metadata.getAllByPlugin': free('promise'),
  'metadata.deleteByPlugin': free('promise'),

  'models.define': needs('value', 'models:define'),
  'models.get': needs('value', 'models:define'),
  'models.getCoreModel': needs('value', 'models:define'),
  'models.sync': needs('promise', 'models:define'),
  'models.dropAll': needs('promise', 'models:define'),
  'models.list': needs('value', 'models:define'),
  'models.has': needs('value', 'models:define'),
  'models.associate': needs('value', 'models:define'),

  'logger.debug': free('value'),
  'logger.info': free('value'),
  'logger.warn': free('value'),
  'logger.error': free('value'),

  emit: needs('promise', 'events:emit'),
  on: needs('value', 'events:listen'),
  off: needs('value', 'events:listen'),

  addFilter: needs('value', 'filters:add'),
  removeFilter: needs('value', 'filters:add'),
  applyFilters: needs('promise', 'filters:add'),

  getPlugin: free('value'),
  isPluginEnabled: free('value'),
} as const satisfies Record<string, MemberRule>;

export type ContextMember = keyof typeof CONTEXT_MEMBERS;

/**
 * The permissions a manifest's strings grant, the names older plugins use included. Unknown strings are kept in
 * the manifest and grant nothing.
 */
export const grantedPermissions = (declared: readonly string[]): ReadonlySet<string> =>
  new Set(
    declared.map((permission) =>
      Object.hasOwn(PERMISSION_ALIASES, permission)
        ? (PERMISSION_ALIASES[permission] ?? permission)
        : permission,
    ),
  );

/** `enforce` refuses what the manifest does not declare; `warn` logs and counts it and lets it pass (design decision 8). */
export type PermissionMode = 'enforce' | 'warn';
