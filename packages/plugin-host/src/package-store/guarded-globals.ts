import { isBuiltin } from 'node:module';
import type { CodeGuard } from './code-guard.js';
import { GuardedBuiltins } from './guarded-builtins.js';
import { opening } from './guarded-network.js';
import { guardedProcess } from './guarded-process.js';
import { guardedTimerPromises, type TimerPromises } from './guarded-timer-promises.js';
import { guardedTimer, TIMER_NAMES } from './guarded-timers.js';
import { overlay, type Replacement } from './overlay.js';

const CLIENTS = ['WebSocket', 'EventSource'];

/** The globals that plugin code finds replaced. Every other it shares with the host. */
export const GUARDED_NAMES: ReadonlySet<string> = new Set([
  ...['globalThis', 'global', 'process', 'fetch'],
  ...CLIENTS,
  ...TIMER_NAMES,
]);

/**
 * The globals and built-in modules of one instance, each made when it is first used.
 *
 * A guard, not a sandbox (§3.1): plugins are trusted, and this keeps them to what their manifest says and to what
 * can be undone. `eval`, `Function('return this')()`, `this` in sloppy functions and the prototypes of the
 * language's own objects lead past it. What a plugin writes to `globalThis` is found there again, by that plugin
 * alone, but not by its bare name.
 */
export class GuardedGlobals {
  readonly #guard: CodeGuard;
  #global: object | undefined;
  #process: object | undefined;
  #builtins: GuardedBuiltins | undefined;
  #timerPromises: TimerPromises | undefined;

  constructor(guard: CodeGuard) {
    this.#guard = guard;
  }

  /** What the plugin sees as `globalThis`. */
  get global(): object {
    this.#global ??= overlay(globalThis, (key) => this.#replace(key));
    return this.#global;
  }

  get process(): object {
    this.#process ??= guardedProcess(this.#guard, (id) => this.#builtinOrNothing(id));
    return this.#process;
  }

  get builtins(): GuardedBuiltins {
    this.#builtins ??= new GuardedBuiltins(this.#guard, this);
    return this.#builtins;
  }

  get timerPromises(): TimerPromises {
    this.#timerPromises ??= guardedTimerPromises(this.#guard);
    return this.#timerPromises;
  }

  /** One of the {@link GUARDED_NAMES}; `undefined` where this Node has no such global. */
  value(name: string): unknown {
    return name === 'globalThis' ? this.global : Reflect.get(this.global, name);
  }

  #replace(key: PropertyKey): Replacement | undefined {
    if (typeof key !== 'string' || !GUARDED_NAMES.has(key)) return undefined;
    if (key === 'globalThis' || key === 'global') return { value: this.global };
    if (key === 'process') return { value: this.process };
    if (key === 'fetch') return { value: this.#fetch() };
    if (TIMER_NAMES.includes(key)) return { value: guardedTimer(this.#guard, key, () => this.timerPromises) };
    const client: unknown = Reflect.get(globalThis, key);
    return typeof client === 'function' ? { value: this.#client(key, client) } : undefined;
  }

  #fetch(): typeof globalThis.fetch {
    const guard = this.#guard;
    // Async, so that a refusal rejects.
    return async (...args) => {
      guard.demand('fetch', 'http:outbound');
      return await (guard.owner.fetch ?? globalThis.fetch)(...args);
    };
  }

  /** A class that connects when it is constructed. */
  #client(name: string, client: object): object {
    const guard = this.#guard;
    return new Proxy(opening(guard, client), {
      construct(target, args: unknown[], newTarget) {
        guard.demand(name, 'http:outbound');
        return Reflect.construct(target as new () => object, args, newTarget);
      },
    });
  }

  /** `process.getBuiltinModule`: what is no module of Node's is `undefined`, not an error. */
  #builtinOrNothing(id: string): unknown {
    return isBuiltin(id) ? this.builtins.load(id) : undefined;
  }
}
