import type { Permission } from '@verifywise/plugin-types';
import type { PluginKey } from './plugin-key.js';

/**
 * How a fault reached the host.
 *
 * - `contained`: caught at a callback boundary (event, filter, route, …). Counted and stored; never disables.
 * - `hook`: a lifecycle hook failed. Disables (design decision 9).
 * - `uncaught`: escaped every boundary (timer, emitter, unawaited promise). Disables for that tenant.
 */
export type FaultKind = 'contained' | 'hook' | 'uncaught';

export interface Fault {
  readonly key: PluginKey;
  readonly kind: FaultKind;
  /** What the host called, as in {@link Frame.callback}. */
  readonly callback: string;
  readonly error: unknown;
}

export interface Denial {
  readonly key: PluginKey;
  /** The member of the context that was refused, e.g. `config.set`. */
  readonly member: string;
  /** Any one of these would have allowed the call. */
  readonly required: readonly Permission[];
}

/** The port through which faults and denials leave the lower floors. Neither method throws. */
export interface Faults {
  report(fault: Fault): void;
  denied(denial: Denial): void;
}
