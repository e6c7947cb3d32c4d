import type { PluginContext } from './context/plugin-context.js';
import type { Signal } from './node-globals.js';

/** Where a run stands. */
export const RUN_STATUSES = /* @__PURE__ */ Object.freeze([
  'pending',
  'processing',
  'completed',
  'failed',
] as const);

export type RunStatus = (typeof RUN_STATUSES)[number];

/** What `run()` gets beside its input: the plugin's context, and the run it serves. */
export interface RunContext extends PluginContext {
  /** Stands for this run in the host, in logs and for workers outside; the same over its attempts. */
  readonly pluginRunId: string;
  /** Whose run it is. */
  readonly userId: number | string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Aborted when the run is cancelled, the plugin is disabled or the host stops. */
  readonly signal: Signal;
  /** Tells how far the run is, from 0 to 100. */
  progress(percent: number): Promise<void>;
}
