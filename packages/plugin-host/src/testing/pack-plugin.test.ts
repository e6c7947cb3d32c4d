import JSZip from 'jszip';
import { expect, it } from 'vitest';
import { packPlugin } from './pack-plugin.js';

const files = {
  'manifest.json': '{}',
  'index.js': 'module.exports = {};',
  'lib/a.js': Buffer.from([0, 255, 10]),
};

it('packs the same files to the same bytes, in whatever order they are given', async () => {
  const once = await packPlugin(files);
  const again = await packPlugin(Object.fromEntries(Object.entries(files).reverse()));
  expect(again).toEqual(once);
  // Changes only where JSZip's output does: then every published checksum of unchanged files would change too.
  expect(once.checksum).toBe('sha256:803bedcd3e7ec2e7553a7bb3cc1fa94d8d5e837930156e07378827fef71e8733');
});

it('packs what other tools can read', async () => {
  const { bytes } = await packPlugin(files);
  const zip = await JSZip.loadAsync(bytes, { checkCRC32: true });
  expect(Object.keys(zip.files)).toEqual(['index.js', 'lib/a.js', 'manifest.json']);
  expect(await zip.file('lib/a.js')?.async('nodebuffer')).toEqual(files['lib/a.js']);
});
