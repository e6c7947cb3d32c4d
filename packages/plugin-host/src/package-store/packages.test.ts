import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { countEffects, PackageStoreFixture } from '../testing/package-store-fixture.js';
import type { Effects } from './effects.js';
import type { PackageStore } from './packages.js';

const MB = 1024 * 1024;

let fixture: PackageStoreFixture;
let store: PackageStore;

beforeAll(async () => {
  fixture = await PackageStoreFixture.open();
});
beforeEach(() => {
  store = fixture.store();
});
afterEach(() => fixture.clear());
afterAll(() => fixture.close());

/** The same on every run, and hard to compress. */
const noise = (length: number): Buffer => {
  const bytes = Buffer.alloc(length);
  for (let i = 0, state = 1; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
};
const chunks = (sha256: string) =>
  fixture.db
    .selectFrom('plugin_package_chunks')
    .selectAll()
    .where('sha256', '=', sha256)
    .orderBy('n')
    .execute();
describe('saving', () => {
  it('stores the zip in pieces of 1 MB, with what is in it', async () => {
    const pkg = await fixture.saved({ 'data.bin': noise(2.5 * MB) });
    const pieces = await chunks(pkg.sha256);
    expect(pieces.map(({ n, bytes }) => [n, bytes.length])).toEqual([
      [0, MB],
      [1, MB],
      [2, pkg.size - 2 * MB],
    ]);
    expect(Buffer.concat(pieces.map(({ bytes }) => bytes)).equals(pkg.bytes)).toBe(true);

    const row = await fixture.db.selectFrom('plugin_packages').selectAll().executeTakeFirstOrThrow();
    expect(row).toMatchObject({
      sha256: pkg.sha256,
      plugin_id: 'slack',
      version: '1.0.0',
      size: pkg.size,
      files: { ...pkg.hashes },
      manifest: pkg.manifest,
    });
  });

  it('twice, or by many at once, is saving once', async () => {
    const pkg = await fixture.ingest();
    await Promise.all(Array.from({ length: 6 }, () => store.save(fixture.db, pkg)));
    await store.save(fixture.db, pkg);
    expect(await fixture.packages()).toEqual([pkg.sha256]);
    expect(await chunks(pkg.sha256)).toHaveLength(1);
  });

  it('in a transaction that is rolled back leaves nothing', async () => {
    const pkg = await fixture.ingest();
    const failing = fixture.db.transaction().execute(async (transaction) => {
      await store.save(transaction, pkg);
      throw new Error('the change failed');
    });
    await expect(failing).rejects.toThrow('the change failed');
    expect(await fixture.packages()).toEqual([]);
  });

  it('makes good what the database has lost of a package', async () => {
    const pkg = await fixture.saved({ 'data.bin': noise(1.5 * MB) });
    await fixture.db.deleteFrom('plugin_package_chunks').where('n', '=', 1).execute();
    await expect(store.materialise(pkg.sha256)).rejects.toMatchObject({ code: 'PACKAGE_LOST' });
    await store.save(fixture.db, pkg);
    expect((await store.materialise(pkg.sha256)).list()).toContain('data.bin');
  });
});

describe('materialising', () => {
  it('unpacks to a folder of the package’s name', async () => {
    const pkg = await fixture.saved({ 'lib/a.js': 'a', ['__proto__']: 'p', constructor: 'c' });
    const folder = await store.materialise(pkg.sha256);
    expect(folder).toMatchObject({
      sha256: pkg.sha256,
      pluginId: 'slack',
      manifest: pkg.manifest,
      root: join(fixture.dataDir, 'packages', pkg.sha256),
    });
    expect(folder.list().sort()).toEqual([
      '__proto__',
      'constructor',
      'index.js',
      'lib/a.js',
      'manifest.json',
    ]);
    for (const [path, content] of pkg.files) expect(folder.read(path)).toEqual(content);
    expect(await fixture.staged()).toEqual([]);
  });

  it('finds the folder again, in this process and the next, and writes nothing', async () => {
    const { sha256 } = await fixture.saved();
    const folder = await store.materialise(sha256);
    expect(await store.materialise(sha256)).toBe(folder);

    const effects = countEffects();
    const next = await fixture.store({ effects }).materialise(sha256);
    expect(next.read('index.js').toString()).toBe('module.exports = {};');
    expect(effects.names).toEqual([]);
  });

  it('happens once for all who ask at the same time', async () => {
    const { sha256 } = await fixture.saved();
    const effects = countEffects();
    const busy = fixture.store({ effects });
    const folders = await Promise.all(Array.from({ length: 20 }, () => busy.materialise(sha256)));
    expect(new Set(folders).size).toBe(1);
    expect(effects.names.filter((name) => name === 'rename')).toHaveLength(1);
  });

  it('may happen in many processes at once', async () => {
    const { sha256, files } = await fixture.saved({ 'lib/a.js': 'a' });
    const folders = await Promise.all(Array.from({ length: 6 }, () => fixture.store().materialise(sha256)));
    for (const folder of folders) {
      for (const [path, content] of files) expect(folder.read(path)).toEqual(content);
    }
    expect(await fixture.cached()).toEqual([sha256]);
    expect(await fixture.staged()).toEqual([]);
  });

  it('holds for packages larger than the limits that were lowered since', async () => {
    const { sha256 } = await fixture.saved({ 'lib/a.js': 'a'.repeat(1000) });
    const lowered = fixture.store({
      limits: { packageBytes: 10, unpackedBytes: 2000, packageEntries: 1, compressionRatio: 1 },
    });
    expect((await lowered.materialise(sha256)).read('lib/a.js').length).toBe(1000);
  });

  it('of a relative data directory gives an absolute folder', async () => {
    const { sha256 } = await fixture.saved();
    const relative = fixture.store({
      dataDir: join('..', '..', '..', '..', '..', '..', '..', '..', fixture.dataDir),
    });
    expect((await relative.materialise(sha256)).root).toBe(join(fixture.dataDir, 'packages', sha256));
  });

  it.each(['nothing', '../../etc', 'a'.repeat(64)])('of what is no package fails: %s', async (sha256) => {
    await expect(store.materialise(sha256)).rejects.toMatchObject({
      code: 'PACKAGE_LOST',
      details: { sha256 },
    });
    expect(await fixture.cached()).toEqual([]);
  });

  it('of a package the database has damaged fails, and says so each time', async () => {
    const { sha256 } = await fixture.saved();
    await fixture.db
      .updateTable('plugin_package_chunks')
      .set({ bytes: Buffer.from('not the zip') })
      .execute();
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(store.materialise(sha256)).rejects.toMatchObject({ code: 'PACKAGE_LOST' });
    }
    await fixture.db.deleteFrom('plugin_package_chunks').execute();
    await expect(store.materialise(sha256)).rejects.toMatchObject({ code: 'PACKAGE_LOST' });
    expect(await fixture.cached()).toEqual([]);
  });

  it('of a package whose list of files is not the zip’s fails', async () => {
    const { sha256, hashes } = await fixture.saved();
    await fixture.db
      .updateTable('plugin_packages')
      .set({ files: JSON.stringify({ ...hashes, 'evil.js': '0'.repeat(64) }) })
      .execute();
    await expect(store.materialise(sha256)).rejects.toMatchObject({ code: 'PACKAGE_LOST' });
  });
});

describe('a folder heals', () => {
  it.each([
    ['when it is gone', (root: string) => rm(root, { recursive: true })],
    ['when a file is gone', (root: string) => rm(join(root, 'index.js'))],
    ['when a file was changed', (root: string) => overwrite(join(root, 'lib/a.js'), 'evil')],
    ['when a file was cut off by a power failure', (root: string) => overwrite(join(root, 'index.js'), '')],
    ['when the whole cache is gone', () => rm(fixture.dataDir, { recursive: true })],
  ])('%s, for a process that starts', async (_, damage) => {
    const { sha256, files } = await fixture.saved({ 'lib/a.js': 'a' });
    await damage((await store.materialise(sha256)).root);
    const folder = await fixture.store().materialise(sha256);
    for (const [path, content] of files) expect(folder.read(path)).toEqual(content);
    expect(await fixture.staged()).toEqual([]);
  });

  it('for a process that runs, once a reader has met the damage', async () => {
    const { sha256 } = await fixture.saved({ 'lib/a.js': 'a' });
    const folder = await store.materialise(sha256);
    await overwrite(join(folder.root, 'lib/a.js'), 'evil');
    expect(() => folder.read('lib/a.js')).toThrow(
      expect.objectContaining({ code: 'PACKAGE_MODIFIED', details: { sha256, file: 'lib/a.js' } }),
    );
    const healed = await store.materialise(sha256);
    expect(healed.read('lib/a.js').toString()).toBe('a');
    // The folder others hold is whole again as well.
    expect(folder.read('lib/a.js').toString()).toBe('a');
  });

  it('for a process that runs, when it is gone', async () => {
    const { sha256 } = await fixture.saved();
    const folder = await store.materialise(sha256);
    await rm(folder.root, { recursive: true });
    await store.materialise(sha256);
    expect(folder.read('index.js').toString()).toBe('module.exports = {};');
  });

  it('only in the files: another package is not touched', async () => {
    const one = await fixture.saved({}, 'one');
    const two = await fixture.saved({}, 'two');
    const [first, second] = await Promise.all([one, two].map(({ sha256 }) => store.materialise(sha256)));
    await overwrite(join(first?.root ?? '', 'index.js'), 'evil');
    const effects = countEffects();
    await fixture.store({ effects }).materialise(two.sha256);
    expect(effects.names).toEqual([]);
    expect(second?.read('index.js').toString()).toBe('module.exports = {};');
  });

  async function overwrite(path: string, content: string): Promise<void> {
    await chmod(path, 0o600);
    await writeFile(path, content);
  }
});

describe('a disk that fails', () => {
  it('while unpacking leaves nothing, and the next attempt succeeds', async () => {
    const { sha256 } = await fixture.saved({ 'lib/a.js': 'a' });
    let full = true;
    const effects: Effects = {
      step: (name, run) =>
        full && name === 'write'
          ? Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC', syscall: 'write' }))
          : run(),
    };
    const filling = fixture.store({ effects });
    await expect(filling.materialise(sha256)).rejects.toMatchObject({ code: 'DISK_FULL', status: 507 });
    expect(await fixture.staged()).toEqual([]);
    expect(await fixture.cached()).toEqual([]);
    full = false;
    expect((await filling.materialise(sha256)).read('lib/a.js').toString()).toBe('a');
  });
});
