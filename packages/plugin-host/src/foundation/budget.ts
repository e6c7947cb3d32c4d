import { AsyncResource } from 'node:async_hooks';
import type { PluginKey } from './plugin-key.js';

/** A call into one plugin, or the same call into several, that has not come back. */
export abstract class CallInFlight {
  // These four are the budget's own.
  previous: CallInFlight | undefined = undefined;
  next: CallInFlight | undefined = undefined;
  inFlight = false;
  dueTick = 0;

  /** Whether the call waits for this plugin. */
  abstract waitsFor(key: PluginKey): boolean;

  /** The time is up. The call has left its budget already; what comes of it later concerns nobody. */
  abstract overrun(): void;
}

interface Drain {
  readonly key: PluginKey;
  readonly resolve: () => void;
}

/**
 * How long calls of one kind may take, and which are running. Calls are kept in the order they began, which is
 * the order they fall due in, so starting, ending and looking for overdue calls each cost a few nanoseconds.
 */
export class Budget {
  readonly ms: number;
  readonly #timer: BudgetTimer;
  #oldest: CallInFlight | undefined;
  #newest: CallInFlight | undefined;
  #drains: readonly Drain[] = [];

  /** Made by {@link BudgetTimer.budget}. */
  constructor(timer: BudgetTimer, ms: number) {
    this.#timer = timer;
    this.ms = ms;
  }

  get idle(): boolean {
    return this.#oldest === undefined;
  }

  /** Whether calls fall due at all. */
  get limited(): boolean {
    return this.ms > 0 && this.ms !== Number.POSITIVE_INFINITY;
  }

  /** Begins a call's time, or begins it anew: a call may wait for one plugin after another. */
  start(call: CallInFlight): void {
    call.dueTick = this.#timer.dueTick(this);
    if (call === this.#newest) return;
    if (call.inFlight) this.#unlink(call);
    call.inFlight = true;
    call.previous = this.#newest;
    if (this.#newest === undefined) this.#oldest = call;
    else this.#newest.next = call;
    this.#newest = call;
  }

  /** Call {@link settle} once what follows on it has begun. */
  end(call: CallInFlight): void {
    if (!call.inFlight) return;
    call.inFlight = false;
    this.#unlink(call);
  }

  /** To be called whenever a call has ended or has stopped waiting for a plugin. */
  settle(): void {
    if (this.#drains.length === 0) return;
    const over = this.#drains.filter(({ key }) => !this.#waitsFor(key));
    if (over.length === 0) return;
    this.#drains = this.#drains.filter((drain) => !over.includes(drain));
    for (const { resolve } of over) resolve();
  }

  /**
   * Resolves when no call waits for this plugin. A call that overran is given up and not waited for. It is for the
   * caller to keep new calls from starting, and to bound the wait.
   */
  drained(key: PluginKey): Promise<void> {
    if (!this.#waitsFor(key)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drains = [...this.#drains, { key, resolve }];
    });
  }

  /** Ends the calls that have fallen due by this tick, telling each. */
  expire(tick: number): void {
    if (!this.limited) return;
    while (this.#oldest !== undefined && this.#oldest.dueTick <= tick) {
      const call = this.#oldest;
      this.end(call);
      call.overrun();
      this.settle();
    }
  }

  #unlink(call: CallInFlight): void {
    const { previous, next } = call;
    if (previous === undefined) this.#oldest = next;
    else previous.next = next;
    if (next === undefined) this.#newest = previous;
    else next.previous = previous;
    call.previous = undefined;
    call.next = undefined;
  }

  #waitsFor(key: PluginKey): boolean {
    for (let call = this.#oldest; call !== undefined; call = call.next) {
      if (call.waitsFor(key)) return true;
    }
    return false;
  }
}

const FINEST_MS = 5;
const COARSEST_MS = 250;
const TICKS_PER_BUDGET = 16;

/**
 * One coarse timer for all budgets: an interval that exists only while something is in flight and never keeps the
 * process alive. It ticks 16 times within the shortest budget, but every 5 ms at most and every 250 ms at least,
 * and never calls time early; a call may so get up to two ticks more than its budget.
 *
 * It counts ticks instead of reading a clock. While some plugin blocks the event loop no tick passes, and the
 * handlers that could not run are not blamed for it.
 */
export class BudgetTimer {
  readonly #budgets: Budget[] = [];
  // Made here and now: an interval belongs to the context it is created in, and would keep alive whatever an
  // unlucky first caller has stored there, for as long as the host is busy.
  readonly #home = new AsyncResource('plugin-host.BudgetTimer');
  #interval: NodeJS.Timeout | undefined;
  #tickMs = COARSEST_MS;
  #tick = 0;
  #closed = false;

  /** A budget of `ms` per call. 0 or `Infinity`: calls are tracked but never fall due. */
  budget(ms: number): Budget {
    const budget = new Budget(this, ms);
    this.#budgets.push(budget);
    return budget;
  }

  /** Whether there is an interval now. */
  get running(): boolean {
    return this.#interval !== undefined;
  }

  /** Stops the timer for good: what is in flight is tracked still, but no longer falls due. */
  close(): void {
    this.#closed = true;
    this.#stop();
  }

  /** When a call of `budget` that starts now falls due. Sees to it that the timer runs. */
  dueTick(budget: Budget): number {
    if (!budget.limited) return 0;
    if (this.#interval === undefined) this.#start();
    // One more: the running tick has begun already.
    return this.#tick + Math.ceil(budget.ms / this.#tickMs) + 1;
  }

  #start(): void {
    if (this.#closed) return;
    const shortest = Math.min(...this.#budgets.filter(({ limited }) => limited).map(({ ms }) => ms));
    this.#tickMs = Math.ceil(Math.min(Math.max(shortest / TICKS_PER_BUDGET, FINEST_MS), COARSEST_MS));
    this.#interval = this.#home.runInAsyncScope(() =>
      setInterval(() => this.#onTick(), this.#tickMs).unref(),
    );
  }

  #onTick(): void {
    this.#tick++;
    for (const budget of this.#budgets) budget.expire(this.#tick);
    if (this.#budgets.every(({ idle, limited }) => idle || !limited)) this.#stop();
  }

  #stop(): void {
    clearInterval(this.#interval);
    this.#interval = undefined;
  }
}
