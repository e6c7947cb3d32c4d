import { describe, expect, it } from 'vitest';
import {
  canTransition,
  nextState,
  PLUGIN_STATES,
  type PluginAction,
  type PluginState,
  TRANSITIONS,
} from './state-machine.js';

// A record, so that a new action does not compile before it is listed here.
const EVERY_ACTION: Readonly<Record<PluginAction, true>> = {
  install: true,
  load: true,
  enable: true,
  disable: true,
  unload: true,
  uninstall: true,
  fail: true,
};
const ACTIONS = Object.keys(EVERY_ACTION) as PluginAction[];

const pairs = PLUGIN_STATES.flatMap((state) => ACTIONS.map((action) => [state, action] as const));

/** §2.2 and the two states of our own, written out once more, as state → action → state. */
const EXPECTED: readonly string[] = [
  'registered install installed',
  'installed load loaded',
  'installed uninstall uninstalled',
  'installed fail error',
  'loaded enable enabled',
  'loaded unload unloaded',
  'loaded fail error',
  'enabled disable disabled',
  'enabled fail error',
  'disabled enable enabled',
  'disabled unload unloaded',
  'disabled fail error',
  'unloaded load loaded',
  'unloaded uninstall uninstalled',
  'unloaded fail error',
  'uninstalled install installed',
  'error load loaded',
  'error enable enabled',
  'error disable disabled',
  'error unload unloaded',
  'error uninstall uninstalled',
  'error fail error',
  'quarantined disable disabled',
  'quarantined unload unloaded',
  'quarantined uninstall uninstalled',
];

describe('the states of a plugin', () => {
  it.each(pairs)('%s, asked to %s, follows the table or refuses', (state, action) => {
    const row = EXPECTED.find((line) => line.startsWith(`${state} ${action} `));
    expect(canTransition(state, action)).toBe(row !== undefined);
    if (row) {
      expect(nextState('mine', state, action)).toBe(row.split(' ').at(-1));
    } else {
      expect(() => nextState('mine', state, action)).toThrow(
        expect.objectContaining({
          code: 'TRANSITION_INVALID',
          status: 409,
          details: { pluginId: 'mine', state, action },
        }),
      );
    }
  });

  it('lead nowhere but to states there are', () => {
    for (const next of Object.values(TRANSITIONS).flatMap((row) => Object.values(row))) {
      expect(PLUGIN_STATES).toContain(next);
    }
  });

  it.each<[string, PluginState, readonly PluginAction[], PluginState]>([
    ['Registered ──► Installed', 'registered', ['install'], 'installed'],
    ['Installed ──► Loaded', 'installed', ['load'], 'loaded'],
    ['Loaded ──► Enabled', 'loaded', ['enable'], 'enabled'],
    ['Enabled ──► Disabled', 'enabled', ['disable'], 'disabled'],
    ['Loaded ──► Unloaded', 'loaded', ['unload'], 'unloaded'],
    ['Installed ──► Uninstalled', 'installed', ['uninstall'], 'uninstalled'],
    // Disabled plugins stay loaded (decision 39), so what holds their code is taken down on the way.
    ['Disabled ──► Uninstalled', 'disabled', ['unload', 'uninstall'], 'uninstalled'],
    ['Disabled ──► Installed', 'disabled', ['unload', 'uninstall', 'install'], 'installed'],
  ])('allow what the diagram of §2.2 draws: %s', (_, from, actions, to) => {
    expect(actions.reduce((state, action) => nextState('mine', state, action), from)).toBe(to);
  });

  it('let an administrator out of an error by retrying or by uninstalling', () => {
    expect(nextState('mine', 'error', 'enable')).toBe('enabled');
    expect(nextState('mine', 'error', 'uninstall')).toBe('uninstalled');
  });

  it('never lead from quarantine straight back into service', () => {
    expect(() => nextState('mine', 'quarantined', 'enable')).toThrow();
    expect(() => nextState('mine', 'quarantined', 'load')).toThrow();
  });
});
