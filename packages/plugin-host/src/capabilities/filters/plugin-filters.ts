import { handlerInvalid } from '../../foundation/errors/index.js';
import type { CapabilityOwner } from '../../foundation/owner.js';
import { Registrations } from '../../foundation/registrations.js';
import type { AnyFilterHandler } from './filter-chains.js';
import type { FilterPipeline } from './filter-pipeline.js';

/** Where a filter runs that does not say: plugins' `filterHandlers()` do not. */
export const DEFAULT_PRIORITY = 10;

/** `context.addFilter`, `context.removeFilter` and `context.applyFilters` of one plugin instance. */
export class PluginFilters {
  readonly #owner: CapabilityOwner;
  readonly #pipeline: FilterPipeline;
  readonly #registrations = new Registrations<AnyFilterHandler>();

  constructor(owner: CapabilityOwner, pipeline: FilterPipeline) {
    this.#owner = owner;
    this.#pipeline = pipeline;
  }

  /**
   * Filters until `removeFilter`, or until the scope it was called in ends. A handler added twice is called twice.
   * Lower priorities run first; default 10.
   *
   * @throws HANDLER_INVALID
   */
  addFilter(filter: string, handler: AnyFilterHandler, priority = DEFAULT_PRIORITY): void {
    assertFilter('addFilter', filter);
    assertHandler('addFilter', handler);
    if (typeof priority !== 'number' || Number.isNaN(priority)) {
      throw handlerInvalid({ member: 'addFilter', reason: 'the priority must be a number' });
    }
    const undo = this.#pipeline.add(this.#owner, filter, handler, priority);
    this.#registrations.add(this.#owner, filter, handler, undo);
  }

  /**
   * Ends what `addFilter` began with the same handler; of several, the latest. One that was never added is no error.
   *
   * @throws HANDLER_INVALID
   */
  removeFilter(filter: string, handler: AnyFilterHandler): void {
    assertFilter('removeFilter', filter);
    assertHandler('removeFilter', handler);
    this.#registrations.remove(filter, handler);
  }

  /**
   * Sends a value through this tenant's filters, this plugin's own included, and resolves with what comes out.
   *
   * @throws HANDLER_INVALID (rejects) for a name that is none; otherwise as {@link FilterPipeline.apply}
   */
  async applyFilters<T>(filter: string, data: T): Promise<T> {
    assertFilter('applyFilters', filter);
    return this.#pipeline.apply(this.#owner.key.tenant, filter, data);
  }
}

function assertFilter(member: string, filter: unknown): void {
  if (typeof filter === 'string' && filter !== '') return;
  throw handlerInvalid({ member, reason: 'the name of the filter must be a non-empty string' });
}

function assertHandler(member: string, handler: unknown): void {
  if (typeof handler === 'function') return;
  throw handlerInvalid({ member, reason: 'the handler must be a function' });
}
