import { AsyncLocalStorage, executionAsyncResource } from 'node:async_hooks';
import type { TriggeredBy } from '@verifywise/plugin-types';
import type { PluginKey } from './plugin-key.js';

/** Which plugin callback the current code runs in. Lives as long as anything that callback started. */
export interface Frame {
  readonly key: PluginKey;
  /** What the host called, in the words an admin reads: `onEnable`, `event risk:created`, `GET /activity`. */
  readonly callback: string;
  /** How many events and filters deep this call is nested; bounds recursion. */
  readonly depth: number;
  /** The signed-in user the call serves. Events emitted from here name them, unless the emitter does (§17.1). */
  readonly triggeredBy?: TriggeredBy;
}

const storage = new AsyncLocalStorage<Frame | undefined>();

/** Runs `fn` so that any fault it, or anything it starts, throws can be traced to `frame`. */
export const runAttributed = <R>(frame: Frame, fn: () => R): R => storage.run(frame, fn);

/** Runs host code called from a plugin outside the plugin's frame. */
// Not `exit`: up to Node 22 it switches the storage off and on again, and with it every promise hook of the process.
export const runUnattributed = <R>(fn: () => R): R => storage.run(undefined, fn);

export const currentFrame = (): Frame | undefined => storage.getStore();

/**
 * Where the code running now keeps its frame. Good until the current synchronous code returns to the event
 * loop; never keep it across an `await`.
 *
 * For calling many callbacks in a row: `enterFrame` before each, `enterFrame(slot, outer)` after the last.
 * `storage.run` would read, write and restore per call, which costs more than a small handler does.
 */
export type FrameSlot = object;

type Resource = Record<symbol, Frame | undefined>;

/**
 * Under which symbol async resources carry our frames. Up to Node 22 the storage keeps its value there, and writing it
 * costs a property where `enterWith` costs a call. The symbol is not documented, so it is used only if it is seen to
 * work both ways. From Node 24 on there is none, and `enterWith` it is.
 */
const resourceKey = findResourceKey();

function findResourceKey(): symbol | undefined {
  const key: unknown = Reflect.get(storage, 'kResourceStore');
  if (typeof key !== 'symbol') return undefined;
  const probe: Frame = { key: { tenant: '', pluginId: '' }, callback: 'probe', depth: 0 };
  storage.enterWith(probe);
  const resource = executionAsyncResource() as Resource;
  const reads = resource[key] === probe;
  resource[key] = undefined;
  const writes = storage.getStore() === undefined;
  // While it is on, every promise of the process costs more. Not before there is a plugin.
  storage.disable();
  return reads && writes ? key : undefined;
}

let switchedOn = false;

export function currentSlot(): FrameSlot {
  if (!switchedOn) {
    switchedOn = true;
    storage.enterWith(storage.getStore());
  }
  return executionAsyncResource();
}

export const frameIn = (slot: FrameSlot): Frame | undefined =>
  resourceKey === undefined ? storage.getStore() : (slot as Resource)[resourceKey];

/** What runs from here on, and whatever it starts, belongs to `frame`, until the next call with this slot. */
export const enterFrame = (slot: FrameSlot, frame: Frame | undefined): void => {
  if (resourceKey === undefined) storage.enterWith(frame);
  else (slot as Resource)[resourceKey] = frame;
};

/** The frame of a callback for a call nested this deep; `frame` itself is that of the outermost call, depth 1. */
export const atDepth = (frame: Frame, depth: number): Frame => (depth === 1 ? frame : { ...frame, depth });
