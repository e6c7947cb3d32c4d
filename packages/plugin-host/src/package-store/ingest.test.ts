import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../foundation/limits.js';
import { packPlugin } from '../testing/pack-plugin.js';
import { type ExpectedPackage, ingestPackage } from './ingest.js';
import { sha256Hex } from './integrity.js';

const MANIFEST = {
  id: 'slack',
  name: 'Slack',
  description: 'Sends messages',
  version: '1.2.0',
  author: { name: 'VerifyWise' },
  type: 'integration',
  tags: [],
  permissions: [],
};
const manifest = (changes: object = {}): string => JSON.stringify({ ...MANIFEST, ...changes });

const ingest = async (files: Record<string, string | Buffer>, expected: Partial<ExpectedPackage> = {}) => {
  const { bytes, checksum } = await packPlugin(files);
  return ingestPackage(bytes, { checksum, ...expected }, DEFAULT_LIMITS);
};

describe('a package that is as it should be', () => {
  it('comes out unpacked, hashed file by file, with its manifest', async () => {
    const files = { 'manifest.json': manifest(), 'index.js': 'module.exports = {};', 'lib/a.js': 'a' };
    const { bytes, checksum } = await packPlugin(files);
    const pkg = await ingestPackage(bytes, { pluginId: 'slack', version: '1.2.0', checksum }, DEFAULT_LIMITS);

    expect(checksum).toBe(`sha256:${pkg.sha256}`);
    expect(pkg).toMatchObject({ size: bytes.length, manifest: { id: 'slack', version: '1.2.0' } });
    expect(pkg.bytes).toBe(bytes);
    expect([...pkg.files.keys()]).toEqual(['index.js', 'lib/a.js', 'manifest.json']);
    expect({ ...pkg.hashes }).toEqual({
      'index.js': sha256Hex(Buffer.from(files['index.js'])),
      'lib/a.js': sha256Hex(Buffer.from('a')),
      'manifest.json': sha256Hex(Buffer.from(files['manifest.json'])),
    });
  });

  it('may lie in a top-level folder', async () => {
    const pkg = await ingest({ 'slack-1.2.0/manifest.json': manifest(), 'slack-1.2.0/index.js': '' });
    expect([...pkg.files.keys()]).toEqual(['index.js', 'manifest.json']);
  });

  it('may come without a checksum only where that is said', async () => {
    const { bytes } = await packPlugin({ 'manifest.json': manifest() });
    const pkg = await ingestPackage(bytes, { checksum: null }, DEFAULT_LIMITS);
    expect(pkg.sha256).toBe(sha256Hex(bytes));
  });

  it('may hold files of names that objects inherit', async () => {
    const { hashes } = await ingest({ 'manifest.json': manifest(), ['__proto__']: 'x', constructor: 'y' });
    expect(Object.keys(hashes)).toEqual(['__proto__', 'constructor', 'manifest.json']);
    expect(JSON.parse(JSON.stringify(hashes))).toHaveProperty('constructor', sha256Hex(Buffer.from('y')));
  });

  it('may begin its manifest with a byte order mark', async () => {
    const pkg = await ingest({ 'manifest.json': `\uFEFF${manifest()}` });
    expect(pkg.manifest.id).toBe('slack');
  });
});

describe('a package is refused', () => {
  const good = { 'manifest.json': manifest(), 'index.js': '' };

  it('for a checksum that is not its own, before it is unpacked', async () => {
    const checksum = `sha256:${'0'.repeat(64)}`;
    await expect(ingest(good, { checksum })).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' });
    await expect(ingestPackage(Buffer.from('not a zip'), { checksum }, DEFAULT_LIMITS)).rejects.toMatchObject(
      { code: 'CHECKSUM_MISMATCH' },
    );
  });

  it('for a checksum that is none', async () => {
    await expect(ingest(good, { checksum: '' })).rejects.toMatchObject({ code: 'CHECKSUM_FORMAT' });
  });

  it('for being no zip', async () => {
    await expect(
      ingestPackage(Buffer.from('not a zip'), { checksum: null }, DEFAULT_LIMITS),
    ).rejects.toMatchObject({ code: 'ZIP_CORRUPT' });
  });

  it.each([
    ['none', { 'index.js': '' }],
    ['one too deep', { 'a/b/manifest.json': manifest(), 'a/index.js': '' }],
    ['one beside its folder', { 'plugin/manifest.json': manifest(), 'README.md': '' }],
    ['one in other case', { 'Manifest.json': manifest() }],
  ])('for its manifest: %s', async (_, files: Record<string, string>) => {
    await expect(ingest(files)).rejects.toMatchObject({ code: 'MANIFEST_MISSING' });
  });

  it.each([
    ['no JSON', '{'],
    ['UTF-16', Buffer.from(`\uFEFF${manifest()}`, 'utf16le')],
    ['UTF-16 without a mark', Buffer.from(manifest(), 'utf16le')],
    ['larger than 256 KB', manifest({ padding: 'x'.repeat(300_000) })],
    ['nested too deep', manifest({ ui: JSON.parse('['.repeat(40) + ']'.repeat(40)) })],
    ['text a database cannot hold', manifest({ description: 'a\u0000b' })],
    ['a list', '[]'],
  ])('for a manifest that is %s', async (_, source) => {
    await expect(ingest({ 'manifest.json': source })).rejects.toMatchObject({
      code: 'MANIFEST_INVALID',
      status: 422,
    });
  });

  it('for fields of its manifest, naming each', async () => {
    await expect(
      ingest({ 'manifest.json': manifest({ id: 'Slack!', version: 'one' }) }),
    ).rejects.toMatchObject({
      code: 'MANIFEST_INVALID',
      details: {
        issues: expect.arrayContaining([
          expect.objectContaining({ path: '/id' }),
          expect.objectContaining({ path: '/version' }),
        ]),
      },
    });
  });

  it('for being another plugin than was asked for', async () => {
    await expect(ingest(good, { pluginId: 'jira' })).rejects.toMatchObject({
      code: 'MANIFEST_ID_MISMATCH',
      details: { expected: 'jira', actual: 'slack' },
    });
  });

  it.each(['1.2.1', '1.2.0-beta.1', '2.0', 'v1.2.0', '1.2.0.0', 'latest', ''])(
    'for being another version than %j',
    async (version) => {
      await expect(ingest(good, { version })).rejects.toMatchObject({
        code: 'VERSION_MISMATCH',
        details: { pluginId: 'slack', expected: version, actual: '1.2.0' },
      });
    },
  );

  it.each([
    ['1.2', '1.2.0'],
    ['1.2.0', '1.2'],
    ['1.2', '1.2'],
  ])('not for writing its version otherwise: %s for %s', async (asked, written) => {
    const pkg = await ingest({ 'manifest.json': manifest({ version: written }) }, { version: asked });
    expect(pkg.manifest.version).toBe(written);
  });
});

describe('the code of a package', () => {
  it('may be missing: then it is its manifest', async () => {
    const pkg = await ingest({ 'manifest.json': manifest(), 'README.md': '' });
    expect(pkg.files.has('index.js')).toBe(false);
  });

  it.each(['index.ts', 'index.tsx', 'index.mjs', 'index.cjs', 'index.mts'])(
    'has to be built first: %s alone will not do',
    async (file) => {
      await expect(ingest({ 'manifest.json': manifest(), [file]: '' })).rejects.toMatchObject({
        code: 'ENTRY_MISSING',
        details: { entry: 'index.js' },
        hint: expect.stringContaining('Build'),
      });
    },
  );

  it('may have its source beside it', async () => {
    await ingest({ 'manifest.json': manifest(), 'index.ts': '', 'index.js': '' });
  });

  it('has to be there where the manifest names it', async () => {
    const named = { 'manifest.json': manifest({ main: 'dist/plugin.js' }) };
    await expect(ingest({ ...named, 'index.js': '' })).rejects.toMatchObject({
      code: 'ENTRY_MISSING',
      details: { entry: 'dist/plugin.js' },
    });
    await ingest({ ...named, 'dist/plugin.js': '' });
    await ingest({ 'manifest.json': manifest({ main: './index.js' }), 'index.js': '' });
  });

  it('may not be named unbuilt', async () => {
    await expect(
      ingest({ 'manifest.json': manifest({ main: 'src/index.ts' }), 'src/index.ts': '' }),
    ).rejects.toMatchObject({ code: 'ENTRY_MISSING', details: { entry: 'index.js' } });
  });
});
