import type { StampedPayload } from './payload.js';

/** Lifecycle events come from the system and name no user. */
export interface LifecycleEventPayload extends StampedPayload {
  /** The plugin it happened to, which need not be the one that listens. */
  pluginId: string;
  [extra: string]: unknown;
}

/** Plugin lifecycle events (§17.3). */
export interface LifecycleEvents {
  'plugin:loaded': LifecycleEventPayload;
  'plugin:unloaded': LifecycleEventPayload;
  'plugin:enabled': LifecycleEventPayload;
  'plugin:disabled': LifecycleEventPayload;
}
