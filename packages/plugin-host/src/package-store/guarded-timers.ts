import { promisify } from 'node:util';
import type { CodeGuard } from './code-guard.js';
import type { TimerPromises } from './guarded-timer-promises.js';

type Callback = (this: unknown, ...args: unknown[]) => unknown;

/** Ends the ownership of a timer. Kept on the timer: a map of all timers would cost more than the timers. */
const RELEASE = Symbol('release');

/** A `Timeout` or an `Immediate`; one that a plugin owns has the symbol. */
type Timer = object & { [RELEASE]?: () => unknown };

/** Node's functions, looked up at the moment of the call, so that a test's fake clock serves plugins too. */
const STARTS: Readonly<Record<string, (run: Callback, args: unknown[]) => Timer>> = {
  setTimeout: (run, [delay, ...rest]) => setTimeout(run, delay as number, ...rest),
  setInterval: (run, [delay, ...rest]) => setInterval(run, delay as number, ...rest),
  setImmediate: (run, args) => setImmediate(run, ...args),
};

const STOPS: Readonly<Record<string, (timer: unknown) => void>> = {
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
  clearInterval: (timer) => clearInterval(timer as NodeJS.Timeout),
  clearImmediate: (timer) => clearImmediate(timer as NodeJS.Immediate),
};

export const TIMER_NAMES = [...Object.keys(STARTS), ...Object.keys(STOPS), 'queueMicrotask'];

/**
 * One of the {@link TIMER_NAMES} as one plugin sees it. What it starts is on the plugin's scope and is cleared when
 * that is disposed; callbacks run in the plugin's frame. It returns Node's own objects.
 *
 * A timer ended by its own `close()` or by its number is cleared at once, but counts as owned until disposal.
 */
export function guardedTimer(guard: CodeGuard, name: string, promises: () => TimerPromises): unknown {
  const start = STARTS[name];
  if (start) {
    const timer = owned(guard, name, start);
    // What util.promisify gives. An interval has no such form.
    if (name !== 'setTimeout' && name !== 'setImmediate') return timer;
    const promised = (...args: unknown[]): unknown => Reflect.apply(promises()[name], undefined, args);
    return Object.assign(timer, { [promisify.custom]: promised });
  }
  const stop = STOPS[name];
  if (stop) {
    return (timer: Timer | undefined) => {
      timer?.[RELEASE]?.();
      stop(timer);
    };
  }
  return (callback: Callback) => queueMicrotask(contained(guard, name, callback));
}

/** Leaves what is no function to Node, whose error says so best. */
export const contained = (guard: CodeGuard, name: string, callback: Callback): Callback =>
  typeof callback === 'function' ? guard.contain(name, callback) : callback;

function owned(guard: CodeGuard, name: string, start: (run: Callback, args: unknown[]) => Timer) {
  const stop = STOPS[name.replace('set', 'clear')] ?? (() => {});
  return (callback: Callback, ...args: unknown[]): Timer => {
    const { scope } = guard.owner;
    const run = contained(guard, name, callback);
    if (typeof run !== 'function') return start(run, args);
    let stopped = false;
    const timer = start(function (this: unknown, ...params: unknown[]) {
      // `refresh()` revives a timer that has already left the scope.
      if (scope.disposed) return stop(timer);
      if (name !== 'setInterval') {
        stopped = true;
        void release();
      }
      Reflect.apply(run, this, params);
    }, args);
    const release = scope.add(() => {
      if (!stopped) stop(timer);
    });
    timer[RELEASE] = release;
    return timer;
  };
}
