import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PluginManifest } from '@verifywise/plugin-types';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256Hex } from './integrity.js';
import { PackageFolder } from './package-folder.js';

const manifest = { id: 'slack', version: '1.0.0' } as PluginManifest;
let root: string;
let modified: number;
let folder: PackageFolder;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'package-folder-'));
  await mkdir(join(root, 'lib'));
  await writeFile(join(root, 'index.js'), 'entry');
  await writeFile(join(root, 'lib/a.js'), 'a');
  await writeFile(join(root, 'unlisted.js'), 'unlisted');
  modified = 0;
  folder = new PackageFolder({
    sha256: 'b'.repeat(64),
    manifest,
    root,
    hashes: new Map([
      ['index.js', sha256Hex(Buffer.from('entry'))],
      ['lib/a.js', sha256Hex(Buffer.from('a'))],
    ]),
    maxFileBytes: 100,
    onModified: () => modified++,
  });
});

afterEach(() => rm(root, { recursive: true }));

const refused = (path: string) => {
  try {
    folder.read(path);
  } catch (error) {
    return error;
  }
  throw new Error(`${path} was read`);
};

describe('a package folder', () => {
  it('lists and reads what the package holds', () => {
    expect(folder).toMatchObject({ pluginId: 'slack', sha256: 'b'.repeat(64), root, manifest });
    expect(folder.list()).toEqual(['index.js', 'lib/a.js']);
    expect(folder.has('lib/a.js')).toBe(true);
    expect(folder.read('lib/a.js').toString()).toBe('a');
  });

  it.each([
    'unlisted.js',
    'lib',
    '',
    '.',
    '../etc/passwd',
    '/etc/passwd',
    'lib/../index.js',
    './index.js',
    'lib//a.js',
    'lib\\a.js',
    'INDEX.JS',
    'index.js\0',
    'constructor',
    '__proto__',
  ])('has nothing else: %j', (path) => {
    expect(folder.has(path)).toBe(false);
    expect(refused(path)).toMatchObject({
      code: 'ENTRY_MISSING',
      details: { pluginId: 'slack', entry: path },
    });
    expect(modified).toBe(0);
  });

  it.each([
    ['changed', () => writeFile(join(root, 'index.js'), 'ENTRY')],
    ['longer than any file of a package', () => writeFile(join(root, 'index.js'), 'x'.repeat(101))],
    ['gone', () => rm(join(root, 'index.js'))],
    ['a folder', () => rm(join(root, 'index.js')).then(() => mkdir(join(root, 'index.js')))],
    [
      'a link, even to the same content',
      async () => {
        await writeFile(join(root, 'copy.js'), 'entry');
        await rm(join(root, 'index.js'));
        await symlink('copy.js', join(root, 'index.js'));
      },
    ],
  ])('gives out no file that is %s', async (_, change) => {
    expect(folder.read('index.js').toString()).toBe('entry');
    await change();
    expect(refused('index.js')).toMatchObject({
      code: 'PACKAGE_MODIFIED',
      details: { sha256: 'b'.repeat(64), file: 'index.js' },
    });
    expect(modified).toBe(1);
    expect(folder.read('lib/a.js').toString()).toBe('a');
  });

  it.skipIf(process.platform === 'win32')('says when the system refuses to open a file', async () => {
    await chmod(join(root, 'index.js'), 0o000);
    const asRoot = process.geteuid?.() === 0;
    if (asRoot) process.seteuid?.(65_534);
    try {
      expect(refused('index.js')).toMatchObject({
        code: 'DISK_FULL',
        details: { reason: 'open failed with EACCES' },
      });
    } finally {
      if (asRoot) process.seteuid?.(0);
    }
    expect(modified).toBe(0);
  });
});
