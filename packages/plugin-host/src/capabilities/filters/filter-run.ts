import { atDepth, currentSlot, enterFrame, type FrameSlot, frameIn } from '../../foundation/attribution.js';
import { type Budget, CallInFlight } from '../../foundation/budget.js';
import type { ContainedFaults } from '../../foundation/contained-faults.js';
import { filterResultMissing, pluginTimeout } from '../../foundation/errors/index.js';
import { type PluginKey, samePlugin } from '../../foundation/plugin-key.js';
import { toPromise } from '../../foundation/thenable.js';
import type { FilterEntry } from './filter-chains.js';
import { plainCopy } from './plain-copy.js';

/** What a run needs of its pipeline. */
export interface FilterServices {
  readonly budget: Budget;
  readonly faults: ContainedFaults;
}

// No `#methods`: V8 marks each object that has any when it makes it, and these are made for every value.

/** One value on its way through a chain of filters. In flight while it waits for one of them. */
export class FilterRun extends CallInFlight {
  readonly #chain: readonly FilterEntry[];
  readonly #depth: number;
  readonly #services: FilterServices;
  #value: unknown;
  #index = 0;
  #onResult: ((result: unknown) => void) | undefined;
  #onError: ((error: unknown) => void) | undefined;
  #resolve: ((value: unknown) => void) | undefined;

  constructor(chain: readonly FilterEntry[], value: unknown, depth: number, services: FilterServices) {
    super();
    this.#chain = chain;
    this.#value = value;
    this.#depth = depth;
    this.#services = services;
  }

  /** Resolves with what comes out at the end. */
  start(): Promise<unknown> {
    const slot = currentSlot();
    const outer = frameIn(slot);
    const waiting = this.run(0, slot);
    enterFrame(slot, outer);
    if (!waiting) return Promise.resolve(this.#value);
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  override waitsFor(key: PluginKey): boolean {
    const entry = this.#chain[this.#index];
    return entry !== undefined && samePlugin(entry.frame.key, key);
  }

  override overrun(): void {
    const entry = this.#chain[this.#index];
    if (entry === undefined) return;
    const { key, callback } = entry.frame;
    const { budget, faults } = this.#services;
    faults.report(entry.frame, pluginTimeout({ pluginId: key.pluginId, callback, ms: budget.ms }));
    // What the late one still returns is not taken for the next one's result.
    this.listen();
    // It may still be at work on the value it was given; the others go on with a copy it cannot reach.
    this.#value = plainCopy(this.#value);
    const slot = currentSlot();
    const outer = frameIn(slot);
    this.goOn();
    enterFrame(slot, outer);
  }

  /** Runs the filters from `from` on. Returns whether one of them is now waited for. */
  private run(from: number, slot: FrameSlot): boolean {
    for (let i = from; i < this.#chain.length; i++) {
      const entry = this.#chain[i];
      // Both are looked at each time: an earlier filter may have removed this one, or disabled its plugin.
      if (entry === undefined || entry.removed || !entry.owner.active) continue;
      enterFrame(slot, atDepth(entry.frame, this.#depth));
      try {
        const result = entry.handler(this.#value as never, entry.owner.context);
        const promise = toPromise(result);
        if (promise === undefined) {
          this.take(entry, result);
          continue;
        }
        if (this.#onResult === undefined) this.listen();
        promise.then(this.#onResult, this.#onError);
        this.#index = i;
        this.#services.budget.start(this);
        return true;
      } catch (error) {
        this.#services.faults.report(entry.frame, error);
      }
    }
    return false;
  }

  private listen(): void {
    // Neither puts the frame back: when such a job is over, so is what its slot was good for.
    const onResult = (result: unknown): void => {
      if (onResult === this.#onResult) this.through(result);
    };
    this.#onResult = onResult;
    this.#onError = (error) => {
      if (onResult === this.#onResult) this.failed(error);
    };
  }

  private through(result: unknown): void {
    const entry = this.#chain[this.#index];
    if (entry !== undefined) this.take(entry, result);
    this.goOn();
  }

  private failed(error: unknown): void {
    const entry = this.#chain[this.#index];
    if (entry !== undefined) this.#services.faults.report(entry.frame, error);
    this.goOn();
  }

  private take(entry: FilterEntry, result: unknown): void {
    if (result !== undefined) this.#value = result;
    else {
      const { pluginId } = entry.frame.key;
      this.#services.faults.report(entry.frame, filterResultMissing({ pluginId, filter: entry.filter }));
    }
  }

  /** Leaves the slot it finds with a frame of a filter. */
  private goOn(): void {
    const { budget } = this.#services;
    if (!this.run(this.#index + 1, currentSlot())) {
      budget.end(this);
      this.#resolve?.(this.#value);
    }
    budget.settle();
  }
}
