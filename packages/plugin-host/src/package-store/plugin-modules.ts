import { dirname, join } from 'node:path';
import * as pluginTypes from '@verifywise/plugin-types';
import { entryThrew, moduleNotFound } from '../foundation/errors/index.js';
import type { CodeGuard } from './code-guard.js';
import type { CompiledFile, CompiledPackage } from './compiled-package.js';
import { GuardedGlobals } from './guarded-globals.js';
import { type Resolution, resolveRequest } from './module-resolution.js';

/** Plugins import its constants as values; the copy is frozen, since all tenants share it. */
const TYPES: object = Object.freeze(Object.assign({}, pluginTypes, { __esModule: true }));

/** `require.cache` and `module.parent`: there, so that code which looks at them goes on, and empty. */
const NOTHING: object = Object.freeze(Object.create(null) as object);

interface Require {
  (request: string): unknown;
  resolve: (request: string) => string;
  readonly cache: object;
  readonly main: undefined;
}

/** What code sees as `module`. */
class PluginModule {
  exports: unknown = {};
  loaded = false;
  readonly id: string;
  readonly require: Require;

  constructor(id: string, require: Require) {
    this.id = id;
    this.require = require;
  }

  get filename(): string {
    return this.id;
  }

  get path(): string {
    return dirname(this.id);
  }

  get paths(): readonly string[] {
    return [];
  }

  get children(): readonly PluginModule[] {
    return [];
  }

  /** Never missing: code that runs as a program when nobody required it must not do so here. */
  get parent(): object {
    return NOTHING;
  }
}

/** The modules of one instance: one tenant's own state of a package's code. */
export class PluginModules {
  readonly #compiled: CompiledPackage;
  readonly #globals: GuardedGlobals;
  readonly #modules = new Map<string, PluginModule>();

  constructor(compiled: CompiledPackage, guard: CodeGuard) {
    this.#compiled = compiled;
    this.#globals = new GuardedGlobals(guard);
  }

  /** Runs a file of the package, unless it has run. A module that throws is forgotten, as in Node. */
  load(path: string): { readonly exports: unknown; readonly untouched: boolean } {
    const known = this.#modules.get(path);
    if (known) return { exports: known.exports, untouched: false };
    const file = this.#compiled.file(path);
    const module = new PluginModule(file.filename, this.#requireOf(path));
    const initial = module.exports;
    // Before it runs: a cycle finds what has been exported so far.
    this.#modules.set(path, module);
    try {
      this.#run(path, file, module);
    } catch (error) {
      this.#modules.delete(path);
      throw error;
    }
    module.loaded = true;
    return { exports: module.exports, untouched: module.exports === initial };
  }

  #run(path: string, file: CompiledFile, module: PluginModule): void {
    if (file.kind === 'json') {
      module.exports = this.#parse(path, file.text);
      return;
    }
    const body = file.bind(...file.globals.map((name) => this.#globals.value(name)));
    const { exports, require } = module;
    Reflect.apply(body, exports, [exports, require, module, file.filename, file.dirname]);
  }

  #parse(path: string, text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (error) {
      const reason = `${path}: ${error instanceof Error ? error.message : String(error)}`;
      throw entryThrew({ pluginId: this.#compiled.source.pluginId, reason }, { cause: error });
    }
  }

  #requireOf(from: string): Require {
    const require = (request: string): unknown => this.#require(this.#resolve(request, from));
    const resolve = (request: string): string => this.#nameOf(request, this.#resolve(request, from));
    return Object.assign(require, { resolve, cache: NOTHING, main: undefined });
  }

  #resolve(request: string, from: string): Resolution {
    if (typeof request !== 'string' || request === '') {
      throw new TypeError(
        `require() takes the name of a module, not ${request === '' ? 'nothing' : typeof request}`,
      );
    }
    const { source } = this.#compiled;
    const resolution = resolveRequest(source, request, from);
    if (!resolution) throw moduleNotFound({ pluginId: source.pluginId, request, from });
    return resolution;
  }

  #require(resolution: Resolution): unknown {
    switch (resolution.kind) {
      case 'file':
        return this.load(resolution.path).exports;
      case 'builtin':
        return this.#globals.builtins.load(resolution.request);
      case 'types':
        return TYPES;
      case 'manifest':
        return structuredClone(this.#compiled.source.manifest);
    }
  }

  #nameOf(request: string, resolution: Resolution): string {
    const { root } = this.#compiled.source;
    if (resolution.kind === 'file') return join(root, resolution.path);
    return resolution.kind === 'manifest' ? join(root, 'manifest.json') : request;
  }
}
