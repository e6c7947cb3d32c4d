import { EventEmitter } from 'node:events';
import type { CodeGuard } from './code-guard.js';
import { contained } from './guarded-timers.js';
import { overlay, type Replacement } from './overlay.js';

/** What is harmless to read or call. */
const OPEN: ReadonlySet<PropertyKey> = new Set<PropertyKey>([
  ...[
    'arch',
    'argv',
    'argv0',
    'availableMemory',
    'config',
    'constrainedMemory',
    'constructor',
    'cpuUsage',
    'cwd',
  ],
  ...[
    'emitWarning',
    'execArgv',
    'execPath',
    'exitCode',
    'features',
    'getegid',
    'geteuid',
    'getgid',
    'getgroups',
  ],
  ...[
    'getuid',
    'hrtime',
    'memoryUsage',
    'noDeprecation',
    'pid',
    'platform',
    'ppid',
    'release',
    'resourceUsage',
  ],
  ...['stderr', 'stdout', 'throwDeprecation', 'title', 'traceDeprecation', 'uptime', 'version', 'versions'],
  ...['hasOwnProperty', 'isPrototypeOf', 'propertyIsEnumerable', 'toLocaleString', 'toString', 'valueOf'],
  Symbol.toStringTag,
]);

/** What changes or ends the process, for everyone in it. */
const REFUSED: ReadonlySet<PropertyKey> = new Set<PropertyKey>([
  ...[
    '_kill',
    '_linkedBinding',
    'abort',
    'binding',
    'chdir',
    'dlopen',
    'execve',
    'exit',
    'initgroups',
    'kill',
  ],
  ...[
    'loadEnvFile',
    'openStdin',
    'reallyExit',
    'setSourceMapsEnabled',
    'setUncaughtExceptionCaptureCallback',
  ],
  ...['setegid', 'seteuid', 'setgid', 'setgroups', 'setuid', 'umask'],
]);

const LISTENING: ReadonlySet<PropertyKey> = new Set<PropertyKey>([
  ...[
    'addListener',
    'emit',
    'eventNames',
    'getMaxListeners',
    'listenerCount',
    'listeners',
    'off',
    'on',
    'once',
  ],
  ...['prependListener', 'prependOnceListener', 'rawListeners', 'removeAllListeners', 'removeListener'],
  'setMaxListeners',
]);

/** The host's own credentials. A plugin that needs such a thing asks for it in its configuration. */
const HIDDEN_ENV = /^(PLUGIN_SECRETS_KEY.*|DATABASE_URL|REDIS_URL|PGPASSWORD|PGPASSFILE)$/i;

/**
 * `process` as one plugin sees it.
 *
 * - Reading and measuring works; what would change or end the process throws `MODULE_FORBIDDEN`; the rest of it is
 *   `undefined`. Writes stay on this object.
 * - `env` is the plugin's own copy, taken at first use, without the host's credentials.
 * - Listeners are the plugin's own, removed with its scope; see {@link ProcessEvents}.
 */
export function guardedProcess(guard: CodeGuard, builtin: (id: string) => unknown): object {
  let events: ProcessEvents | undefined;
  const replace = (key: PropertyKey): Replacement | undefined => {
    if (OPEN.has(key)) return undefined;
    if (LISTENING.has(key)) {
      events ??= new ProcessEvents(guard);
      const method: unknown = Reflect.get(events, key);
      return { value: typeof method === 'function' ? method.bind(events) : undefined };
    }
    if (REFUSED.has(key) && Reflect.has(process, key)) {
      return {
        value: () => {
          throw guard.forbidden(`process.${String(key)}`);
        },
      };
    }
    switch (key) {
      case 'env':
        return { value: visibleEnv() };
      case 'nextTick':
        return {
          value: (callback: (...args: unknown[]) => unknown, ...args: unknown[]) =>
            process.nextTick(contained(guard, 'process.nextTick', callback), ...args),
        };
      case 'getBuiltinModule':
        return { value: (id: string) => builtin(id) };
      default:
        return { value: undefined };
    }
  };
  return overlay(process, replace);
}

const visibleEnv = (): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !HIDDEN_ENV.test(name)));

type Listener = (...args: unknown[]) => void;

/**
 * What a plugin listens to on `process`. One listener on the real process per event, for as long as the plugin has
 * any, at most until its scope is disposed; what its listeners throw is the plugin's fault.
 *
 * Listeners for `uncaughtException`, `unhandledRejection`, signals and messages are kept but never called: their
 * presence on the real process would change what happens to everybody else.
 */
class ProcessEvents extends EventEmitter {
  readonly #guard: CodeGuard;
  readonly #connected = new Map<string | symbol, () => void>();
  readonly #owned = new Set<{
    readonly event: string | symbol;
    readonly listener: Listener;
    release: () => unknown;
  }>();

  constructor(guard: CodeGuard) {
    super();
    this.#guard = guard;
  }

  override on(event: string | symbol, listener: Listener): this {
    super.on(event, listener);
    return this.#own(event, listener);
  }

  override addListener(event: string | symbol, listener: Listener): this {
    return this.on(event, listener);
  }

  override prependListener(event: string | symbol, listener: Listener): this {
    super.prependListener(event, listener);
    return this.#own(event, listener);
  }

  override removeListener(event: string | symbol, listener: Listener): this {
    super.removeListener(event, listener);
    return this.#disconnectUnused();
  }

  override off(event: string | symbol, listener: Listener): this {
    return this.removeListener(event, listener);
  }

  override removeAllListeners(event?: string | symbol): this {
    if (event === undefined) super.removeAllListeners();
    else super.removeAllListeners(event);
    return this.#disconnectUnused();
  }

  /** Each listener ends with the scope it was added in; the process is let go of with the last. */
  #own(event: string | symbol, listener: Listener): this {
    const release = this.#guard.own(() => {
      this.removeListener(event, listener);
    });
    // On a disposed scope it has been removed again already.
    if (!this.rawListeners(event).includes(listener)) return this;
    this.#owned.add({ event, listener, release });
    if (!changesProcess(event)) this.#connect(event);
    return this;
  }

  #connect(event: string | symbol): void {
    if (this.#connected.has(event)) return;
    const forward = this.#guard.contain(`process event ${String(event)}`, (...args: unknown[]) =>
      this.emit(event, ...args),
    );
    process.on(event, forward);
    this.#connected.set(event, () => {
      process.off(event, forward);
      this.#connected.delete(event);
    });
  }

  #disconnectUnused(): this {
    for (const owned of this.#owned) {
      if (this.rawListeners(owned.event).includes(owned.listener)) continue;
      this.#owned.delete(owned);
      owned.release();
    }
    for (const [event, release] of this.#connected) if (this.listenerCount(event) === 0) release();
    return this;
  }
}

const changesProcess = (event: string | symbol): boolean =>
  typeof event === 'string' &&
  /^(uncaughtException|unhandledRejection|message|disconnect|SIG[A-Z0-9]+)$/.test(event);
