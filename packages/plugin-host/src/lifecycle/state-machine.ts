import { transitionInvalid } from '../foundation/errors/index.js';

/** §2.2's seven states, and the two a plugin is in when something is wrong with it. */
export const PLUGIN_STATES = [
  'registered',
  'installed',
  'loaded',
  'enabled',
  'disabled',
  'unloaded',
  'uninstalled',
  'error',
  'quarantined',
] as const;
export type PluginState = (typeof PLUGIN_STATES)[number];

export type PluginAction = 'install' | 'load' | 'enable' | 'disable' | 'unload' | 'uninstall' | 'fail';

/**
 * Every change of state there is. What is not here does not happen.
 *
 * `error` can be loaded or enabled again, which is how an administrator retries, and uninstalled.
 */
export const TRANSITIONS: Readonly<
  Record<PluginState, Readonly<Partial<Record<PluginAction, PluginState>>>>
> = {
  registered: { install: 'installed' },
  installed: { load: 'loaded', uninstall: 'uninstalled', fail: 'error' },
  loaded: { enable: 'enabled', unload: 'unloaded', fail: 'error' },
  enabled: { disable: 'disabled', fail: 'error' },
  disabled: { enable: 'enabled', unload: 'unloaded', fail: 'error' },
  unloaded: { load: 'loaded', uninstall: 'uninstalled', fail: 'error' },
  uninstalled: { install: 'installed' },
  error: {
    load: 'loaded',
    enable: 'enabled',
    disable: 'disabled',
    unload: 'unloaded',
    uninstall: 'uninstalled',
    fail: 'error',
  },
  quarantined: { disable: 'disabled', unload: 'unloaded', uninstall: 'uninstalled' },
};

export const canTransition = (state: PluginState, action: PluginAction): boolean =>
  TRANSITIONS[state][action] !== undefined;

/** @throws TRANSITION_INVALID */
export function nextState(pluginId: string, state: PluginState, action: PluginAction): PluginState {
  const next = TRANSITIONS[state][action];
  if (!next) throw transitionInvalid({ pluginId, state, action });
  return next;
}
