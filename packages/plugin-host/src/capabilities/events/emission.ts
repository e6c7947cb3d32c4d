import { atDepth, currentSlot, enterFrame, type FrameSlot, frameIn } from '../../foundation/attribution.js';
import { type Budget, CallInFlight } from '../../foundation/budget.js';
import type { ContainedFaults } from '../../foundation/contained-faults.js';
import { eventRecursion, pluginTimeout } from '../../foundation/errors/index.js';
import { type PluginKey, samePlugin } from '../../foundation/plugin-key.js';
import { toPromise } from '../../foundation/thenable.js';
import type { DeliveredPayload } from './event-payload.js';
import type { Listener } from './listeners.js';

const DONE: Promise<void> = Promise.resolve();

/** What delivering needs of the dispatcher. */
export interface EmissionServices {
  readonly budget: Budget;
  readonly faults: ContainedFaults;
  /** How deep events and filters may call each other. */
  readonly depthLimit: number;
}

/** An event ready for delivery: stamped, copied and frozen. */
export interface PreparedEvent {
  readonly tenant: string;
  readonly event: string;
  readonly payload: DeliveredPayload;
}

/**
 * Starts every listener now: a plugin's several handlers take turns, plugins run side by side. Resolves when all
 * have settled or overrun; rejects, with nothing started, if events are nested too deep.
 */
export function deliver(
  listeners: readonly Listener[],
  prepared: PreparedEvent,
  services: EmissionServices,
): Promise<void> {
  const { event, payload } = prepared;
  const slot = currentSlot();
  const outer = frameIn(slot);
  const depth = outer === undefined ? 1 : outer.depth + 1;
  if (outer !== undefined && depth > services.depthLimit) {
    return Promise.reject(services.faults.refusal(outer, eventRecursion({ event, depth: outer.depth })));
  }
  // Most events are over when the loop is: nothing is kept of one before a handler makes it wait.
  let emission: Emission | undefined;
  for (const listener of listeners) {
    const { owner, handler } = listener;
    // Looked at each time: an earlier handler may have removed this one, or disabled its plugin.
    if (listener.removed || !owner.active) continue;
    enterFrame(slot, atDepth(listener.frame, depth));
    if (handler === undefined) {
      emission ??= new Emission(prepared, depth, listeners.length, services);
      emission.takeTurns(listener.turns);
      continue;
    }
    try {
      const result = handler(payload as never, owner.context);
      if (result === undefined) continue;
      const promise = toPromise(result);
      if (promise === undefined) continue;
      emission ??= new Emission(prepared, depth, listeners.length, services);
      emission.wait(promise, listener);
    } catch (error) {
      services.faults.report(listener.frame, error);
    }
  }
  enterFrame(slot, outer);
  return emission === undefined ? DONE : emission.allStarted();
}

// Neither class below has `#methods`: V8 marks each object that has any when it makes it, and these are made for
// every event.

/** An event some of whose handlers have not finished at once. In flight while it waits for any that `deliver` began. */
class Emission extends CallInFlight {
  readonly prepared: PreparedEvent;
  readonly depth: number;
  readonly services: EmissionServices;
  /** By place: the listener waited for there, until it is through. */
  readonly #waiting: (Listener | undefined)[];
  #places = 0;
  #waitingCount = 0;
  /** What stands between now and the end: handlers, turns, and until all are started that itself. */
  #open = 1;
  readonly #done: Promise<void>;
  #resolve: (() => void) | undefined;

  constructor(prepared: PreparedEvent, depth: number, listeners: number, services: EmissionServices) {
    super();
    this.prepared = prepared;
    this.depth = depth;
    this.services = services;
    this.#waiting = new Array<Listener | undefined>(listeners);
    this.#done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  wait(promise: Promise<unknown>, listener: Listener): void {
    const place = this.#places;
    // First of all, since it may throw: an object need not be a promise to look like one.
    promise.then(
      () => this.through(place),
      (error: unknown) => this.failed(place, error),
    );
    this.#waiting[place] = listener;
    this.#places++;
    this.#waitingCount++;
    this.#open++;
    if (!this.inFlight) this.services.budget.start(this);
  }

  takeTurns(turns: readonly Listener[]): void {
    this.#open++;
    new Turns(this, turns).goOn(0);
  }

  allStarted(): Promise<void> {
    this.close();
    return this.#done;
  }

  close(): void {
    this.#open--;
    if (this.#open === 0) this.#resolve?.();
  }

  override waitsFor(key: PluginKey): boolean {
    return this.#waiting.some((listener) => listener !== undefined && samePlugin(listener.frame.key, key));
  }

  override overrun(): void {
    for (const [place, listener] of this.#waiting.entries()) {
      if (listener === undefined) continue;
      this.#waiting[place] = undefined;
      reportOverrun(this.services, listener);
      this.close();
    }
  }

  private through(place: number): void {
    // Else it has overrun, and is reported.
    if (this.#waiting[place] === undefined) return;
    this.#waiting[place] = undefined;
    this.#waitingCount--;
    if (this.#waitingCount === 0) this.services.budget.end(this);
    this.services.budget.settle();
    this.close();
  }

  private failed(place: number, error: unknown): void {
    const listener = this.#waiting[place];
    if (listener !== undefined) this.services.faults.report(listener.frame, error);
    this.through(place);
  }
}

/** The handlers of one plugin, one after another, each with a budget of its own. In flight while it waits for one. */
class Turns extends CallInFlight {
  readonly #emission: Emission;
  readonly #listeners: readonly Listener[];
  #index = 0;
  #onEnd: () => void = () => {};
  #onError: (error: unknown) => void = () => {};

  constructor(emission: Emission, listeners: readonly Listener[]) {
    super();
    this.#emission = emission;
    this.#listeners = listeners;
    this.listen();
  }

  /** Leaves the slot it finds with a frame of its own. */
  goOn(from: number): void {
    const { services } = this.#emission;
    if (!this.run(from, currentSlot())) {
      services.budget.end(this);
      this.#emission.close();
    }
    services.budget.settle();
  }

  override waitsFor(key: PluginKey): boolean {
    const listener = this.#listeners[this.#index];
    return listener !== undefined && samePlugin(listener.frame.key, key);
  }

  override overrun(): void {
    const listener = this.#listeners[this.#index];
    if (listener !== undefined) reportOverrun(this.#emission.services, listener);
    // What the late one still does is not taken for the next one's end.
    this.listen();
    const slot = currentSlot();
    const outer = frameIn(slot);
    this.goOn(this.#index + 1);
    enterFrame(slot, outer);
  }

  private listen(): void {
    // Neither puts the frame back: when such a job is over, so is what its slot was good for.
    const onEnd = (): void => {
      if (onEnd === this.#onEnd) this.goOn(this.#index + 1);
    };
    this.#onEnd = onEnd;
    this.#onError = (error) => {
      if (onEnd === this.#onEnd) this.failed(error);
    };
  }

  /** Runs handlers up to and including the first that does not finish at once. Returns whether there is one. */
  private run(from: number, slot: FrameSlot): boolean {
    const { prepared, depth, services } = this.#emission;
    for (let i = from; i < this.#listeners.length; i++) {
      const listener = this.#listeners[i];
      if (listener?.handler === undefined || listener.removed || !listener.owner.active) continue;
      enterFrame(slot, atDepth(listener.frame, depth));
      try {
        const promise = toPromise(listener.handler(prepared.payload as never, listener.owner.context));
        if (promise === undefined) continue;
        promise.then(this.#onEnd, this.#onError);
        this.#index = i;
        services.budget.start(this);
        return true;
      } catch (error) {
        services.faults.report(listener.frame, error);
      }
    }
    return false;
  }

  private failed(error: unknown): void {
    const listener = this.#listeners[this.#index];
    if (listener !== undefined) this.#emission.services.faults.report(listener.frame, error);
    this.goOn(this.#index + 1);
  }
}

function reportOverrun({ budget, faults }: EmissionServices, { frame }: Listener): void {
  const { key, callback } = frame;
  faults.report(frame, pluginTimeout({ pluginId: key.pluginId, callback, ms: budget.ms }));
}
