import type { FilterName, FilterPayload, PluginFilterMap } from '../filters/filter-map.js';

/**
 * Gets the value and returns the one to go on with, itself or another. One that throws, takes too long or returns
 * `undefined` leaves the value as it was.
 */
// A method's parameters compare both ways, so that a handler may name the value by a type of its own.
export type FilterHandler<Filter extends FilterName = FilterName> = {
  handle(data: FilterPayload<Filter>): FilterPayload<Filter> | Promise<FilterPayload<Filter>>;
}['handle'];

/** `filterHandlers()`: handlers by filter name, all of priority 10. */
export type FilterHandlers = {
  [Filter in keyof PluginFilterMap | (string & {})]?: FilterHandler<Filter>;
};

/** Filters: changing a value on its way. All members need `filters:add` (§6). */
export interface PluginFilters {
  /** Adds a handler until the plugin is disabled. Priority: lower runs first, default 10. */
  addFilter<Filter extends FilterName>(
    filter: Filter,
    handler: FilterHandler<Filter>,
    priority?: number,
  ): void;
  /** Ends what `addFilter` began with the same handler. */
  removeFilter<Filter extends FilterName>(filter: Filter, handler: FilterHandler<Filter>): void;
  /** Sends a value through this tenant's handlers and resolves with what comes out. */
  applyFilters<Filter extends FilterName>(
    filter: Filter,
    data: FilterPayload<Filter>,
  ): Promise<FilterPayload<Filter>>;
}
