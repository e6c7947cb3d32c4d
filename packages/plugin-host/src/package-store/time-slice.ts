import { setImmediate } from 'node:timers/promises';

/** How long work may hold the event loop before it lets others run, in ms. */
const SLICE_MS = 8;

/**
 * Cuts long synchronous work into slices, so that requests are answered in between:
 * `if (slice.spent) await slice.pause()`. Asking is cheap, pausing is rare.
 */
export class TimeSlice {
  #began = performance.now();

  /** Whether the work has held the event loop for 8 ms. */
  get spent(): boolean {
    return performance.now() - this.#began >= SLICE_MS;
  }

  /** Lets pending input, timers and callbacks run, then begins the next slice. */
  async pause(): Promise<void> {
    await setImmediate();
    this.#began = performance.now();
  }
}
