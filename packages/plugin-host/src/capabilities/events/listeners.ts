import type { PluginContext } from '@verifywise/plugin-types';
import type { Frame } from '../../foundation/attribution.js';
import type { CapabilityOwner } from '../../foundation/owner.js';

/** What is called for an event. `never`: a handler may name its payload by any type. */
export type AnyEventHandler = (payload: never, context: PluginContext) => unknown;

/** One handler of an event, or all those of one plugin if it has several. */
export class Listener {
  readonly owner: CapabilityOwner;
  /** The frame of a call from outside any other. */
  readonly frame: Frame;
  /** Absent on a plugin's several handlers. */
  readonly handler: AnyEventHandler | undefined;
  /** A plugin's several handlers, in the order they were added; they take turns. Else empty. */
  readonly turns: readonly Listener[];
  /** Set when the handler is taken off, so that an event already under way passes it by. */
  removed = false;

  constructor(owner: CapabilityOwner, event: string, of: AnyEventHandler | readonly Listener[]) {
    this.owner = owner;
    this.frame = { key: owner.key, callback: `event ${event}`, depth: 1 };
    this.handler = typeof of === 'function' ? of : undefined;
    this.turns = typeof of === 'function' ? [] : of;
  }
}

type List = readonly Listener[];

/**
 * Who listens to what. Finding the listeners of an event takes the same time however many tenants there are. Lists
 * are replaced, never changed: an event under way goes on with the list it began with.
 */
export class Listeners {
  // By event, then by tenant: there are few events and many tenants, so what most look-ups meet stays in the
  // processor's cache.
  readonly #events = new Map<string, Map<string, List>>();

  find(tenant: string, event: string): List | undefined {
    return this.#events.get(event)?.get(tenant);
  }

  /** Returns the function that takes the handler off again; calling that twice is harmless. */
  add(owner: CapabilityOwner, event: string, handler: AnyEventHandler): () => void {
    const listener = new Listener(owner, event, handler);
    const { tenant } = owner.key;
    const tenants = this.#events.get(event) ?? new Map<string, List>();
    this.#events.set(event, tenants);
    tenants.set(tenant, withListener(tenants.get(tenant) ?? [], listener, event));
    return () => this.#remove(listener, event);
  }

  #remove(listener: Listener, event: string): void {
    if (listener.removed) return;
    listener.removed = true;
    const { tenant } = listener.owner.key;
    const tenants = this.#events.get(event);
    const rest = withoutListener(tenants?.get(tenant) ?? [], listener, event);
    if (rest.length > 0) tenants?.set(tenant, rest);
    else tenants?.delete(tenant);
    if (tenants?.size === 0) this.#events.delete(event);
  }
}

function withListener(list: List, added: Listener, event: string): List {
  const { owner } = added;
  if (!list.some((each) => each.owner === owner)) return [...list, added];
  return list.map((each) =>
    each.owner === owner ? new Listener(owner, event, [...membersOf(each), added]) : each,
  );
}

function withoutListener(list: List, removed: Listener, event: string): List {
  const { owner } = removed;
  return list.flatMap((each) => {
    if (each.owner !== owner) return each;
    const rest = membersOf(each).filter((member) => member !== removed);
    return rest.length > 1 ? new Listener(owner, event, rest) : rest;
  });
}

const membersOf = (listener: Listener): List =>
  listener.handler === undefined ? listener.turns : [listener];
