import type {
  InstallInfo,
  Plugin,
  PluginContext,
  PluginManifest,
  UninstallOptions,
} from '@verifywise/plugin-types';
import type { PluginRoutes } from '../capabilities/routes/plugin-routes.js';
import { hasCode, hookFailed, isHostError } from '../foundation/errors/index.js';
import type { Faults } from '../foundation/faults.js';
import type { CapabilityOwner } from '../foundation/owner.js';
import type { PluginKey } from '../foundation/plugin-key.js';
import { Scope } from '../foundation/scope.js';
import { type Hook, reasonOf, runHook } from './hook.js';
import { canTransition, nextState, type PluginAction, type PluginState } from './state-machine.js';

/** What an instance is made of once its code has been loaded. */
export interface InstanceParts {
  readonly plugin: Plugin;
  readonly context: PluginContext;
  /** Puts `eventHandlers()` and `filterHandlers()` on the instance's current scope. */
  registerHandlers(): void;
  /** Builds the router from `routes()`. */
  buildRoutes(): PluginRoutes | undefined;
  /** Resolves when no event handler of this instance is running. */
  drained(): Promise<void>;
  /** Ends the context for good and lets go of code and secrets. */
  close(): void;
}

/** One plugin live for one tenant in this process. */
export class PluginInstance implements CapabilityOwner {
  readonly key: PluginKey;
  readonly sha256: string;
  readonly manifest: PluginManifest;
  /** Set while `onInstall` runs. */
  install: InstallInfo | undefined;
  /** Set while `onUninstall` runs. */
  options: UninstallOptions | undefined;

  readonly #limits: { readonly hookMs: number; readonly drainMs: number };
  readonly #faults: Faults;
  readonly #loadScope = new Scope();
  #enableScope: Scope | undefined;
  #parts: InstanceParts | undefined;
  #routes: PluginRoutes | undefined;
  #state: PluginState;
  #loaded = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: {
    key: PluginKey;
    sha256: string;
    manifest: PluginManifest;
    state: PluginState;
    limits: { readonly hookMs: number; readonly drainMs: number };
    faults: Faults;
  }) {
    this.key = options.key;
    this.sha256 = options.sha256;
    this.manifest = options.manifest;
    this.#state = options.state;
    this.#limits = options.limits;
    this.#faults = options.faults;
  }

  get state(): PluginState {
    return this.#state;
  }

  get active(): boolean {
    return this.#state === 'enabled';
  }

  /** Whether it was enabled and has not been disabled since; also of one that has failed meanwhile. */
  get started(): boolean {
    return this.#enableScope !== undefined;
  }

  /** Whether it was loaded and has not been unloaded since. */
  get loaded(): boolean {
    return this.#loaded;
  }

  get failed(): boolean {
    return this.#failure !== undefined;
  }

  get scope(): Scope {
    return this.#enableScope ?? this.#loadScope;
  }

  get context(): PluginContext {
    return this.parts.context;
  }

  get plugin(): Plugin {
    return this.parts.plugin;
  }

  get routes(): PluginRoutes | undefined {
    return this.active ? this.#routes : undefined;
  }

  get parts(): InstanceParts {
    if (!this.#parts) throw new Error(`instance of ${this.key.pluginId} used before it was assembled`);
    return this.#parts;
  }

  /** Context and instance need each other; the factory joins them here, once. */
  assemble(parts: InstanceParts): void {
    this.#parts = parts;
  }

  async runInstallHook(info: InstallInfo): Promise<void> {
    this.install = info;
    try {
      await this.#hook('onInstall');
    } finally {
      this.install = undefined;
    }
  }

  async runUninstallHook(options: UninstallOptions): Promise<void> {
    this.options = options;
    try {
      await this.#hook('onUninstall');
    } finally {
      this.options = undefined;
    }
  }

  async load(): Promise<void> {
    const next = this.#next('load');
    await this.#hookUnlessDenied('onLoad');
    this.refuseFailed('onLoad');
    this.#state = next;
    this.#loaded = true;
  }

  /** Handlers are registered first and called only once `onEnable` has succeeded. */
  async enable(): Promise<void> {
    const next = this.#next('enable');
    this.#enableScope = new Scope();
    try {
      this.parts.registerHandlers();
      await this.#hookUnlessDenied('onEnable');
      this.#routes = this.parts.buildRoutes();
      this.refuseFailed('onEnable');
    } catch (error) {
      await this.#disposeEnableScope();
      throw error;
    }
    this.#state = next;
  }

  /** Stops new calls, waits for those in flight, then runs `onDisable` and disposes what was acquired since enabling. */
  async disable(): Promise<void> {
    const next = this.#next('disable');
    this.#state = next;
    await this.#drain();
    try {
      await this.#hookUnlessDenied('onDisable');
    } finally {
      await this.#disposeEnableScope();
    }
  }

  /** Disabling for a shutdown: `onDisable` is not called, since nobody deactivated the plugin (§5.1). */
  async stop(): Promise<void> {
    if (!this.started) return;
    this.#state = this.#next('disable');
    await this.#drain();
    await this.#disposeEnableScope();
  }

  async unload(): Promise<void> {
    const next = this.#next('unload');
    try {
      await this.#hookUnlessDenied('onUnload');
    } finally {
      this.#state = next;
      this.#loaded = false;
      await this.#dispose(this.#loadScope);
    }
  }

  /** Out of service this instant: nothing of the plugin is called any more. Clearing up is `disable`'s. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    if (canTransition(this.#state, 'fail')) this.#state = this.#next('fail');
  }

  /**
   * An error that escaped while the hook ran has failed the instance: it must not come up after all.
   *
   * @throws HOOK_FAILED
   */
  refuseFailed(hook: Hook): void {
    if (!this.#failure) return;
    const reason = `an error escaped it: ${reasonOf(this.#failure.error)}`;
    throw hookFailed({ pluginId: this.key.pluginId, hook, reason });
  }

  /** Lets go of everything. The context refuses from now on. */
  async close(): Promise<void> {
    await this.#disposeEnableScope();
    await this.#dispose(this.#loadScope);
    this.#parts?.close();
  }

  #next(action: PluginAction): PluginState {
    return nextState(this.key.pluginId, this.#state, action);
  }

  #hook(hook: Hook): Promise<void> {
    return runHook(this.plugin, hook, { key: this.key, context: this.context, ms: this.#limits.hookMs });
  }

  /** A refused permission never takes a plugin down (§6.1): it is recorded, and the plugin runs on. */
  async #hookUnlessDenied(hook: Hook): Promise<void> {
    try {
      await this.#hook(hook);
    } catch (error) {
      if (!isHostError(error) || !hasCode(error.cause, 'PERMISSION_DENIED')) throw error;
      this.#faults.report({ key: this.key, kind: 'contained', callback: hook, error: error.cause });
    }
  }

  async #drain(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      Promise.all([this.parts.drained(), this.#routes?.drained()]),
      new Promise<void>((resolve) => {
        timer = setTimeout(resolve, this.#limits.drainMs);
      }),
    ]);
    clearTimeout(timer);
  }

  async #disposeEnableScope(): Promise<void> {
    this.#routes = undefined;
    const scope = this.#enableScope;
    this.#enableScope = undefined;
    if (scope) await this.#dispose(scope);
  }

  async #dispose(scope: Scope): Promise<void> {
    try {
      await scope.dispose();
    } catch (error) {
      this.#faults.report({ key: this.key, kind: 'contained', callback: 'clean-up', error });
    }
  }
}
