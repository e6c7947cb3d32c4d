import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

// Compiled first, as what is published is, and run by Node alone: tsx gives every function made at run time its name
// with a call of its own, which would make whoever creates closures look ten times as slow.
const entry = fileURLToPath(new URL('run.ts', import.meta.url));
const outfile = fileURLToPath(new URL('../dist/run.mjs', import.meta.url));

await build({
  entryPoints: [entry],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  conditions: ['verifywise-source'],
  external: ['esbuild'],
  // What is bundled and written for CommonJS asks for this.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module';\nconst require = requireFrom(import.meta.url);",
  },
  logLevel: 'warning',
});

const { status } = spawnSync(process.execPath, ['--expose-gc', outfile, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
