#!/usr/bin/env node
// Runs a task of the workspace with nothing but Node and npm on the machine: installs what is missing with the
// pinned pnpm, builds what the task needs, then runs it. `node scripts/launch.mjs --help` lists the tasks.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

function run(command, args) {
  const { status, signal, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', npm_config_update_notifier: 'false' },
  });
  if (error) throw error;
  return signal ? 1 : (status ?? 1);
}

const pnpm = (...args) => run('npx', ['-y', packageManager, ...args]);
const node = (...args) => run(process.execPath, args);
const bin = (name, ...args) => run(join(root, 'node_modules', '.bin', name), args);

function install() {
  const marker = join(root, 'node_modules', '.modules.yaml');
  const lock = join(root, 'pnpm-lock.yaml');
  if (existsSync(marker) && statSync(marker).mtimeMs >= statSync(lock).mtimeMs) return 0;
  console.log('Installing dependencies …');
  return pnpm('install', '--frozen-lockfile');
}

// Through pnpm, where turbo looks for the package manager it asks about the workspace.
const turbo = (task) => pnpm('exec', 'turbo', 'run', task, '--output-logs=errors-only');
const build = () => turbo('build');

/** Runs `steps` until one fails; its exit code is the result. */
const inOrder = (...steps) => steps.reduce((code, step) => (code === 0 ? step() : code), 0);

const tasks = {
  install: { about: 'install the dependencies', run: () => install() },
  build: { about: 'build every package', run: () => inOrder(install, build) },
  test: {
    about: 'build, then run every test (arguments go to vitest)',
    run: (args) => inOrder(install, build, () => node('scripts/test.mjs', ...args)),
  },
  demo: {
    about: 'the whole story on a real host: --once exits when done, --fastify uses the other host',
    run: (args) => inOrder(install, build, () => node('scripts/demo.mjs', ...args)),
  },
  bench: {
    about: 'measure against the peers: --only NAME runs one',
    run: (args) =>
      inOrder(install, build, () => node('--expose-gc', '--import', 'tsx', 'bench/src/main.ts', ...args)),
  },
  lint: {
    about: 'biome and knip',
    run: () =>
      inOrder(
        install,
        () => bin('biome', 'check'),
        () => bin('knip'),
      ),
  },
  format: {
    about: 'let biome rewrite what it can',
    run: (args) => inOrder(install, () => bin('biome', 'check', '--write', ...args)),
  },
  typecheck: {
    about: 'type check every package',
    run: () =>
      inOrder(
        install,
        () => turbo('typecheck'),
        () => bin('tsc', '-p', '.'),
      ),
  },
  changeset: {
    about: 'record what users will notice',
    run: (args) => inOrder(install, () => bin('changeset', ...args)),
  },
};

const [name = '--help', ...args] = process.argv.slice(2);
const task = tasks[name];
if (!task) {
  const width = Math.max(...Object.keys(tasks).map((key) => key.length));
  console.log(
    'Tasks:\n' +
      Object.entries(tasks)
        .map(([key, { about }]) => `  ${key.padEnd(width)}  ${about}`)
        .join('\n'),
  );
  process.exit(name === '--help' ? 0 : 1);
}
process.exit(task.run(args));
