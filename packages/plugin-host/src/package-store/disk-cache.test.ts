import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskCache } from './disk-cache.js';
import type { Effects } from './effects.js';
import { sha256Hex } from './integrity.js';

const SHA = 'a'.repeat(64);
const FILES = new Map(
  ['index.js', 'lib/deep/a.js', 'lib/b.js', 'empty'].map((path) => [
    path,
    Buffer.from(path === 'empty' ? '' : path),
  ]),
);
const HASHES = new Map([...FILES].map(([path, content]) => [path, sha256Hex(content)]));
const notThere = async () => false;

let dataDir: string;
let cache: DiskCache;
const at = (...segments: string[]) => join(dataDir, ...segments);
const staged = async () => (await readdir(at('.staging'))).sort();

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'disk-cache-'));
  cache = new DiskCache(dataDir);
});

afterEach(async () => {
  await chmod(dataDir, 0o700);
  await rm(dataDir, { recursive: true });
});

describe('a folder', () => {
  it('is built whole, for the host alone, its files read-only', async () => {
    await cache.build(SHA, FILES, notThere);
    for (const [path, content] of FILES) {
      expect(await readFile(at('packages', SHA, path))).toEqual(content);
      expect((await lstat(at('packages', SHA, path))).mode & 0o777).toBe(0o444);
    }
    for (const folder of ['packages', '.staging', `packages/${SHA}`, `packages/${SHA}/lib/deep`]) {
      expect((await lstat(at(folder))).mode & 0o777).toBe(0o700);
    }
    expect(await staged()).toEqual([]);
    expect(await cache.list()).toEqual([SHA]);
    expect(await cache.holds(SHA, HASHES)).toBe(true);
  });

  it('takes the place of a wrong one, of a file, of a link', async () => {
    const inPlace = [
      async (path: string) => {
        await mkdir(path, { recursive: true });
        await writeFile(join(path, 'index.js'), 'evil');
      },
      (path: string) => writeFile(path, 'a file'),
      (path: string) => symlink('/etc', path),
    ];
    for (const put of inPlace) {
      await mkdir(at('packages'), { recursive: true });
      await put(at('packages', SHA));
      expect(await cache.holds(SHA, HASHES)).toBe(false);
      await cache.build(SHA, FILES, notThere);
      expect(await cache.holds(SHA, HASHES)).toBe(true);
      expect(await staged()).toEqual([]);
      await rm(at('packages', SHA), { recursive: true });
    }
    expect(await lstat('/etc').then((stat) => stat.isDirectory())).toBe(true);
  });

  it('is left where another process has put a good one meanwhile', async () => {
    await cache.build(SHA, FILES, notThere);
    const before = await lstat(at('packages', SHA));
    await cache.build(SHA, FILES, () => cache.holds(SHA, HASHES));
    expect((await lstat(at('packages', SHA))).ino).toBe(before.ino);
    expect(await staged()).toEqual([]);
  });

  it('may be built by many at once', async () => {
    const holds = () => cache.holds(SHA, HASHES);
    await Promise.all(Array.from({ length: 8 }, () => new DiskCache(dataDir).build(SHA, FILES, holds)));
    expect(await cache.holds(SHA, HASHES)).toBe(true);
    expect(await staged()).toEqual([]);
  });

  it('may be empty', async () => {
    await cache.build(SHA, new Map(), notThere);
    expect(await cache.holds(SHA, new Map())).toBe(true);
  });
});

describe('a folder is not what it was', () => {
  const file = () => at('packages', SHA, 'lib/b.js');

  it.each([
    ['when a file has another content', () => writeFile(file(), 'lib/B.js')],
    ['when a file is cut off', () => writeFile(file(), '')],
    ['when a file is gone', () => undefined],
    ['when a folder stands in the place of a file', () => mkdir(file())],
    ['when a link stands in the place of a file', () => symlink(at('packages', SHA, 'right'), file())],
  ])('%s', async (_, put) => {
    await cache.build(SHA, FILES, notThere);
    await writeFile(at('packages', SHA, 'right'), 'lib/b.js');
    await rm(file());
    await put();
    expect(await cache.holds(SHA, HASHES)).toBe(false);
  });

  it.skipIf(process.platform === 'win32')(
    'when a pipe stands in the place of a file, which is not waited for',
    async () => {
      await cache.build(SHA, FILES, notThere);
      await rm(file());
      await once(spawn('mkfifo', [file()]), 'exit');
      expect((await lstat(file())).isFIFO()).toBe(true);
      expect(await cache.holds(SHA, HASHES)).toBe(false);
    },
  );

  it('when a folder on the way is gone, or the whole of it', async () => {
    await cache.build(SHA, FILES, notThere);
    await rm(at('packages', SHA, 'lib'), { recursive: true });
    await writeFile(at('packages', SHA, 'lib'), 'a file');
    expect(await cache.holds(SHA, HASHES)).toBe(false);
    await rm(at('packages'), { recursive: true });
    expect(await cache.holds(SHA, HASHES)).toBe(false);
    expect(await cache.list()).toEqual([]);
  });

  it('but may hold files nobody asks for', async () => {
    await cache.build(SHA, FILES, notThere);
    await writeFile(at('packages', SHA, '.DS_Store'), 'x');
    expect(await cache.holds(SHA, HASHES)).toBe(true);
  });
});

/** Fails the n-th effect as the system would; `names` gathers what was asked for. */
function failing(n: number, code: string, names: string[] = []): Effects {
  return {
    step(name, run) {
      names.push(name);
      if (names.length === n) {
        return Promise.reject(Object.assign(new Error(`${code}: ${dataDir}`), { code, syscall: name }));
      }
      return run();
    },
  };
}

describe('a disk that fails', () => {
  it.each(['ENOSPC', 'EACCES', 'EMFILE', 'EROFS', 'EIO'])(
    'with %s, at whichever step, changes nothing',
    async (code) => {
      const before = new Map([['index.js', Buffer.from('what was there')]]);
      await cache.build(SHA, before, notThere);
      let refused = 0;
      for (let n = 1; ; n++) {
        const names: string[] = [];
        const outcome = await new DiskCache(dataDir, failing(n, code, names))
          .build(SHA, FILES, notThere)
          .then(
            () => 'built',
            (error: unknown) => error,
          );
        if (names.length < n) {
          expect(outcome).toBe('built');
          break;
        }
        const failed = names[n - 1];
        if (failed !== 'remove') {
          expect(outcome, `step ${n}, ${failed}`).toMatchObject({
            code: 'DISK_FULL',
            status: 507,
            details: { reason: `${failed} failed with ${code}` },
          });
          expect(await staged(), `step ${n}, ${failed}`).toEqual([]);
          refused++;
        }
        // Either as before or as it should be; in between two renames it may be missing, which heals.
        const right = await cache.holds(SHA, HASHES);
        const unchanged = await cache.holds(
          SHA,
          new Map([['index.js', sha256Hex(Buffer.from('what was there'))]]),
        );
        expect(right || unchanged || !(await cache.exists(SHA)), `step ${n}, ${failed}`).toBe(true);
        await cache.sweep();
        await rm(at('packages', SHA), { recursive: true, force: true });
        await cache.build(SHA, before, notThere);
      }
      // Folders, the free space, four files and five folders to write and sync, three renames.
      expect(refused).toBeGreaterThan(25);
      expect(await cache.holds(SHA, HASHES)).toBe(true);
    },
  );

  it('does not tell where its files lie', async () => {
    const error = await new DiskCache(dataDir, failing(1, 'ENOSPC'))
      .build(SHA, FILES, notThere)
      .catch((e) => e);
    expect(`${error.message} ${error.hint} ${JSON.stringify(error.details)}`).not.toContain(dataDir);
    expect(error.cause.message).toContain(dataDir);
  });

  it('is told from a data directory that cannot be one', async () => {
    await writeFile(at('file'), '');
    const beneath = new DiskCache(at('file', 'data'));
    await expect(beneath.build(SHA, FILES, notThere)).rejects.toMatchObject({
      code: 'DISK_FULL',
      status: 507,
    });
    expect(await beneath.list()).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('is told from a data directory of somebody else', async () => {
    await chmod(dataDir, 0o500);
    const asRoot = process.geteuid?.() === 0;
    // Root may write anywhere: for the length of this test, be nobody.
    if (asRoot) process.seteuid?.(65_534);
    try {
      await expect(cache.build(SHA, FILES, notThere)).rejects.toMatchObject({
        code: 'DISK_FULL',
        details: { reason: 'mkdir failed with EACCES' },
      });
    } finally {
      if (asRoot) process.seteuid?.(0);
    }
  });

  it('is not begun on when it cannot hold three times the package', async () => {
    const names: string[] = [];
    // Far larger than any disk, and no byte of it is ever looked at.
    const huge = new Map([['huge', { length: 2 ** 60 } as unknown as Buffer]]);
    const refusal = new DiskCache(dataDir, failing(0, '', names)).build(SHA, huge, notThere);
    await expect(refusal).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(names).not.toContain('write');
  });

  it('keeps no file open', async () => {
    await cache.build(SHA, FILES, notThere);
    const openFiles = async () => (await readdir('/proc/self/fd').catch(() => [])).length;
    const before = await openFiles();
    for (let n = 1; n < 30; n++) {
      await new DiskCache(dataDir, failing(n, 'ENOSPC')).build(SHA, FILES, notThere).catch(() => {});
      await cache.holds(SHA, HASHES);
    }
    expect(await openFiles()).toBe(before);
  });
});
