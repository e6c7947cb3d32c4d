import { dirname, posix, relative, sep } from 'node:path';
import type { Plugin } from '@verifywise/plugin-types';
import { runAttributed } from '../foundation/attribution.js';
import { entryMissing, entryNotAPlugin, entryThrew, isHostError } from '../foundation/errors/index.js';
import type { Faults } from '../foundation/faults.js';
import type { PermissionMode } from '../foundation/permissions.js';
import { formatPluginKey, type PluginKey } from '../foundation/plugin-key.js';
import { CodeGuard, type CodeOwner } from './code-guard.js';
import { CompiledPackage } from './compiled-package.js';
import type { PackageSource } from './package-source.js';
import { readPlugin } from './plugin-export.js';
import { PluginModules } from './plugin-modules.js';
import { filesOf, mapStack, type Position, SourceMaps } from './source-maps.js';

export interface ModuleLoaderOptions {
  /** Hears of refused calls, and of what timers and other callbacks of Node's throw. */
  readonly faults: Faults;
  /** Default `enforce`. */
  readonly permissions?: PermissionMode;
}

/** One plugin's code, live for one tenant. It lives as long as the scope it was made on. */
export interface LoadedPlugin {
  /** What the code exports; `manifest` is the package's. */
  readonly plugin: Plugin;
  readonly sha256: string;
}

/** What the loader knows of one package. `compiled` is there as long as an instance lives. */
interface Entry {
  readonly sha256: string;
  readonly root: string;
  compiled: CompiledPackage | undefined;
  /** Outlive the code: an instance that failed has ended before its fault is told. */
  readonly maps: SourceMaps;
  readonly live: Set<{ readonly key: PluginKey }>;
  /** Everyone who ever ran it, for code that outlives its instance. Grows with tenants, not with reloads. */
  readonly past: Map<string, PluginKey>;
}

/**
 * Runs packages: each compiled once per content hash, and instantiated per tenant with module state of its own, a
 * guarded `require` and guarded globals (design decision 7, {@link GuardedGlobals}).
 *
 * Nothing but the instances holds on to code: once their scopes are disposed and their plugins let go, it is gone. Source maps that a stack
 * needed stay until {@link release}.
 */
export class ModuleLoader {
  readonly #faults: Faults;
  readonly #permissions: PermissionMode;
  readonly #packages = new Map<string, Entry>();
  readonly #roots = new Map<string, Entry>();

  constructor(options: ModuleLoaderOptions) {
    this.#faults = options.faults;
    this.#permissions = options.permissions ?? 'enforce';
  }

  /**
   * Compiles the entry without running it, for a check when a package comes in.
   *
   * @throws as {@link instantiate}, except for what shows only when the code runs
   */
  check(source: PackageSource): void {
    const entry = entryOf(source);
    if (entry !== undefined) new CompiledPackage(source).file(entry);
  }

  /**
   * Runs the package's entry for one tenant, in that plugin's frame. A package without one is a plugin that has a
   * manifest only.
   *
   * @throws ENTRY_MISSING the manifest names an entry the package lacks
   * @throws ENTRY_IS_ESM, DYNAMIC_IMPORT
   * @throws ENTRY_THREW with the cause, its stack mapped to the author's sources
   * @throws ENTRY_NOT_A_PLUGIN
   * @throws MODULE_NOT_FOUND, MODULE_FORBIDDEN, PERMISSION_DENIED what the entry required and did not get
   */
  instantiate(source: PackageSource, owner: CodeOwner): LoadedPlugin {
    const { sha256, pluginId, manifest } = source;
    const path = entryOf(source);
    if (path === undefined) return { plugin: { manifest }, sha256 };
    const { compiled, leave } = this.#adopt(source, owner);
    const modules = new PluginModules(compiled, new CodeGuard(owner, this.#faults, this.#permissions));
    try {
      const result = runAttributed({ key: owner.key, callback: 'load', depth: 0 }, () => {
        const { exports, untouched } = modules.load(path);
        return readPlugin(exports, untouched, manifest);
      });
      if ('problem' in result) throw entryNotAPlugin({ pluginId, reason: result.problem });
      return { plugin: result.plugin, sha256 };
    } catch (error) {
      if (!isHostError(error)) this.#mapInPlace(error);
      leave();
      if (isHostError(error)) throw error;
      throw entryThrew({ pluginId, reason: messageOf(error) }, { cause: error });
    }
  }

  /** Forgets a package that no tenant runs any more. Until then its name in a stack still tells whose code it was. */
  release(sha256: string): void {
    const entry = this.#packages.get(sha256);
    if (!entry || entry.live.size > 0) return;
    this.#packages.delete(sha256);
    this.#roots.delete(entry.root);
  }

  /** Who runs the code a stack names innermost; of code that outlived its instances, who ran it. */
  locate(stack: string): readonly PluginKey[] {
    for (const file of filesOf(stack)) {
      const entry = this.#entryAt(file);
      if (!entry) continue;
      const live = new Map([...entry.live].map(({ key }) => [formatPluginKey(key), key]));
      return [...(live.size > 0 ? live : entry.past).values()];
    }
    return [];
  }

  /**
   * The stack of what was thrown, and of its causes, with places in packages as their authors know them:
   * `plugin@version/src/index.ts:12:5`. For storing and logging.
   */
  mapStack(thrown: unknown): string {
    const parts: string[] = [];
    for (let error = thrown; parts.length < MAX_CAUSES; error = (error as Error).cause) {
      parts.push(mapStack(stackOf(error), (place) => this.#original(place)));
      if (!(error instanceof Error) || error.cause === undefined) break;
    }
    return parts.join('\nCaused by: ');
  }

  #adopt(
    source: PackageSource,
    { key, scope }: CodeOwner,
  ): { compiled: CompiledPackage; leave: () => unknown } {
    const { sha256, root } = source;
    const entry = this.#packages.get(sha256) ?? {
      sha256,
      root,
      compiled: undefined,
      maps: new SourceMaps(source),
      live: new Set(),
      past: new Map(),
    };
    this.#packages.set(sha256, entry);
    this.#roots.set(entry.root, entry);
    const compiled = entry.compiled ?? new CompiledPackage(source);
    entry.compiled = compiled;
    entry.past.set(formatPluginKey(key), key);
    // One for each instance: during a reload the same plugin is there twice.
    const instance = { key };
    entry.live.add(instance);
    const leave = scope.add(() => {
      entry.live.delete(instance);
      if (entry.live.size === 0) entry.compiled = undefined;
    });
    return { compiled, leave };
  }

  #entryAt(file: string): Entry | undefined {
    for (let folder = dirname(file); ; folder = dirname(folder)) {
      const entry = this.#roots.get(folder);
      if (entry || folder === dirname(folder)) return entry;
    }
  }

  #original({ file, line, column }: Position): Position | undefined {
    const entry = this.#entryAt(file);
    const path = entry && relative(entry.root, file).replaceAll(sep, '/');
    return path === undefined ? undefined : entry?.maps.original(path, { line, column });
  }

  /** What the code threw is its own object, and nobody has seen it yet. */
  #mapInPlace(error: unknown): void {
    if (!(error instanceof Error) || error.stack === undefined) return;
    const stack = mapStack(error.stack, (place) => this.#original(place));
    Reflect.defineProperty(error, 'stack', { value: stack, writable: true, configurable: true });
  }
}

const MAX_CAUSES = 5;

/** The file to run, or `undefined` for a plugin without code (design decisions 23 and 24). */
function entryOf(source: PackageSource): string | undefined {
  const { pluginId, manifest } = source;
  const entry = posix.normalize(manifest.main ?? 'index.js');
  if (source.has(entry)) return entry;
  // TypeScript runs from development paths only; there it has been built before it comes here.
  if (manifest.main !== undefined || source.has('index.ts')) throw entryMissing({ pluginId, entry });
  return undefined;
}

const stackOf = (thrown: unknown): string =>
  thrown instanceof Error ? (thrown.stack ?? String(thrown)) : messageOf(thrown);

function messageOf(thrown: unknown): string {
  try {
    return (thrown instanceof Error && thrown.message) || String(thrown);
  } catch {
    return 'something that cannot be shown';
  }
}
