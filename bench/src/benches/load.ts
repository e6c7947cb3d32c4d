import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PluginManifest } from '@verifywise/plugin-types';
import { Scope } from '../../../packages/plugin-host/src/foundation/scope.js';
import { ModuleLoader } from '../../../packages/plugin-host/src/package-store/module-loader.js';
import { PackageFolder } from '../../../packages/plugin-host/src/package-store/package-folder.js';
import { noFaults } from '../bench-plugin.js';
import { type BenchResult, oursAtMost, ratioAtMost, toResult } from '../bench-result.js';
import { contest, Standings } from '../contest.js';

const requireModule = createRequire(import.meta.url);

/** Loads in one turn; each of a package nobody has loaded before. */
const BATCH = 25;
const ROUNDS = 31;
const WARM_UP_ROUNDS = 3;

/**
 * Loading a plugin's code for the first time, and again for another tenant. Ours reads from disk, checks the sha256 and
 * gives the code its guarded globals, as the host does; the peers read the same bytes.
 */
export async function load(): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'plugin-host-bench-'));
  try {
    return [...(await firstLoads(folder)), ...(await furtherInstances(folder))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A bundle of about `kilobytes`, unlike any other with the same `name`. */
function bundle(name: string, kilobytes: number): string {
  const lines = [`let calls = 0;`, `const NAME = ${JSON.stringify(name)};`];
  for (let size = 0; size < kilobytes * 1024; size += lines.at(-1)?.length ?? 0) {
    const n = lines.length;
    lines.push(
      `function step${n}(value) { const next = { value, of: NAME, at: ${n} }; return next.value ? next : null; }`,
    );
  }
  lines.push(`module.exports = { onLoad() { calls += 1; return step5(calls); } };`);
  return lines.join('\n');
}

function packageOf(folder: string, name: string, kilobytes: number): { source: PackageFolder; file: string } {
  const root = join(folder, name);
  const code = bundle(name, kilobytes);
  mkdirSync(root);
  writeFileSync(join(root, 'index.js'), code);
  const sha256 = createHash('sha256').update(code).digest('hex');
  const manifest = { id: 'bench', name, version: '1.0.0', permissions: [] } as unknown as PluginManifest;
  return {
    source: new PackageFolder({
      sha256,
      manifest,
      root,
      hashes: new Map([['index.js', sha256]]),
      maxFileBytes: 1024 * 1024,
    }),
    file: join(root, 'index.js'),
  };
}

const ownerOf = (tenant: string) => ({
  key: { tenant, pluginId: 'bench' },
  permissions: new Set<string>(),
  scope: new Scope(),
});

async function firstLoads(folder: string): Promise<BenchResult[]> {
  const loader = new ModuleLoader({ faults: noFaults });
  const sides: Record<string, (name: string) => unknown> = {
    ours: (name) => loader.instantiate(packageOf(folder, name, 10).source, ownerOf('acme')),
    require: (name) => requireModule(packageOf(folder, name, 10).file),
    'require again': (name) => requireModule(packageOf(folder, name, 10).file),
    import: (name) => import(pathToFileURL(packageOf(folder, name, 10).file).href),
  };
  // What all of them share, and is taken off: making the package there is to load.
  const making = (name: string): unknown => packageOf(folder, name, 10);
  const figures = new Map(Object.keys(sides).map((name) => [name, [] as number[]]));
  const names = Object.keys(sides);
  let serial = 0;
  const turn = async (load: (name: string) => unknown): Promise<number> => {
    const start = process.cpuUsage();
    for (let n = 0; n < BATCH; n++) await load(`p${serial++}`);
    const { user, system } = process.cpuUsage(start);
    return ((user + system) * 1000) / BATCH;
  };
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    const cost = await turn(making);
    for (let n = 0; n < names.length; n++) {
      const name = names[(n + round + WARM_UP_ROUNDS) % names.length] ?? '';
      const ns = (await turn(sides[name] as (name: string) => unknown)) - cost;
      if (round >= 0) figures.get(name)?.push(ns);
    }
  }
  const standings = new Standings(figures);
  const name = 'first load of a 10 kB plugin';
  return [
    toResult(`A/A: ${name}`, standings, { ours: 'require again', peer: 'require' }),
    toResult(name, standings, { ours: 'ours', peer: 'require', goal: ratioAtMost(1.3) }),
    toResult(name, standings, { ours: 'ours', peer: 'import' }),
  ];
}

async function furtherInstances(folder: string): Promise<BenchResult[]> {
  const { source, file } = packageOf(folder, 'shared', 100);
  const loader = new ModuleLoader({ faults: noFaults });
  // The first tenant stays, so that the compiled code does.
  loader.instantiate(source, ownerOf('first'));
  let version = 0;
  const standings = await contest(
    {
      ours: {
        kind: 'async',
        run: () => {
          const owner = ownerOf('other');
          loader.instantiate(source, owner);
          return owner.scope.dispose();
        },
      },
      'require after delete': {
        kind: 'sync',
        run: () => {
          delete requireModule.cache[file];
          requireModule(file);
        },
      },
      'import of a new address': {
        kind: 'async',
        run: () => import(`${pathToFileURL(file).href}?v=${version++}`),
      },
    },
    { rounds: 21 },
  );
  const name = 'a further instance of a 100 kB plugin';
  return [
    toResult(name, standings, {
      ours: 'ours',
      peer: 'require after delete',
      goal: oursAtMost(100_000, 'ns'),
    }),
    toResult(name, standings, { ours: 'ours', peer: 'import of a new address' }),
  ];
}
