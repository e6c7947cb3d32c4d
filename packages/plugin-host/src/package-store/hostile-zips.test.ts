import { crc32, deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../foundation/limits.js';
import { buildZip, extraField, type ZipEntrySpec, type ZipOverrides } from '../testing/zip-builder.js';
import { readArchive } from './archive.js';

const MB = 1024 * 1024;
const LIMITS = { ...DEFAULT_LIMITS, packageEntries: 100 };

const manifest: ZipEntrySpec = { name: 'manifest.json', content: '{}' };
const zip = (...entries: ZipEntrySpec[]): Buffer => buildZip([manifest, ...entries]);
const named = (...names: (string | Buffer)[]): Buffer =>
  zip(...names.map((name) => ({ name, content: name.at(-1) === '/' ? '' : 'x' })));
const around = (overrides: ZipOverrides): Buffer => buildZip([manifest], overrides);
const deep = (levels: number): string => `${'d/'.repeat(levels - 1)}f`;
/** Hard to compress, and the same on every run. */
const large = Buffer.from(Array.from({ length: MB / 2 }, (_, i) => (i * i * 31) >>> 5));
const deflated = deflateRawSync(large);
const zeros = deflateRawSync(Buffer.alloc(4 * MB));
const descriptor = (crc: number, compressedSize: number, size: number): Buffer => {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32LE(crc, 0);
  bytes.writeUInt32LE(compressedSize, 4);
  bytes.writeUInt32LE(size, 8);
  return bytes;
};

const hostile: Record<string, Record<string, Buffer>> = {
  ZIP_PATH_UNSAFE: {
    'a name that climbs out': named('../evil.js'),
    'a name that climbs out further on': named('lib/../../evil.js'),
    'an absolute name': named('/etc/passwd'),
    'a backslash': named('lib\\..\\evil.js'),
    'a drive': named('C:evil.js'),
    'a NUL': named('index.js\0.png'),
    'an alternate data stream': named('index.js:evil'),
    'an empty segment': named('lib//a.js'),
    'a name of one slash': named('/'),
    'no name': named(''),
    'a dot segment': named('./a.js'),
    'a segment that begins with a dot': named('.git/config'),
    'a segment that ends with a dot': named('lib./a.js'),
    'a segment that ends with a space': named('a.js '),
    'a segment that begins with a space': named(' a.js'),
    'a Windows device': named('CON'),
    'a Windows device with an extension': named('lib/aux.txt'),
    'a Windows device with a space before its extension': named('nul .txt'),
    'a numbered Windows device': named('COM1.js'),
    'a line break': named('a\nb.js'),
    'a letter beyond ASCII': named('größe.js'),
    'a right-to-left mark': named('a\u202Esj.exe'),
    'bytes that are not UTF-8': named(Buffer.from([0x61, 0xff, 0x62])),
    'an overlong slash': named(Buffer.from([0x61, 0xc0, 0xaf, 0x62])),
    'a name of 241 bytes': named('a'.repeat(241)),
    'a name of 65,535 bytes': named('a/'.repeat(32_767)),
    'a name 17 levels deep': named(deep(17)),
    'a folder that climbs out': named('../'),
  },
  ZIP_ENTRY_TYPE: {
    'a symbolic link': zip({ name: 'link', content: '/etc/passwd', mode: 0o120777 }),
    'a link and an entry through it': zip(
      { name: 'link', content: '/etc', mode: 0o120777 },
      { name: 'other/passwd', content: 'x' },
    ),
    'a symbolic link said to come from DOS': zip({
      name: 'link',
      content: '/etc',
      mode: 0o120777,
      madeBy: 0,
    }),
    'a character device': zip({ name: 'null', mode: 0o020666 }),
    'a block device': zip({ name: 'sda', mode: 0o060660 }),
    'a pipe': zip({ name: 'pipe', mode: 0o010644 }),
    'a socket': zip({ name: 'socket', mode: 0o140755 }),
    'a hard link in the Unix field': zip({
      name: 'hard',
      extra: extraField(0x000d, Buffer.from('0123456789abindex.js')),
    }),
    'a link in the ASi field': zip({
      name: 'link',
      extra: extraField(0x756e, Buffer.from([0, 0, 0, 0, 0xff, 0xa1, 0, 0])),
    }),
    'a link told by the local header alone': zip({
      name: 'hard',
      local: { extra: extraField(0x000d, Buffer.from('0123456789abindex.js')) },
    }),
    'a volume label': zip({ name: 'disk', dosAttributes: 0x08 }),
    'a file whose mode says folder': zip({ name: 'lib', mode: 0o040755 }),
    'a file whose DOS attributes say folder': zip({ name: 'lib', dosAttributes: 0x10 }),
    'a folder whose mode says file': zip({ name: 'lib/', mode: 0o100644 }),
  },
  ZIP_DUPLICATE_ENTRY: {
    'the same name twice': named('a.js', 'a.js'),
    'the manifest twice': named('manifest.json'),
    'names that differ in case': named('MANIFEST.JSON'),
    'folders that differ in case': named('Lib/a.js', 'lib/b.js'),
    'names that differ in Unicode form': named('caf\u00e9.js', 'cafe\u0301.js'),
    'a file beneath a file': named('lib', 'lib/a.js'),
    'a file that is a folder already': named('lib/a.js', 'lib'),
    'a file that is a folder already, in other case': named('lib/a.js', 'LIB'),
    'a file beside a folder of its name': named('lib', 'lib/'),
    'the same folder twice': named('lib/', 'lib/'),
  },
  ZIP_TOO_LARGE: {
    'more entries than allowed': zip(...Array.from({ length: 100 }, (_, i) => ({ name: `${i}` }))),
    'an entry that states more than may be unpacked': zip({ name: 'a', content: 'x', size: 201 * MB }),
    'entries that together state more than may be unpacked': zip(
      ...Array.from({ length: 60 }, (_, i) => ({
        name: `${i}`,
        data: Buffer.alloc(64 * 1024),
        size: 4 * MB,
        method: 8,
      })),
    ),
    'a size that would be negative with a sign': zip({ name: 'a', content: 'x', size: 0x80000000 }),
  },
  ZIP_BOMB: {
    'one entry that unpacks to a thousand times its size': zip({
      name: 'zeros',
      content: Buffer.alloc(4 * MB),
    }),
    'many small ones that do together': zip(
      ...Array.from({ length: 50 }, (_, i) => ({ name: `${i}`, content: Buffer.alloc(MB) })),
    ),
    'two entries of the directory with the same content': buildZip([
      manifest,
      { name: 'a.js', content: 'x', offset: 0, directoryOnly: true },
    ]),
    'an entry that begins within another': (() => {
      const inner = buildZip([{ name: 'b.js', content: 'inner' }]);
      const local = inner.subarray(0, inner.readUInt32LE(inner.length - 22 + 16));
      return buildZip([
        { name: 'a.js', content: local, method: 0 },
        { name: 'b.js', content: 'inner', offset: 30 + 4, directoryOnly: true },
      ]);
    })(),
  },
  ZIP_CORRUPT: {
    nothing: Buffer.alloc(0),
    'no zip at all': Buffer.from('<!doctype html><title>Not found</title>'.repeat(4)),
    'a gzip': Buffer.from('1f8b0800000000000003', 'hex'),
    'bytes before the zip': around({ prefix: Buffer.from('#!/bin/sh\n') }),
    'bytes before the zip that the offsets allow for': around({
      prefix: Buffer.from('MZ'),
      directoryOffset: 47,
    }),
    'bytes behind the zip': around({ suffix: Buffer.from('x') }),
    'a second zip behind the first': Buffer.concat([zip(), zip({ name: 'evil.js' })]),
    'a comment': around({ comment: Buffer.from('hello') }),
    'a comment that holds another end': around({ comment: buildZip([]) }),
    'a comment that is said to be longer': around({ comment: Buffer.from('x'), commentLength: 9 }),
    'a comment that is not there': around({ commentLength: 4 }),
    'bytes between entries': zip(
      { name: 'a.js', content: 'x', gap: Buffer.from('hidden') },
      { name: 'b.js' },
    ),
    'bytes before the directory': around({ beforeDirectory: Buffer.from('hidden') }),
    'bytes behind the directory': around({ afterDirectory: Buffer.from('hidden') }),
    'an entry the directory does not name': around({
      beforeDirectory: buildZip([{ name: 'evil.js', content: 'x' }]).subarray(0, 38),
    }),
    'a count that leaves entries out': buildZip([manifest, { name: 'a.js' }], { count: 1 }),
    'a count of entries that are not there': buildZip([manifest], { count: 2 }),
    'counts that differ': around({ countOnDisk: 2 }),
    'a directory elsewhere': around({ directoryOffset: 3 }),
    'a directory of another size': around({ directorySize: 3 }),
    'a part of several': around({ disk: 1 }),
    'a directory on another part': around({ directoryDisk: 1 }),
    'an entry on another part': zip({ name: 'a.js', disk: 1 }),
    'zip64 by its count': around({ count: 0xffff }),
    'zip64 by its offset': around({ directoryOffset: 0xffffffff }),
    'zip64 by its size': around({ directorySize: 0xffffffff }),
    'zip64 by its locator': around({
      afterDirectory: Buffer.concat([Buffer.from('PK\x06\x07', 'latin1'), Buffer.alloc(16)]),
    }),
    'zip64 by an extra field': zip({ name: 'a.js', extra: extraField(0x0001, Buffer.alloc(16)) }),
    'zip64 by an extra field of the local header': zip({
      name: 'a.js',
      local: { extra: extraField(0x0001, Buffer.alloc(16)) },
    }),
    'zip64 by the size of an entry': zip({ name: 'a.js', compressedSize: 0xffffffff }),
    'extra fields that are cut off': zip({ name: 'a.js', extra: Buffer.from([1, 2, 3]) }),
    'an extra field longer than there is room': zip({
      name: 'a.js',
      extra: Buffer.from([0x55, 0x54, 9, 0, 1]),
    }),
    'an encrypted entry': zip({ name: 'a.js', content: 'x', flags: 0x0801 }),
    'a strongly encrypted entry': zip({ name: 'a.js', content: 'x', flags: 0x0840 }),
    'masked headers': zip({ name: 'a.js', content: 'x', flags: 0x2800 }),
    'AES by an extra field': zip({ name: 'a.js', content: 'x', extra: extraField(0x9901, Buffer.alloc(7)) }),
    'patched data': zip({ name: 'a.js', content: 'x', flags: 0x0820 }),
    'method LZMA': zip({ name: 'a.js', content: 'x', method: 14 }),
    'method zstd': zip({ name: 'a.js', content: 'x', method: 93 }),
    'method deflate64': zip({ name: 'a.js', content: 'x', method: 9 }),
    'a checksum that is wrong': zip({ name: 'a.js', content: 'x', crc32: 1 }),
    'a checksum that is wrong, stored': zip({ name: 'a.js', content: 'x', method: 0, crc32: 1 }),
    'a checksum that is wrong, large': zip({ name: 'a.js', content: large, crc32: 1 }),
    'more content than it states': zip({ name: 'a.js', content: 'four', size: 3 }),
    'less content than it states': zip({ name: 'a.js', content: 'four', size: 5 }),
    'much more content than it states': zip({
      name: 'a.js',
      data: zeros,
      size: 500_000,
      method: 8,
      content: Buffer.alloc(500_000),
    }),
    'content where it states none': zip({ name: 'a.js', content: 'four', size: 0, crc32: 0 }),
    'two sizes of stored content': zip({ name: 'a.js', content: 'four', method: 0, size: 3 }),
    'bytes behind the compressed content': zip({
      name: 'a.js',
      content: 'x',
      data: Buffer.concat([deflateRawSync(Buffer.from('x')), Buffer.from('hidden')]),
    }),
    'bytes behind large compressed content': zip({
      name: 'a.js',
      content: large,
      data: Buffer.concat([deflated, Buffer.alloc(6000)]),
    }),
    'compressed content that is cut off': zip({
      name: 'a.js',
      content: 'abcdefghij',
      data: deflateRawSync(Buffer.from('abcdefghij')).subarray(0, 6),
    }),
    'large compressed content that is cut off': zip({
      name: 'a.js',
      content: large,
      data: deflated.subarray(0, -9),
    }),
    'compressed content that is none': zip({
      name: 'a.js',
      content: 'x',
      data: Buffer.from('ffffffff', 'hex'),
    }),
    'a folder with content': zip({ name: 'lib/', content: 'x' }),
    'a folder that hides content': zip({
      name: 'lib/',
      data: Buffer.from('hidden'),
      size: 0,
      method: 8,
      crc32: 0,
    }),
    'another name in the local header': zip({ name: 'a.js', content: 'x', local: { name: 'b.js' } }),
    'a name of other length in the local header': zip({
      name: 'a.js',
      content: 'x',
      local: { name: 'evil.js' },
    }),
    'another size in the local header': zip({ name: 'a.js', content: 'x', local: { size: 2 } }),
    'another compressed size in the local header': zip({
      name: 'a.js',
      content: 'x',
      local: { compressedSize: 2 },
    }),
    'another checksum in the local header': zip({ name: 'a.js', content: 'x', local: { crc32: 2 } }),
    'another method in the local header': zip({ name: 'a.js', content: 'x', local: { method: 0 } }),
    'other flags in the local header': zip({ name: 'a.js', content: 'x', local: { flags: 0x0801 } }),
    'no sizes in the local header, nor behind the data': zip({
      name: 'a.js',
      content: 'x',
      local: { size: 0, compressedSize: 0, crc32: 0 },
    }),
    'a local header that is none': zip({ name: 'a.js', content: 'x', local: { signature: 0x04034b51 } }),
    'a directory record that is none': zip({ name: 'a.js', content: 'x', signature: 0x02014b51 }),
    'a descriptor that is missing': zip({ name: 'a.js', content: 'x', descriptor: Buffer.alloc(0) }),
    'a descriptor with another size': zip({
      name: 'a.js',
      content: 'x',
      method: 0,
      descriptor: descriptor(crc32('x'), 1, 2),
    }),
    'a descriptor with another checksum': zip({
      name: 'a.js',
      content: 'x',
      method: 0,
      descriptor: descriptor(1, 1, 1),
    }),
    'a zip64 descriptor': zip({
      name: 'a.js',
      content: 'x',
      method: 0,
      descriptor: Buffer.concat([descriptor(crc32('x'), 1, 0), descriptor(1, 0, 0)]),
    }),
    'an entry that reaches into the directory': zip({
      name: 'a.js',
      content: 'x',
      method: 0,
      compressedSize: 60,
      size: 60,
    }),
    'an entry outside the zip': buildZip([manifest, { name: 'a.js', offset: 0x7fffffff }]),
  },
};

for (const [code, zips] of Object.entries(hostile)) {
  describe(`${code} refuses`, () => {
    it.each(Object.entries(zips))('%s', async (_, bytes) => {
      await expect(readArchive(bytes, LIMITS)).rejects.toMatchObject({ code });
    });
  });
}
