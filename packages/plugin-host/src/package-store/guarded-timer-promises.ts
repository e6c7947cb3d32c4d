import * as timers from 'node:timers/promises';
import type { CodeGuard } from './code-guard.js';

interface WaitOptions {
  readonly signal?: AbortSignal;
  readonly ref?: boolean;
}

/** `node:timers/promises`, as far as plugins have it: the whole of it. */
export interface TimerPromises {
  setTimeout(delay?: number, value?: unknown, options?: WaitOptions): Promise<unknown>;
  setImmediate(value?: unknown, options?: WaitOptions): Promise<unknown>;
  setInterval(delay?: number, value?: unknown, options?: WaitOptions): AsyncGenerator<unknown>;
  readonly scheduler: {
    wait(delay: number, options?: WaitOptions): Promise<unknown>;
    yield(): Promise<unknown>;
  };
}

/**
 * `node:timers/promises` as one plugin sees it. A wait that is pending when the plugin's scope is disposed never
 * settles: its timer is gone, and a rejection would be a fault of a plugin that did nothing wrong.
 */
export function guardedTimerPromises(guard: CodeGuard): TimerPromises {
  const wait = (delay?: number, value?: unknown, options: WaitOptions = {}): Promise<unknown> =>
    untilDisposed(guard, options, (own) => timers.setTimeout(delay, value, own));
  const soon = (value?: unknown, options: WaitOptions = {}): Promise<unknown> =>
    untilDisposed(guard, options, (own) => timers.setImmediate(value, own));
  return {
    setTimeout: wait,
    setImmediate: soon,
    async *setInterval(delay, value, options) {
      while (true) yield await wait(delay, value, options);
    },
    scheduler: { wait: (delay, options) => wait(delay, undefined, options), yield: () => soon() },
  };
}

function untilDisposed(
  guard: CodeGuard,
  options: WaitOptions,
  start: (options: WaitOptions) => Promise<unknown>,
): Promise<unknown> {
  const end = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, end.signal]) : end.signal;
  return new Promise((resolve, reject) => {
    let disposed = false;
    const release = guard.own(() => {
      disposed = true;
      end.abort();
    });
    start({ ...options, signal })
      .then(resolve, (error: unknown) => {
        if (!disposed) reject(error);
      })
      .finally(() => void release());
  });
}
