import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DiskCache } from './disk-cache.js';
import { sha256Hex } from './integrity.js';

const SHA = 'c'.repeat(64);
const FILES = { 'index.js': 'new', 'lib/a.js': 'a' };
const files = new Map(Object.entries(FILES).map(([path, text]) => [path, Buffer.from(text)]));
const HASHES = new Map([...files].map(([path, content]) => [path, sha256Hex(content)]));

/** Builds the folder and kills its own process in place of the n-th effect. */
const PROGRAM = `
import { DiskCache } from ${JSON.stringify(fileURLToPath(new URL('./disk-cache.ts', import.meta.url)))};
const [dataDir, n] = process.argv.slice(2);
let step = 0;
const effects = { step: (name, run) => {
  if (++step === Number(n)) process.kill(process.pid, 'SIGKILL');
  return run();
} };
const files = new Map(Object.entries(${JSON.stringify(FILES)}).map(([path, text]) => [path, Buffer.from(text)]));
await new DiskCache(dataDir, effects).build('${SHA}', files, async () => false);
`;

let folder: string;
let program: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'disk-cache-crash-'));
  program = join(folder, 'program.mjs');
  await build({
    stdin: { contents: PROGRAM, loader: 'ts', resolveDir: folder },
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['verifywise-source'],
  });
});
afterAll(() => rm(folder, { recursive: true }));

it.each(['nothing', 'a folder that is wrong'])(
  'a process killed at any step, where there was %s, leaves what the next start puts right',
  async (before) => {
    let killed = 0;
    for (let n = 1; ; n++) {
      const dataDir = join(folder, `${before.length}-${n}`);
      const cache = new DiskCache(dataDir);
      if (before !== 'nothing') {
        await cache.build(SHA, new Map([['index.js', Buffer.from('old')]]), async () => false);
      }
      const child = spawn(process.execPath, [program, dataDir, String(n)], { stdio: 'inherit' });
      const [code, signal] = await once(child, 'exit');
      if (signal !== 'SIGKILL') {
        expect(code).toBe(0);
        break;
      }
      killed++;
      // Whole, as it was, or not there: never in part.
      const found = await readdir(join(dataDir, 'packages', SHA)).catch(() => []);
      expect([[], ['index.js'], ['index.js', 'lib']], `step ${n}`).toContainEqual(found);
      expect(await cache.holds(SHA, HASHES), `step ${n}`).toBe(found.length === 2);

      await cache.sweep();
      expect(await readdir(join(dataDir, '.staging')).catch(() => []), `step ${n}`).toEqual([]);
      await cache.build(SHA, files, () => cache.holds(SHA, HASHES));
      expect(await cache.holds(SHA, HASHES), `step ${n}`).toBe(true);
    }
    expect(killed).toBeGreaterThan(15);
  },
  120_000,
);
