import type { CodeGuard } from './code-guard.js';
import { guardedFs, guardedFsPromises } from './guarded-fs.js';
import { guardedNetwork } from './guarded-network.js';
import type { TimerPromises } from './guarded-timer-promises.js';
import { TIMER_NAMES } from './guarded-timers.js';
import { overlay } from './overlay.js';

/** Given to every plugin as they are. */
const OPEN = new Set([
  ...[
    'assert',
    'assert/strict',
    'async_hooks',
    'buffer',
    'console',
    'constants',
    'crypto',
    'diagnostics_channel',
  ],
  ...[
    'events',
    'os',
    'path',
    'path/posix',
    'path/win32',
    'perf_hooks',
    'punycode',
    'querystring',
    'readline',
  ],
  ...[
    'readline/promises',
    'stream',
    'stream/consumers',
    'stream/promises',
    'stream/web',
    'string_decoder',
    'sys',
  ],
  ...['tty', 'url', 'util', 'util/types', 'zlib'],
]);

/** Need `http:outbound`, all of them. */
const NETWORK = new Set(['dgram', 'dns', 'dns/promises', 'http', 'http2', 'https', 'net', 'tls']);

/** What the guarded modules share with the instance's globals. */
export interface GuardedMembers {
  readonly process: object;
  readonly timerPromises: TimerPromises;
  readonly global: object;
}

/** Node's own modules as one plugin sees them (design decision 7). */
export class GuardedBuiltins {
  readonly #guard: CodeGuard;
  readonly #members: GuardedMembers;
  readonly #loaded = new Map<string, unknown>();

  constructor(guard: CodeGuard, members: GuardedMembers) {
    this.#guard = guard;
    this.#members = members;
  }

  /**
   * What `require(request)` gives for a module of Node's, with or without `node:`.
   *
   * @throws PERMISSION_DENIED for a network module without `http:outbound`
   * @throws MODULE_FORBIDDEN for what reaches outside the plugin host, and for what this list does not know
   */
  load(request: string): unknown {
    const id = request.replace(/^node:/, '');
    // Asked each time, so that each refusal is counted.
    if (NETWORK.has(id)) this.#guard.demand(`require('node:${id}')`, 'http:outbound');
    if (!this.#loaded.has(id)) this.#loaded.set(id, this.#create(id, request));
    return this.#loaded.get(id);
  }

  #create(id: string, request: string): unknown {
    if (OPEN.has(id)) return process.getBuiltinModule(id);
    if (NETWORK.has(id)) return guardedNetwork(this.#guard, process.getBuiltinModule(id) as object);
    switch (id) {
      case 'fs':
        return guardedFs(this.#guard, () => this.load('fs/promises'));
      case 'fs/promises':
        return guardedFsPromises(this.#guard);
      case 'process':
        return this.#members.process;
      case 'timers':
        return this.#timers();
      case 'timers/promises':
        return this.#members.timerPromises;
      default:
        throw this.#guard.forbidden(request);
    }
  }

  #timers(): object {
    return overlay(process.getBuiltinModule('timers'), (key) => {
      if (key === 'promises') return { value: this.#members.timerPromises };
      return TIMER_NAMES.includes(String(key))
        ? { value: Reflect.get(this.#members.global, key) }
        : undefined;
    });
  }
}
