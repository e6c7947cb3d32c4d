import { dirname, join, posix } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import { dynamicImport, entryIsModule, entryThrew, moduleForbidden } from '../foundation/errors/index.js';
import { GUARDED_NAMES } from './guarded-globals.js';
import type { PackageSource } from './package-source.js';

/** A module's function; its guarded globals are bound already. */
export type ModuleBody = (
  exports: unknown,
  require: unknown,
  module: unknown,
  filename: string,
  dirname: string,
) => unknown;

export interface CompiledScript {
  readonly kind: 'script';
  readonly filename: string;
  readonly dirname: string;
  /** The guarded globals the code mentions, in the order `bind` takes them. */
  readonly globals: readonly string[];
  readonly bind: (...globals: unknown[]) => ModuleBody;
}

export interface CompiledJson {
  readonly kind: 'json';
  readonly filename: string;
  readonly dirname: string;
  readonly text: string;
}

export type CompiledFile = CompiledScript | CompiledJson;

const IMPORT_META = "Cannot use 'import.meta' outside a module";
/** V8's words for syntax that only an ECMAScript module has. Node tells modules by the same ones. */
const MODULE_SYNTAX = [
  'Cannot use import statement outside a module',
  "Unexpected token 'export'",
  IMPORT_META,
];

const GUARDED_NAME = new RegExp(`\\b(?:${[...GUARDED_NAMES].join('|')})\\b`, 'g');
const PARAMETERS = 'exports, require, module, __filename, __dirname';

/**
 * The code of one package, compiled once however many tenants run it. It holds no state of theirs.
 *
 * Each file is compiled when it is first required, and only then: a package also carries scripts for browsers.
 */
export class CompiledPackage {
  readonly source: PackageSource;
  readonly #files = new Map<string, CompiledFile>();

  constructor(source: PackageSource) {
    this.source = source;
  }

  /**
   * @throws ENTRY_IS_ESM, DYNAMIC_IMPORT
   * @throws ENTRY_THREW for what does not parse
   * @throws MODULE_FORBIDDEN for native addons
   */
  file(path: string): CompiledFile {
    let file = this.#files.get(path);
    if (!file) {
      file = this.#compile(path);
      this.#files.set(path, file);
    }
    return file;
  }

  #compile(path: string): CompiledFile {
    const filename = join(this.source.root, path);
    const names = { filename, dirname: dirname(filename) };
    const { pluginId } = this.source;
    const extension = posix.extname(path);
    if (extension === '.node') throw moduleForbidden({ pluginId, request: path });
    if (extension === '.mjs') throw entryIsModule({ pluginId, file: path });
    const text = this.source
      .read(path)
      .toString('utf8')
      .replace(/^\uFEFF/, '');
    if (extension === '.json') return { kind: 'json', ...names, text };
    // A hashbang may stand at the very start of a script only, which the wrapper's is not.
    const code = text.replace(/^#!/, '//');
    const globals = [...new Set(code.match(GUARDED_NAME))];
    const bind = this.#script(path, filename, globals, code).runInThisContext() as CompiledScript['bind'];
    return { kind: 'script', ...names, globals, bind };
  }

  #script(path: string, filename: string, globals: readonly string[], code: string): Script {
    const { pluginId } = this.source;
    const parse = (text: string): Script => wrap(text, filename, globals);
    let script: Script;
    try {
      script = parse(code);
    } catch (error) {
      const { message, line } = syntaxError(error, filename);
      if (MODULE_SYNTAX.includes(message)) throw entryIsModule({ pluginId, file: path });
      if (error instanceof Error) withoutExcerpt(error);
      throw entryThrew({ pluginId, reason: `${message} (${path}:${line})` }, { cause: error });
    }
    const line = findDynamicImport(code, filename, parse);
    if (line !== undefined) throw dynamicImport({ pluginId, file: path, line });
    return script;
  }
}

/**
 * The guarded globals are parameters of an outer function, so that the module may declare the same names; the
 * column offset takes the wrapper out of the first line's positions. The parentheses have V8 compile the module's
 * function in one go: without them it is parsed once now, and again when it is called.
 */
function wrap(code: string, filename: string, globals: readonly string[]): Script {
  const prefix = `(function (${globals.join(', ')}) { return (function (${PARAMETERS}) {`;
  return uncached(() => new Script(`${prefix}${code}\n})})`, { filename, columnOffset: -prefix.length }));
}

/**
 * Keeps V8 from remembering the script: its cache lets go of one only after several collections of a growing
 * heap, so that every reload would keep a whole package for minutes. No compile option says so; the flag is
 * read at each compilation, and is back before any other code runs.
 */
function uncached<T>(compile: () => T): T {
  setFlagsFromString('--no-compilation-cache');
  try {
    return compile();
  } finally {
    setFlagsFromString('--compilation-cache');
  }
}

const IMPORT_CALL = /\bimport(?=(?:\s|\/\*(?:[^*]|\*(?!\/))*\*\/|\/\/[^\n]*\n)*\()/g;

/**
 * The line of the first `import()`, or `undefined`.
 *
 * V8 itself tells code from strings, comments, regular expressions and members of that name: where `import` is
 * the keyword, and nowhere else, `import.meta` in its place is an error of its own. Files without the text
 * `import(` are not parsed again.
 */
function findDynamicImport(
  code: string,
  filename: string,
  parse: (code: string) => unknown,
): number | undefined {
  const errorOf = (text: string): { message: string; line: number } | undefined => {
    try {
      parse(text);
      return undefined;
    } catch (error) {
      return syntaxError(error, filename);
    }
  };
  if (code.search(IMPORT_CALL) < 0) return undefined;
  const first = errorOf(code.replace(IMPORT_CALL, 'import.meta'));
  if (!first || first.message === IMPORT_META) return first?.line;
  // A method named `import` is an error of another kind, which may hide a call further down.
  for (const { index } of code.matchAll(IMPORT_CALL)) {
    const error = errorOf(`${code.slice(0, index)}import.meta${code.slice(index + 'import'.length)}`);
    if (error?.message === IMPORT_META) return error.line;
  }
  return undefined;
}

/** The stack of a syntax error begins with its place: `<file>:<line>`. */
function syntaxError(error: unknown, filename: string): { message: string; line: number } {
  if (!(error instanceof Error)) return { message: String(error), line: 1 };
  const place = error.stack?.startsWith(`${filename}:`) ? error.stack.slice(filename.length + 1) : '';
  return { message: error.message, line: Number.parseInt(place, 10) || 1 };
}

/** V8 shows the line in question, which in a minified bundle is all of it. */
function withoutExcerpt(error: Error): void {
  const stack = error.stack ?? '';
  error.stack = stack.slice(Math.max(0, stack.indexOf(`${error.name}: ${error.message}`)));
}
