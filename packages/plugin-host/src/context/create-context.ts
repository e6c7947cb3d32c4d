import type { InstallInfo, PluginContext, PluginManifest, UninstallOptions } from '@verifywise/plugin-types';
import type { CapabilityOwner } from '../foundation/owner.js';
import type { Guard } from './guard.js';
import { defineLazily, guardedMethod, guardedNamespace, type Method, membersOf } from './guarded-facade.js';

/** What stands behind the guard. Each is made when the plugin first touches it. */
export interface ContextCapabilities {
  db(): object;
  config(): object;
  metadata(): object;
  models(): object;
  logger(): object;
  events(): object;
  filters(): object;
  peers(): object;
}

type CapabilityName = keyof ContextCapabilities;

/** The instance as its context shows it. */
export interface ContextSubject extends CapabilityOwner {
  readonly manifest: PluginManifest;
  readonly install: InstallInfo | undefined;
  readonly options: UninstallOptions | undefined;
}

const NAMESPACES = ['db', 'config', 'metadata', 'models', 'logger'] as const;

/** The members that hang on the context itself, and whose they are. */
const ROOT_MEMBERS: Readonly<Record<string, CapabilityName>> = {
  emit: 'events',
  on: 'events',
  off: 'events',
  addFilter: 'filters',
  removeFilter: 'filters',
  applyFilters: 'filters',
  getPlugin: 'peers',
  isPluginEnabled: 'peers',
};

/** What a plugin holds of the host: plain facts, and the members of the permission table, each behind the guard. */
class GuardedContext {
  readonly #subject: ContextSubject;
  readonly #guard: Guard;
  readonly #capabilities: ContextCapabilities;
  readonly #made: Partial<Record<CapabilityName, object>> = {};

  constructor(subject: ContextSubject, guard: Guard, capabilities: ContextCapabilities) {
    this.#subject = subject;
    this.#guard = guard;
    this.#capabilities = capabilities;
  }

  get pluginId(): string {
    return this.#subject.key.pluginId;
  }

  get tenant(): string {
    return this.#subject.key.tenant;
  }

  get manifest(): PluginManifest {
    return this.#subject.manifest;
  }

  get install(): InstallInfo | undefined {
    return this.#subject.install;
  }

  get options(): UninstallOptions | undefined {
    return this.#subject.options;
  }

  static {
    for (const namespace of NAMESPACES) {
      const Facade = guardedNamespace(namespace);
      defineLazily(
        GuardedContext.prototype as GuardedContext,
        namespace,
        (self) => new Facade(self.#guard, self.#capability(namespace)),
      );
    }
    for (const { member, name } of membersOf('')) {
      const owner = ROOT_MEMBERS[name];
      if (!owner) throw new Error(`no capability for context.${name}`);
      defineLazily(GuardedContext.prototype as GuardedContext, name, (self) => {
        const capability = self.#capability(owner) as Record<string, Method>;
        return guardedMethod(self.#guard, member, (...args) => (capability[name] as Method)(...args));
      });
    }
  }

  #capability(name: CapabilityName): object {
    this.#made[name] ??= this.#capabilities[name]();
    return this.#made[name];
  }
}

/** The context of one instance. Members this host does not have yet are absent, and stay so. */
export const createContext = (
  subject: ContextSubject,
  guard: Guard,
  capabilities: ContextCapabilities,
): PluginContext => new GuardedContext(subject, guard, capabilities) as unknown as PluginContext;
