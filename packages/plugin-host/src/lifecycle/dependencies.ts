import { satisfies } from '@verifywise/plugin-manifest';
import { dependencyCycle, dependencyMissing, dependencyVersion } from '../foundation/errors/index.js';

/** What the dependency rules need to know of a plugin. */
export interface Dependent {
  readonly pluginId: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

/**
 * The plugins in an order in which each comes after what it depends on; otherwise in the order given.
 * Dependencies outside the list are left to {@link checkDependencies}. A plugin in a circle, or that
 * depends on one in a circle, is left out and reported with the circle's path.
 */
export function loadOrder<T extends Dependent>(
  plugins: readonly T[],
): {
  readonly ordered: readonly T[];
  readonly cyclic: ReadonlyMap<string, readonly string[]>;
} {
  const search = new DepthFirst(plugins);
  for (const plugin of plugins) search.visit(plugin);
  return search;
}

/** A plugin on the way from where the search began, and those of its dependencies not looked at yet. */
interface Step<T> {
  readonly plugin: T;
  readonly rest: string[];
}

/** With a stack of its own: a chain of thousands of plugins must not overflow the call stack. */
class DepthFirst<T extends Dependent> {
  readonly ordered: T[] = [];
  readonly cyclic = new Map<string, readonly string[]>();
  readonly #byId: ReadonlyMap<string, T>;
  readonly #placed = new Set<string>();
  readonly #path: Step<T>[] = [];
  /** Where on the path a plugin is. */
  readonly #depths = new Map<string, number>();

  constructor(plugins: readonly T[]) {
    this.#byId = new Map(plugins.map((plugin) => [plugin.pluginId, plugin]));
  }

  visit(root: T): void {
    if (this.#placed.has(root.pluginId) || this.cyclic.has(root.pluginId)) return;
    this.#enter(root);
    for (let top = this.#path.at(-1); top; top = this.#path.at(-1)) {
      const next = top.rest.pop();
      if (next === undefined) this.#leave(top.plugin);
      else if (!this.#placed.has(next)) this.#meet(next);
    }
  }

  #enter(plugin: T): void {
    this.#depths.set(plugin.pluginId, this.#path.length);
    const within = Object.keys(plugin.dependencies).filter((id) => this.#byId.has(id));
    this.#path.push({ plugin, rest: within.reverse() });
  }

  #leave(plugin: T): void {
    this.#path.pop();
    this.#depths.delete(plugin.pluginId);
    if (this.cyclic.has(plugin.pluginId)) return;
    this.#placed.add(plugin.pluginId);
    this.ordered.push(plugin);
  }

  #meet(id: string): void {
    const known = this.cyclic.get(id);
    const depth = this.#depths.get(id);
    const plugin = this.#byId.get(id);
    if (!known && depth === undefined && plugin) {
      this.#enter(plugin);
      return;
    }
    const circle = known ?? [...this.#path.slice(depth).map((step) => step.plugin.pluginId), id];
    // Everything on the way to the circle cannot start either; before one that is marked, all are.
    for (let at = this.#path.length - 1; at >= 0; at--) {
      const { pluginId } = (this.#path[at] as Step<T>).plugin;
      if (this.cyclic.has(pluginId)) return;
      this.cyclic.set(pluginId, circle);
    }
  }
}

/** @throws DEPENDENCY_MISSING, DEPENDENCY_VERSION */
export function checkDependencies(
  plugin: Dependent,
  installed: ReadonlyMap<string, { version: string }>,
): void {
  const wanted = Object.entries(plugin.dependencies);
  const missing = wanted.filter(([id]) => !installed.has(id)).map(([id, range]) => `${id} ${range}`);
  if (missing.length > 0) throw dependencyMissing({ pluginId: plugin.pluginId, missing });
  for (const [dependency, range] of wanted) {
    const version = installed.get(dependency)?.version ?? '';
    if (!satisfies(version, range)) {
      throw dependencyVersion({ pluginId: plugin.pluginId, dependency, range, version });
    }
  }
}

/** Those of `others` that name `pluginId` among their dependencies. */
export const dependentsOf = (pluginId: string, others: Iterable<Dependent>): string[] =>
  [...others].filter((other) => Object.hasOwn(other.dependencies, pluginId)).map((other) => other.pluginId);

/** @throws DEPENDENCY_CYCLE where installing `plugin` would close a circle */
export function checkNoCycle(plugin: Dependent, others: readonly Dependent[]): void {
  const { cyclic } = loadOrder([...others.filter((other) => other.pluginId !== plugin.pluginId), plugin]);
  const path = cyclic.get(plugin.pluginId);
  if (path) throw dependencyCycle({ path });
}
