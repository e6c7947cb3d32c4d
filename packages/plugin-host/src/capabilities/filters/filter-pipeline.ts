import { currentSlot, frameIn } from '../../foundation/attribution.js';
import { BudgetTimer } from '../../foundation/budget.js';
import { ContainedFaults } from '../../foundation/contained-faults.js';
import { filterRecursion } from '../../foundation/errors/index.js';
import type { Faults } from '../../foundation/faults.js';
import type { Limits } from '../../foundation/limits.js';
import type { CapabilityOwner } from '../../foundation/owner.js';
import type { PluginKey } from '../../foundation/plugin-key.js';
import { type AnyFilterHandler, FilterChains } from './filter-chains.js';
import { FilterRun, type FilterServices } from './filter-run.js';

export interface FilterPipelineOptions {
  readonly faults: Faults;
  readonly limits: Pick<Limits, 'filterMs' | 'eventDepth'>;
  /** The host's timer for all budgets. Default: one of its own. */
  readonly budgets?: BudgetTimer;
}

/**
 * Sends values through the filters of one tenant's enabled plugins, lower priority first, then in the order they
 * were added.
 *
 * A filter that throws, rejects, overruns its budget or returns `undefined` is filed as a contained fault of its
 * plugin, and the next one gets the value this one was given (design decision 10).
 *
 * The value itself is handed on, not a copy: copying it for each filter would cost more than the filters do. So what
 * a filter changed in place before it threw stays changed. Filters should return a changed copy; an application
 * that must be sure passes a frozen value, on which changing in place throws. A filter that overran is another
 * matter: the others go on with a copy, so what it changes later reaches nobody.
 */
export class FilterPipeline {
  readonly #chains = new FilterChains();
  readonly #depthLimit: number;
  readonly #services: FilterServices;

  constructor({ faults, limits, budgets = new BudgetTimer() }: FilterPipelineOptions) {
    this.#depthLimit = limits.eventDepth;
    this.#services = { budget: budgets.budget(limits.filterMs), faults: new ContainedFaults(faults) };
  }

  /**
   * Adds a handler; added twice, it is called twice. Returns the function that takes it off again. While its owner
   * is not active it stays and is not called.
   */
  add(owner: CapabilityOwner, filter: string, handler: AnyFilterHandler, priority: number): () => void {
    return this.#chains.add(owner, filter, handler, priority);
  }

  /**
   * Resolves with what comes out; with `value` itself if there is no filter. Never rejects because of a filter.
   *
   * @throws FILTER_RECURSION (rejects) if filters and events have called each other more than `limits.eventDepth`
   * deep, which is also filed as a fault of the plugin that applied it.
   */
  apply<T>(tenant: string, filter: string, value: T): Promise<T> {
    const chain = this.#chains.find(tenant, filter);
    if (chain === undefined) return Promise.resolve(value);
    const outer = frameIn(currentSlot());
    const depth = (outer?.depth ?? 0) + 1;
    if (outer !== undefined && depth > this.#depthLimit) {
      const error = filterRecursion({ filter, depth: outer.depth });
      return Promise.reject(this.#services.faults.refusal(outer, error));
    }
    return new FilterRun(chain, value, depth, this.#services).start() as Promise<T>;
  }

  /**
   * Resolves when none of this plugin's filters is running. One that overran is given up and not waited for. Make
   * the owner inactive first, and bound the wait.
   */
  drained(key: PluginKey): Promise<void> {
    return this.#services.budget.drained(key);
  }
}
