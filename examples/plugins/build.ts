// Builds the example plugins into reproducible zips and a registry.json beside them: `node --import tsx build.ts`.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packPlugin } from '@verifywise/plugin-host/testing';
import { parseManifest, validateManifest, zipName } from '@verifywise/plugin-manifest';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, 'dist');

/** The date of the newest entry of a changelog. A registry made from the same sources is the same to the byte. */
const releasedOn = (changelog: string): string =>
  /^## \[[^\]]+\] - (\d{4}-\d{2}-\d{2})/m.exec(changelog)?.[1] ?? '1970-01-01';

async function bundle(folder: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(folder, 'src/index.ts')],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    supported: { 'dynamic-import': false },
    sourcemap: 'inline',
    write: false,
    // Resolved by the host: every plugin sees the one copy of it.
    external: ['@verifywise/plugin-types'],
  });
  return outputFiles[0]?.text ?? '';
}

async function release(name: string) {
  const folder = join(here, name);
  const written = readFileSync(join(folder, 'manifest.json'));
  const manifest = parseManifest(written);
  for (const { path, message, hint = '' } of validateManifest(written).warnings) {
    console.warn(`${name}/manifest.json: ${path} ${message}. ${hint}`);
  }
  const extras = ['icon.png', 'CHANGELOG.md', 'README.md'].filter((file) => existsSync(join(folder, file)));
  const { bytes, checksum } = await packPlugin({
    'manifest.json': written,
    'index.js': await bundle(folder),
    ...Object.fromEntries(extras.map((file) => [file, readFileSync(join(folder, file))])),
  });
  const changelog = extras.includes('CHANGELOG.md') ? readFileSync(join(folder, 'CHANGELOG.md'), 'utf8') : '';
  const zip = zipName(manifest.id, manifest.version);
  writeFileSync(join(out, zip), bytes);
  const { config: _, ...entry } = manifest;
  return { released: releasedOn(changelog), entry: { ...entry, download: `./${zip}`, checksum } };
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const names = readdirSync(here, { withFileTypes: true })
  .filter(
    (entry) =>
      entry.isDirectory() &&
      !['dist', 'node_modules', 'test'].includes(entry.name) &&
      !entry.name.startsWith('.'),
  )
  .map((entry) => entry.name)
  .sort();
const releases = await Promise.all(names.map(release));
const generated = releases
  .map(({ released }) => released)
  .sort()
  .at(-1);
writeFileSync(
  join(out, 'registry.json'),
  `${JSON.stringify({ version: '1.0.0', generated: `${generated}T00:00:00Z`, plugins: releases.map(({ entry }) => entry) }, null, 2)}\n`,
);
console.log(releases.map(({ entry }) => `${entry.id} ${entry.version} ${entry.checksum}`).join('\n'));
