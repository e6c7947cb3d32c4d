import { type Frame, runUnattributed } from './attribution.js';
import type { Faults } from './faults.js';

/** Files the faults of one kind of callback as contained ones. Nothing here throws. */
export class ContainedFaults {
  readonly #faults: Faults;
  /** Errors filed where they were thrown at a plugin. */
  readonly #refusals = new WeakSet<object>();

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  /** Files what came out of the callback of `frame`. A refusal it merely let pass is filed already. */
  report(frame: Frame, error: unknown): void {
    if (typeof error === 'object' && error !== null && this.#refusals.has(error)) return;
    this.#file(frame, error);
  }

  /** Files what the code of `frame` did wrong, and returns it to be thrown at that code. */
  refusal<E extends Error>(frame: Frame, error: E): E {
    this.#refusals.add(error);
    this.#file(frame, error);
    return error;
  }

  #file({ key, callback }: Frame, error: unknown): void {
    // Outside the frame: what the host does about a fault is not the plugin's doing.
    runUnattributed(() => this.#faults.report({ key, kind: 'contained', callback, error }));
  }
}
