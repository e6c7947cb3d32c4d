import fs from 'node:fs';
import type { Permission } from '@verifywise/plugin-types';
import type { CodeGuard } from './code-guard.js';
import { overlay, type Replacement } from './overlay.js';

const READS = new Set([
  ...[
    'access',
    'createReadStream',
    'exists',
    'fstat',
    'glob',
    'lstat',
    'openAsBlob',
    'opendir',
    'read',
    'readFile',
  ],
  ...['readdir', 'readlink', 'readv', 'realpath', 'stat', 'statfs', 'watch', 'watchFile', 'ReadStream'],
  'FileReadStream',
]);

const WRITES = new Set([
  ...[
    'appendFile',
    'chmod',
    'chown',
    'createWriteStream',
    'fchmod',
    'fchown',
    'fdatasync',
    'fsync',
    'ftruncate',
  ],
  ...[
    'futimes',
    'lchmod',
    'lchown',
    'link',
    'lutimes',
    'mkdir',
    'mkdtemp',
    'mkdtempDisposable',
    'rename',
    'rm',
  ],
  ...['rmdir', 'symlink', 'truncate', 'unlink', 'utimes', 'write', 'writeFile', 'writev', 'WriteStream'],
  ...['FileWriteStream', 'Utf8Stream'],
]);

/** Needs no permission: it works on what the plugin has already been given. */
const FREE = new Set(['close', 'unwatchFile', 'Dir', 'Dirent', 'Stats']);

/** Where the flags are that decide what an opening function does, and what they are when left out. */
const FLAGS: Readonly<Record<string, (args: readonly unknown[]) => unknown>> = {
  open: ([, flags]) => (typeof flags === 'function' ? 'r' : (flags ?? 'r')),
  readFile: ([, options]) => option(options, 'flag') ?? 'r',
  createReadStream: ([, options]) => option(options, 'flags') ?? 'r',
  ReadStream: ([, options]) => option(options, 'flags') ?? 'r',
  FileReadStream: ([, options]) => option(options, 'flags') ?? 'r',
  createWriteStream: ([, options]) => option(options, 'flags') ?? 'w',
  WriteStream: ([, options]) => option(options, 'flags') ?? 'w',
  FileWriteStream: ([, options]) => option(options, 'flags') ?? 'w',
};

const option = (options: unknown, name: string): unknown =>
  typeof options === 'object' && options !== null ? Reflect.get(options, name) : undefined;

const BOTH = ['filesystem:read', 'filesystem:write'] as const;

function flagsNeed(flags: unknown): readonly Permission[] {
  if (typeof flags === 'number') {
    const { O_APPEND, O_CREAT, O_TRUNC, O_RDWR, O_WRONLY } = fs.constants;
    const mode = flags & (O_RDWR | O_WRONLY);
    const writes = mode !== 0 || (flags & (O_APPEND | O_CREAT | O_TRUNC)) !== 0;
    return BOTH.filter((permission) => (permission === 'filesystem:read' ? mode !== O_WRONLY : writes));
  }
  const text = String(flags);
  if (text.includes('+')) return BOTH;
  return text.includes('r') ? ['filesystem:read'] : ['filesystem:write'];
}

/** What a call of a function of `fs` needs. A function this table does not know needs everything. */
function needs(name: string, args: readonly unknown[]): readonly Permission[] {
  const base = name.replace(/Sync$/, '');
  const flags = FLAGS[base];
  if (flags) return flagsNeed(flags(args));
  if (READS.has(base)) return ['filesystem:read'];
  return WRITES.has(base) ? ['filesystem:write'] : BOTH;
}

/**
 * `node:fs` as one plugin sees it: functions that read need `filesystem:read`, functions that write
 * `filesystem:write`, opening what its flags say. What is refused throws `PermissionDeniedError`; functions of
 * `fs.promises` reject with it. Watchers belong to the plugin's scope.
 *
 * @param promises `node:fs/promises` of the same plugin
 */
export function guardedFs(guard: CodeGuard, promises: () => unknown): object {
  return overlay(fs, (key): Replacement | undefined => {
    if (key === 'promises') return { value: promises() };
    return guardedMember(guard, fs, 'fs', key);
  });
}

/** `node:fs/promises` as one plugin sees it. */
export function guardedFsPromises(guard: CodeGuard): object {
  return overlay(fs.promises, (key) => guardedMember(guard, fs.promises, 'fs.promises', key));
}

function guardedMember(
  guard: CodeGuard,
  module: object,
  name: 'fs' | 'fs.promises',
  key: PropertyKey,
): Replacement | undefined {
  if (typeof key !== 'string' || !Object.hasOwn(module, key) || FREE.has(key.replace(/Sync$/, '')))
    return undefined;
  const member: unknown = Reflect.get(module, key);
  if (typeof member !== 'function') return undefined;
  const own = name === 'fs' && Object.hasOwn(OWNED, key) ? OWNED[key]?.(guard) : undefined;
  if (!own && BOTH.every((permission) => guard.allows(permission))) return undefined;
  const demand = (args: readonly unknown[]): void => {
    for (const permission of needs(key, args)) guard.demand(`${name}.${key}`, permission);
  };
  // These return their result at once, not a promise of it.
  const rejects = name === 'fs.promises' && key !== 'watch' && key !== 'glob';
  return { value: guardedFunction(own ?? member, demand, rejects) };
}

/** A function, or class, that asks first. What hangs on it (`realpath.native`, promisify's symbol) asks the same. */
function guardedFunction(
  fn: object,
  demand: (args: readonly unknown[]) => void,
  rejects = false,
): (this: unknown, ...args: unknown[]) => unknown {
  function guarded(this: unknown, ...args: unknown[]): unknown {
    try {
      demand(args);
    } catch (error) {
      if (rejects) return Promise.reject(error);
      throw error;
    }
    if (!new.target) return Reflect.apply(fn as () => unknown, this, args);
    return Reflect.construct(fn as new () => object, args, new.target);
  }
  for (const key of Reflect.ownKeys(fn)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(fn, key) ?? {};
    const member: unknown = descriptor.value;
    if (typeof member === 'function' && key !== 'prototype') {
      descriptor.value = guardedFunction(member, demand, rejects);
    }
    Reflect.defineProperty(guarded, key, descriptor);
  }
  // Classes inherit their static members.
  return Object.setPrototypeOf(guarded, Object.getPrototypeOf(fn)) as typeof guarded;
}

/** Functions whose result goes on working by itself until it is closed. */
const OWNED: Readonly<Record<string, (guard: CodeGuard) => object>> = {
  watch:
    (guard) =>
    (...args: unknown[]): unknown => {
      const watcher = Reflect.apply(fs.watch, fs, args) as fs.FSWatcher;
      const release = guard.own(() => watcher.close());
      return watcher.once('close', () => void release());
    },
  watchFile:
    (guard) =>
    (path: fs.PathLike, ...rest: unknown[]): unknown => {
      const watcher: unknown = Reflect.apply(fs.watchFile, fs, [path, ...rest]);
      guard.own(() => fs.unwatchFile(path, rest.at(-1) as fs.StatsListener));
      return watcher;
    },
};
