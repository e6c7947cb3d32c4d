import { isBuiltin } from 'node:module';
import { isAbsolute, posix, relative, sep } from 'node:path';
import type { PackageSource } from './package-source.js';

/** What a request means in a package. */
export type Resolution =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'builtin'; readonly request: string }
  /** `@verifywise/plugin-types`, under any of its names. */
  | { readonly kind: 'types' }
  /** The manifest of a package that has no such file. */
  | { readonly kind: 'manifest' };

/** A plugin written inside the application's tree imported its types from there. */
const CORE = /^(\.\.\/)+core(\/types|\/index)?(\.js)?$/;
/** A plugin is bundled from `src/index.ts` to `index.js`, but goes on asking for what is one folder up. */
const MANIFEST = /^(\.\.?\/)+manifest(\.json)?$/;

/**
 * Resolves as CommonJS does, within the package: the file, then `.js` and `.json`, then the folder's `package.json`
 * and `index`. The package's own files come before any other meaning of a request. There is no `node_modules`:
 * plugins bundle what they use.
 *
 * @param from the file that asks
 */
export function resolveRequest(source: PackageSource, request: string, from: string): Resolution | undefined {
  const path = pathInPackage(source, request, from);
  if (path !== undefined) {
    const file = resolveFile(source, path);
    if (file !== undefined) return { kind: 'file', path: file };
  }
  if (isBuiltin(request)) return { kind: 'builtin', request };
  if (request === '@verifywise/plugin-types' || CORE.test(request)) return { kind: 'types' };
  if (!MANIFEST.test(request)) return undefined;
  return source.has('manifest.json') ? { kind: 'file', path: 'manifest.json' } : { kind: 'manifest' };
}

/** The path a relative or absolute request names, if it lies in the package; a trailing slash is kept. */
function pathInPackage(source: PackageSource, request: string, from: string): string | undefined {
  let path: string;
  if (isAbsolute(request)) path = relative(source.root, request).replaceAll(sep, '/');
  else if (/^\.\.?(\/|$)/.test(request)) path = posix.join(posix.dirname(from), request);
  else return undefined;
  return path === '..' || path.startsWith('../') || isAbsolute(path) ? undefined : path;
}

function resolveFile(source: PackageSource, path: string): string | undefined {
  const isRoot = path === '' || path === '.' || path === './';
  if (!isRoot && !path.endsWith('/')) {
    const file = [path, `${path}.js`, `${path}.json`].find((candidate) => source.has(candidate));
    if (file !== undefined) return file;
  }
  const folder = isRoot ? '' : `${path.replace(/\/$/, '')}/`;
  const main = mainOf(source, `${folder}package.json`);
  const candidates = main === undefined ? [] : [main, `${main}.js`, `${main}.json`, `${main}/index.js`];
  return [
    ...candidates.map((name) => posix.join(folder, name)),
    `${folder}index.js`,
    `${folder}index.json`,
  ].find((candidate) => source.has(candidate));
}

function mainOf(source: PackageSource, path: string): string | undefined {
  if (!source.has(path)) return undefined;
  try {
    const { main } = JSON.parse(source.read(path).toString('utf8')) as { main?: unknown };
    return typeof main === 'string' ? main : undefined;
  } catch (error) {
    // As in Node: a package.json that is no JSON is not one. A file that fails its check is another matter.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
