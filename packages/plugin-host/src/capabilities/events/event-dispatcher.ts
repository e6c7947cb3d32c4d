import { currentFrame } from '../../foundation/attribution.js';
import { BudgetTimer } from '../../foundation/budget.js';
import { ContainedFaults } from '../../foundation/contained-faults.js';
import type { Faults } from '../../foundation/faults.js';
import type { Limits } from '../../foundation/limits.js';
import type { CapabilityOwner } from '../../foundation/owner.js';
import type { PluginKey } from '../../foundation/plugin-key.js';
import { deliver, type EmissionServices, type PreparedEvent } from './emission.js';
import { toDeliveredPayload } from './event-payload.js';
import { type AnyEventHandler, type Listener, Listeners } from './listeners.js';

const NOBODY_LISTENS: Promise<void> = Promise.resolve();

/** The user of an event nobody in particular caused (§17.1). */
const SYSTEM = Object.freeze({ userId: 0 });

export interface EventDispatcherOptions {
  readonly faults: Faults;
  readonly limits: Pick<Limits, 'eventHandlerMs' | 'eventDepth'>;
  /** The host's timer for all budgets. Default: one of its own. */
  readonly budgets?: BudgetTimer;
  /** What stamps events, in ms since 1970. Default `Date.now`. */
  readonly clock?: () => number;
}

/**
 * Brings events to the handlers of one tenant's enabled plugins (§17, design decision 21).
 *
 * - The payload is copied and frozen once, and shared by all handlers.
 * - All handlers are begun before `emit` returns, except that the handlers of one plugin take turns in the order
 *   they were added, so none of them has to reckon with another of its own plugin running half way through.
 * - A handler that throws, rejects or overruns its budget is filed as a contained fault of its plugin. No other
 *   handler notices, and the emitter does not either.
 * - What is added while an event is under way does not get it; what is removed before its turn is not called.
 */
export class EventDispatcher {
  readonly #listeners = new Listeners();
  readonly #clock: () => number;
  readonly #services: EmissionServices;

  constructor({ faults, limits, budgets = new BudgetTimer(), clock = Date.now }: EventDispatcherOptions) {
    this.#clock = clock;
    this.#services = {
      budget: budgets.budget(limits.eventHandlerMs),
      faults: new ContainedFaults(faults),
      depthLimit: limits.eventDepth,
    };
  }

  /**
   * Adds a handler; added twice, it is called twice. Returns the function that takes it off again. While its owner
   * is not active it stays and is not called.
   */
  subscribe(owner: CapabilityOwner, event: string, handler: AnyEventHandler): () => void {
    return this.#listeners.add(owner, event, handler);
  }

  /** Whether an event would reach anyone now. */
  listens(tenant: string, event: string): boolean {
    return this.#listeners.find(tenant, event)?.some(isActive) === true;
  }

  /**
   * Resolves when every handler has settled or spent its budget; at once if nobody listens.
   *
   * @throws PAYLOAD_INVALID (rejects) for what JSON cannot hold; EVENT_RECURSION (rejects) if handlers and events
   * have called each other more than `limits.eventDepth` deep, which is also filed as a fault of the emitting plugin.
   */
  emit(tenant: string, event: string, payload: object): Promise<void> {
    const listeners = this.#listeners.find(tenant, event);
    // Neither copied nor checked: an event nobody listens to costs two look-ups.
    if (listeners === undefined || !listeners.some(isActive)) return NOBODY_LISTENS;
    try {
      return deliver(listeners, this.prepare(tenant, event, payload), this.#services);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Stamps, copies and freezes an event now, to be dispatched now or later: `timestamp` and `triggeredBy` are of
   * this moment.
   *
   * @throws PAYLOAD_INVALID
   */
  prepare(tenant: string, event: string, payload: object): PreparedEvent {
    const triggeredBy = event.startsWith('plugin:') ? undefined : (currentFrame()?.triggeredBy ?? SYSTEM);
    const timestamp = this.#clock();
    return { tenant, event, payload: toDeliveredPayload(payload, { event, tenant, timestamp, triggeredBy }) };
  }

  /** Delivers a prepared event to whoever listens by now; as {@link emit}. */
  dispatch(prepared: PreparedEvent): Promise<void> {
    const listeners = this.#listeners.find(prepared.tenant, prepared.event);
    return listeners === undefined ? NOBODY_LISTENS : deliver(listeners, prepared, this.#services);
  }

  /**
   * Resolves when none of this plugin's handlers is running. One that overran is given up and not waited for.
   * Make the owner inactive first, and bound the wait: a handler that waits for its own end never gets there.
   */
  drained(key: PluginKey): Promise<void> {
    return this.#services.budget.drained(key);
  }
}

const isActive = ({ owner }: Listener): boolean => owner.active;
