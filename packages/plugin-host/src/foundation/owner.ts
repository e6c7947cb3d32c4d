import type { PluginContext } from '@verifywise/plugin-types';
import type { PluginKey } from './plugin-key.js';
import type { Scope } from './scope.js';

/** What a capability knows of the instance it serves. The lifecycle floor implements it. */
export interface CapabilityOwner {
  readonly key: PluginKey;
  /**
   * Where registrations made now belong: what `onLoad` registers lives until unload, what is registered
   * later lives until disable. Read it at the moment of registration; never keep it.
   */
  readonly scope: Scope;
  /** Whether the plugin is enabled. Handlers of an inactive owner are kept but not called. */
  readonly active: boolean;
  /** The instance's guarded context, passed on to callbacks. Read it at the moment of the call. */
  readonly context: PluginContext;
}
