// Packs every public package as npm would, then lets publint and are-the-types-wrong judge the tarballs.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const out = mkdtempSync(join(tmpdir(), 'plugin-host-pack-'));
const bin = (name) => join(root, 'node_modules', '.bin', name);

try {
  for (const name of readdirSync(join(root, 'packages'))) {
    execFileSync('npx', ['-y', packageManager, 'pack', '--pack-destination', out], {
      cwd: join(root, 'packages', name),
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  for (const tarball of readdirSync(out).sort()) {
    console.log(`\n${tarball}`);
    execFileSync(bin('publint'), ['run', join(out, tarball), '--strict'], { stdio: 'inherit' });
    execFileSync(
      bin('attw'),
      [join(out, tarball), '--profile', 'node16', '--no-emoji', '--format', 'ascii'],
      { stdio: 'inherit' },
    );
  }
} finally {
  rmSync(out, { recursive: true, force: true });
}
