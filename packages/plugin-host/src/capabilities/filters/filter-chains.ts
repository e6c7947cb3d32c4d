import type { PluginContext } from '@verifywise/plugin-types';
import type { Frame } from '../../foundation/attribution.js';
import type { CapabilityOwner } from '../../foundation/owner.js';

/** What is called for a filter. `never`: a handler may name its value by any type. */
export type AnyFilterHandler = (data: never, context: PluginContext) => unknown;

export interface FilterEntry {
  readonly owner: CapabilityOwner;
  readonly filter: string;
  readonly handler: AnyFilterHandler;
  readonly priority: number;
  /** The frame of a call from outside any other. */
  readonly frame: Frame;
  /** Set when the handler is taken off, so that a value already on its way passes it by. */
  removed: boolean;
}

/** The filters of each tenant, in the order they run: lower priority first, then as they were added. */
export class FilterChains {
  // By filter, then by tenant, as listeners are. The chains are replaced, never changed: a value on its way goes on
  // with the chain it began with.
  readonly #filters = new Map<string, Map<string, readonly FilterEntry[]>>();

  find(tenant: string, filter: string): readonly FilterEntry[] | undefined {
    return this.#filters.get(filter)?.get(tenant);
  }

  /** Returns the function that takes the handler off again; calling that twice is harmless. */
  add(owner: CapabilityOwner, filter: string, handler: AnyFilterHandler, priority: number): () => void {
    const { tenant } = owner.key;
    const frame: Frame = { key: owner.key, callback: `filter ${filter}`, depth: 1 };
    const entry: FilterEntry = { owner, filter, handler, priority, frame, removed: false };
    const tenants = this.#filters.get(filter) ?? new Map<string, readonly FilterEntry[]>();
    this.#filters.set(filter, tenants);
    const chain = tenants.get(tenant) ?? [];
    const after = chain.findIndex((each) => each.priority > priority);
    const at = after === -1 ? chain.length : after;
    tenants.set(tenant, [...chain.slice(0, at), entry, ...chain.slice(at)]);
    return () => this.#remove(entry);
  }

  #remove(entry: FilterEntry): void {
    if (entry.removed) return;
    entry.removed = true;
    const { filter, owner } = entry;
    const { tenant } = owner.key;
    const tenants = this.#filters.get(filter);
    const rest = tenants?.get(tenant)?.filter((each) => each !== entry) ?? [];
    if (rest.length > 0) tenants?.set(tenant, rest);
    else tenants?.delete(tenant);
    if (tenants?.size === 0) this.#filters.delete(filter);
  }
}
