import type { Permission } from '@verifywise/plugin-types';
import { currentFrame, type Frame, runAttributed, runUnattributed } from '../foundation/attribution.js';
import { type HostError, moduleForbidden, permissionDenied } from '../foundation/errors/index.js';
import type { Faults } from '../foundation/faults.js';
import type { PermissionMode } from '../foundation/permissions.js';
import { type PluginKey, samePlugin } from '../foundation/plugin-key.js';
import { uncaughtFault } from '../foundation/process-faults.js';
import type { Dispose, Scope } from '../foundation/scope.js';

/** Whose code it is that runs. */
export interface CodeOwner {
  readonly key: PluginKey;
  /** What the manifest grants, aliases resolved. */
  readonly permissions: ReadonlySet<string>;
  /** Where timers, sockets and watchers acquired now belong. Read at the moment of acquisition. */
  readonly scope: Scope;
  /** What the plugin's global `fetch` does once `http:outbound` allows it. Default: Node's. */
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * What the guarded modules and globals of one instance know of it: whether a call is allowed, who owns what it
 * acquires, and who answers for what its callbacks throw.
 */
export class CodeGuard {
  readonly owner: CodeOwner;
  readonly #faults: Faults;
  readonly #mode: PermissionMode;

  constructor(owner: CodeOwner, faults: Faults, mode: PermissionMode) {
    this.owner = owner;
    this.#faults = faults;
    this.#mode = mode;
  }

  allows(permission: Permission): boolean {
    return this.owner.permissions.has(permission);
  }

  /**
   * @param member as the author wrote it: `fetch`, `fs.readFile`, `require('node:net')`
   * @throws PERMISSION_DENIED
   */
  demand(member: string, permission: Permission): void {
    if (this.allows(permission)) return;
    const { key } = this.owner;
    this.#faults.denied({ key, member, required: [permission] });
    if (this.#mode === 'warn') return;
    throw permissionDenied({ pluginId: key.pluginId, member, required: [permission] });
  }

  /** The error for what no permission allows. */
  forbidden(request: string): HostError {
    return moduleForbidden({ pluginId: this.owner.key.pluginId, request });
  }

  /** Puts something on the scope of this moment. As {@link Scope.add}. */
  own(dispose: Dispose): () => void | Promise<void> {
    return this.owner.scope.add(dispose);
  }

  /**
   * Wraps a callback that Node calls: it runs in the plugin's frame, and what it throws is reported, not thrown on.
   * A frame of this plugin that is current now is kept, so the fault names the hook or handler it began in.
   */
  contain<This, Args extends unknown[]>(
    callback: string,
    fn: (this: This, ...args: Args) => unknown,
  ): (this: This, ...args: Args) => void {
    const { key } = this.owner;
    const outer = currentFrame();
    const frame: Frame =
      outer && samePlugin(outer.key, key) ? outer : { key, callback, depth: outer?.depth ?? 0 };
    const faults = this.#faults;
    return function contained(this: This, ...args: Args): void {
      runAttributed(frame, () => {
        try {
          Reflect.apply(fn, this, args);
        } catch (error) {
          runUnattributed(() => faults.report(uncaughtFault(frame, error)));
        }
      });
    };
  }
}
