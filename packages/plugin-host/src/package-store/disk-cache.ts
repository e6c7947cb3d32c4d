import { createHash, randomUUID } from 'node:crypto';
import { lstat, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { diskFull } from '../foundation/errors/index.js';
import { isReplaced, toDiskError } from './disk-error.js';
import { directEffects, type Effects } from './effects.js';
import { sameDigest } from './integrity.js';
import { READ_FLAGS } from './package-folder.js';
import { inParallel } from './parallel.js';

const OPEN_FILES = 8;
const READ_BYTES = 256 * 1024;
/** Free space wanted before a folder is built, in times of what it will hold: others write meanwhile. */
const FREE_FACTOR = 3;
/** After this a staging folder belongs to nobody, even if its process seems to live. In ms. */
const ABANDONED_AFTER_MS = 60 * 60 * 1000;
const PRIVATE = 0o700;
const READ_ONLY = 0o444;
const SHA256 = /^[0-9a-f]{64}$/;

/** Which machine staging folders are of: process ids mean nothing on another one. */
const MACHINE = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
/** Staging folders this process is working on. */
const inUse = new Set<string>();

/**
 * `<dataDir>/packages/<sha256>/`: unpacked packages, readable by the host's user alone, files read-only.
 *
 * A folder appears by one rename from `<dataDir>/.staging/`, so it is there whole or not at all, whichever
 * process made it and wherever it was cut off. Everything here may be deleted at any time.
 */
export class DiskCache {
  readonly #packages: string;
  readonly #staging: string;
  readonly #effects: Effects;

  constructor(dataDir: string, effects: Effects = directEffects) {
    this.#packages = resolve(dataDir, 'packages');
    this.#staging = resolve(dataDir, '.staging');
    this.#effects = effects;
  }

  folder(sha256: string): string {
    return join(this.#packages, sha256);
  }

  async exists(sha256: string): Promise<boolean> {
    try {
      return (await lstat(this.folder(sha256))).isDirectory();
    } catch (error) {
      if (isReplaced(error)) return false;
      throw toDiskError(error);
    }
  }

  /** Whether the folder holds every file with the content it should have. What else lies there is never read. */
  async holds(sha256: string, hashes: ReadonlyMap<string, string>): Promise<boolean> {
    if (!(await this.exists(sha256))) return false;
    let right = true;
    const queue = (function* () {
      for (const file of hashes) {
        if (!right) return;
        yield file;
      }
    })();
    await inParallel(queue, OPEN_FILES, async ([path, expected]) => {
      const actual = await hashFile(join(this.folder(sha256), path));
      if (actual === undefined || !sameDigest(actual, expected)) right = false;
    });
    return right;
  }

  /**
   * Writes a package's files, in place of what stands there. Leaves nothing behind where it fails.
   *
   * @param holdsGood whether what another process put there meanwhile is as it should be
   * @throws DISK_FULL
   */
  async build(
    sha256: string,
    files: ReadonlyMap<string, Buffer>,
    holdsGood: () => Promise<boolean>,
  ): Promise<void> {
    const staging = this.#newStaging();
    const replaced = this.#newStaging();
    inUse.add(staging).add(replaced);
    try {
      await this.#prepare(files);
      await this.#write(staging, files);
      await this.#moveIn(sha256, staging, replaced, holdsGood);
      await this.#sync(this.#packages);
    } catch (error) {
      throw toDiskError(error);
    } finally {
      for (const path of [staging, replaced]) {
        await this.#discard(path);
        inUse.delete(path);
      }
    }
  }

  /** The packages that have a folder. */
  async list(): Promise<string[]> {
    return (await readNames(this.#packages)).filter((name) => SHA256.test(name));
  }

  /** Takes a folder out of use at once; the next sweep deletes its files. */
  async takeAway(sha256: string): Promise<void> {
    try {
      await this.#effects.step('mkdir', () => mkdir(this.#staging, { recursive: true, mode: PRIVATE }));
      await this.#effects.step('rename', () => rename(this.folder(sha256), this.#newStaging()));
    } catch (error) {
      if (!isReplaced(error)) throw toDiskError(error);
    }
  }

  /** Deletes staging folders that nobody is working on any more. Returns how many. */
  async sweep(): Promise<number> {
    let swept = 0;
    for (const name of await readNames(this.#staging)) {
      const path = join(this.#staging, name);
      if (!(await isAbandoned(name, path))) continue;
      if (await this.#discard(path)) swept++;
    }
    return swept;
  }

  #newStaging(): string {
    return join(this.#staging, `${MACHINE}-${process.pid}-${randomUUID()}`);
  }

  async #prepare(files: ReadonlyMap<string, Buffer>): Promise<void> {
    for (const path of [this.#packages, this.#staging]) {
      await this.#effects.step('mkdir', () => mkdir(path, { recursive: true, mode: PRIVATE }));
    }
    let needed = 0;
    for (const content of files.values()) needed += content.length * FREE_FACTOR;
    const { blocks, bavail, bsize } = await this.#effects.step('statfs', () => statfs(this.#staging));
    // File systems that count nothing report no blocks at all.
    if (blocks > 0 && bavail * bsize < needed) {
      throw diskFull({ reason: `${needed} bytes are wanted free, ${bavail * bsize} are` });
    }
  }

  async #write(staging: string, files: ReadonlyMap<string, Buffer>): Promise<void> {
    const folders = [...new Set([...files.keys()].flatMap(foldersOf))].sort();
    for (const folder of ['', ...folders]) {
      await this.#effects.step('mkdir', () => mkdir(join(staging, folder), { mode: PRIVATE }));
    }
    await inParallel(files, OPEN_FILES, ([path, content]) => this.#writeFile(join(staging, path), content));
    for (const folder of ['', ...folders]) await this.#sync(join(staging, folder));
  }

  async #writeFile(path: string, content: Buffer): Promise<void> {
    const file = await this.#effects.step('open', () => open(path, 'wx', READ_ONLY));
    try {
      await this.#effects.step('write', () => file.writeFile(content));
      await this.#effects.step('sync', () => file.sync());
    } finally {
      await file.close();
    }
  }

  async #moveIn(
    sha256: string,
    staging: string,
    replaced: string,
    holdsGood: () => Promise<boolean>,
  ): Promise<void> {
    const folder = this.folder(sha256);
    if (await this.#renamed(staging, folder, IN_THE_WAY)) return;
    // Another process may have been faster. Its folder is taken out only if it is no good: it may be in use.
    if (await holdsGood()) return;
    await this.#renamed(folder, replaced, GONE);
    await this.#renamed(staging, folder, IN_THE_WAY);
  }

  /** False where it failed with one of `expected`. */
  async #renamed(from: string, to: string, expected: ReadonlySet<string | undefined>): Promise<boolean> {
    try {
      await this.#effects.step('rename', () => rename(from, to));
      return true;
    } catch (error) {
      if (expected.has((error as { code?: string }).code)) return false;
      throw error;
    }
  }

  async #sync(folder: string): Promise<void> {
    // Windows cannot sync folders.
    if (process.platform === 'win32') return;
    const handle = await this.#effects.step('open', () => open(folder, 'r'));
    try {
      await this.#effects.step('sync', () => handle.sync());
    } finally {
      await handle.close();
    }
  }

  /** Never throws: what cannot be deleted now is swept later. */
  #discard(path: string): Promise<boolean> {
    const removal = this.#effects.step('remove', () => rm(path, { recursive: true, force: true }));
    return removal.then(
      () => true,
      () => false,
    );
  }
}

/** What a rename to a place that is taken fails with. */
const IN_THE_WAY: ReadonlySet<string | undefined> = new Set(
  process.platform === 'win32' ? ['EPERM', 'EACCES', 'EEXIST'] : ['ENOTEMPTY', 'EEXIST', 'ENOTDIR'],
);
const GONE: ReadonlySet<string | undefined> = new Set(['ENOENT']);

/** `a/b/c.js` → `a`, `a/b`. */
function foldersOf(path: string): string[] {
  const folders: string[] = [];
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) folders.push(folder);
  return folders;
}

/** The sha256 of a file, read piece by piece; nothing where there is no plain file. */
async function hashFile(path: string): Promise<string | undefined> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, READ_FLAGS);
  } catch (error) {
    if (isReplaced(error)) return undefined;
    throw toDiskError(error);
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile()) return undefined;
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, stat.size + 1));
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, bytesRead));
    }
  } catch (error) {
    if (isReplaced(error)) return undefined;
    throw toDiskError(error);
  } finally {
    await file.close();
  }
}

async function readNames(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (isReplaced(error)) return [];
    throw toDiskError(error);
  }
}

/** By name where this machine made it: `<machine>-<process>-<random>`; else by age. */
async function isAbandoned(name: string, path: string): Promise<boolean> {
  if (inUse.has(path)) return false;
  const [machine, pid] = name.split('-');
  if (machine === MACHINE && (Number(pid) === process.pid || !isAlive(Number(pid)))) return true;
  try {
    return Date.now() - (await stat(path)).mtimeMs > ABANDONED_AFTER_MS;
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
}
