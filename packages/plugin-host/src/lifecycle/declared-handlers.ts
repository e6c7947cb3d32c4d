import type { Plugin, PluginContext } from '@verifywise/plugin-types';
import { runAttributed } from '../foundation/attribution.js';
import { hasCode, hookFailed } from '../foundation/errors/index.js';
import type { Faults } from '../foundation/faults.js';
import type { CapabilityOwner } from '../foundation/owner.js';
import { reasonOf, toCause } from './hook.js';

/** Lower runs first; the declared ones stand in the middle (design/3). */
const DECLARED_PRIORITY = 10;

/**
 * Registers what `eventHandlers()` and `filterHandlers()` declare, through the context, so that the permissions
 * they need are asked for as if the plugin had called `on` and `addFilter` itself (design decision 39). What is
 * refused is reported, and the plugin runs on without it (§6.1).
 *
 * @throws HOOK_FAILED where one of the two throws
 */
export function registerDeclaredHandlers(plugin: Plugin, owner: CapabilityOwner, faults: Faults): void {
  const { key, context } = owner;
  const declare = (
    name: 'eventHandlers' | 'filterHandlers',
    register: (name: string, handler: unknown) => void,
  ) => {
    const read = (): object => plugin[name]?.() ?? {};
    try {
      for (const [subject, handler] of Object.entries(
        runAttributed({ key, callback: name, depth: 0 }, read),
      )) {
        register(subject, handler);
      }
    } catch (thrown) {
      const error = toCause(thrown);
      if (!hasCode(error, 'PERMISSION_DENIED')) {
        throw hookFailed({ pluginId: key.pluginId, hook: name, reason: reasonOf(error) }, { cause: error });
      }
      faults.report({ key, kind: 'contained', callback: name, error });
    }
  };
  declare('eventHandlers', (event, handler) =>
    context.on(event, handler as Parameters<PluginContext['on']>[1]),
  );
  declare('filterHandlers', (filter, handler) =>
    context.addFilter(filter, handler as Parameters<PluginContext['addFilter']>[1], DECLARED_PRIORITY),
  );
}
