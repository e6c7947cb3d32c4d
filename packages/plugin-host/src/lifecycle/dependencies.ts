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
  const byId = new Map(plugins.map((plugin) => [plugin.pluginId, plugin]));
  const ordered: T[] = [];
  const cyclic = new Map<string, readonly string[]>();
  const placed = new Set<string>();

  for (const root of plugins) {
    // An explicit stack: a chain of thousands of plugins must not overflow the call stack.
    const path: { plugin: T; rest: string[] }[] = [];
    const depths = new Map<string, number>();
    const enter = (plugin: T): void => {
      depths.set(plugin.pluginId, path.length);
      path.push({ plugin, rest: Object.keys(plugin.dependencies).filter((id) => byId.has(id)) });
    };
    if (!placed.has(root.pluginId) && !cyclic.has(root.pluginId)) enter(root);
    while (path.length > 0) {
      const top = path.at(-1) as { plugin: T; rest: string[] };
      const next = top.rest.shift();
      if (next === undefined) {
        path.pop();
        depths.delete(top.plugin.pluginId);
        if (cyclic.has(top.plugin.pluginId)) continue;
        placed.add(top.plugin.pluginId);
        ordered.push(top.plugin);
        continue;
      }
      if (placed.has(next)) continue;
      const start = depths.get(next);
      const known = cyclic.get(next);
      if (start === undefined && !known) {
        enter(byId.get(next) as T);
        continue;
      }
      // Everything on the way to the circle cannot start either.
      const circle = known ?? [...path.slice(start).map(({ plugin }) => plugin.pluginId), next];
      for (const { plugin } of path) cyclic.set(plugin.pluginId, circle);
    }
  }
  return { ordered, cyclic };
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
