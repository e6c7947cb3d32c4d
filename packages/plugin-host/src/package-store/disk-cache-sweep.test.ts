import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskCache } from './disk-cache.js';
import type { Effects } from './effects.js';
import { sha256Hex } from './integrity.js';

const MACHINE = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
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
  await rm(dataDir, { recursive: true });
});

describe('staging', () => {
  const leave = async (name: string, hoursAgo = 0) => {
    await mkdir(at('.staging', name, 'lib'), { recursive: true });
    await writeFile(at('.staging', name, 'lib', 'a.js'), 'x');
    const then = Date.now() / 1000 - hoursAgo * 3600;
    await utimes(at('.staging', name), then, then);
    return name;
  };

  it('is swept of what a process that ended has left', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    await leave(`${MACHINE}-${child.pid}-x`);
    expect(await cache.sweep()).toBe(1);
    expect(await staged()).toEqual([]);
  });

  it('is swept of what an earlier life of this process id has left', async () => {
    await leave(`${MACHINE}-${process.pid}-x`);
    expect(await cache.sweep()).toBe(1);
  });

  it('keeps what another living process is working on, unless it is stuck', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
    try {
      const fresh = await leave(`${MACHINE}-${child.pid}-fresh`);
      await leave(`${MACHINE}-${child.pid}-stuck`, 2);
      expect(await cache.sweep()).toBe(1);
      expect(await staged()).toEqual([fresh]);
    } finally {
      child.kill();
      await once(child, 'exit');
    }
  });

  it('keeps what another machine is working on, until it is old', async () => {
    const fresh = await leave('0123abcd-1-fresh');
    await leave('0123abcd-1-old', 2);
    await leave('unknown', 2);
    expect(await cache.sweep()).toBe(2);
    expect(await staged()).toEqual([fresh]);
  });

  it('keeps what this process is working on', async () => {
    let seen: string[] = [];
    const sweeping: Effects = {
      async step(name, run) {
        if (name === 'write') {
          expect(await cache.sweep()).toBe(0);
          seen = await staged();
        }
        return run();
      },
    };
    await new DiskCache(dataDir, sweeping).build(SHA, FILES, notThere);
    expect(seen).toHaveLength(1);
    expect(await cache.holds(SHA, HASHES)).toBe(true);
  });

  it('takes folders out of use at once', async () => {
    await cache.build(SHA, FILES, notThere);
    await cache.takeAway(SHA);
    expect(await cache.exists(SHA)).toBe(false);
    expect(await cache.sweep()).toBe(1);
    await cache.takeAway(SHA);
    expect(await cache.sweep()).toBe(0);
  });
});
