import { AsyncLocalStorage } from 'node:async_hooks';
import type { PluginKey } from './plugin-key.js';

/** Which plugin callback the current code runs in. Lives as long as anything that callback started. */
export interface Frame {
  readonly key: PluginKey;
  /** What the host called, in the words an admin reads: `onEnable`, `event risk:created`, `GET /activity`. */
  readonly callback: string;
  /** How many events deep this call is nested; bounds recursion. */
  readonly depth: number;
}

const storage = new AsyncLocalStorage<Frame>();

/** Runs `fn` so that any fault it, or anything it starts, throws can be traced to `frame`. */
export const runAttributed = <R>(frame: Frame, fn: () => R): R => storage.run(frame, fn);

/** Runs host code called from a plugin outside the plugin's frame. */
export const runUnattributed = <R>(fn: () => R): R => storage.exit(fn);

export const currentFrame = (): Frame | undefined => storage.getStore();
