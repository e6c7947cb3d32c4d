import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import JSZip from 'jszip';
import { describe, expect, it } from 'vitest';
import { isHostError } from '../foundation/errors/index.js';
import { DEFAULT_LIMITS } from '../foundation/limits.js';
import { packPlugin } from '../testing/pack-plugin.js';
import { buildZip } from '../testing/zip-builder.js';
import { readArchive } from './archive.js';

const MB = 1024 * 1024;
const fixture = (name: string): Buffer =>
  readFileSync(fileURLToPath(new URL(`./fixtures/${name}.zip`, import.meta.url)));
const read = (bytes: Buffer, limits: Partial<typeof DEFAULT_LIMITS> = {}) =>
  readArchive(bytes, { ...DEFAULT_LIMITS, ...limits });
const textOf = (files: ReadonlyMap<string, Buffer>): Record<string, string> =>
  Object.fromEntries([...files].map(([path, content]) => [path, content.toString('latin1')]));
/** The same on every run, and hard to compress. */
const noise = (length: number): Buffer => {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
};

describe('zips of ordinary tools', () => {
  const expected = ['empty.txt', 'icon.png', 'index.js', 'lib/a.js', 'manifest.json'];

  it.each([
    ['info-zip', expected],
    ['info-zip-streamed', expected],
    ['info-zip-stored', expected],
    ['info-zip-deleted', expected.filter((path) => path !== 'lib/a.js')],
    ['python', expected],
    ['python-streamed', expected],
    ['python-stored', expected],
    ['jar', expected],
    ['git-tree', expected],
  ])('are read as JSZip reads them: %s', async (name, paths) => {
    const bytes = fixture(name);
    const files = await read(bytes);
    expect([...files.keys()]).toEqual(paths);

    const theirs = await JSZip.loadAsync(bytes);
    const folder = name === 'info-zip' ? 'plugin/' : '';
    for (const [path, content] of files) {
      expect(content).toEqual(await theirs.file(folder + path)?.async('nodebuffer'));
    }
  });

  it.each(['STORE', 'DEFLATE'] as const)(
    'of JSZip itself, streamed and not, with %s',
    async (compression) => {
      for (const streamFiles of [false, true]) {
        for (const platform of ['DOS', 'UNIX'] as const) {
          const zip = new JSZip();
          zip.file('manifest.json', '{}').file('lib/deep/a.js', 'x'.repeat(5000)).folder('assets');
          const bytes = await zip.generateAsync({ type: 'nodebuffer', compression, streamFiles, platform });
          expect(textOf(await read(bytes))).toEqual({
            'manifest.json': '{}',
            'lib/deep/a.js': 'x'.repeat(5000),
          });
        }
      }
    },
  );

  it('may describe streamed entries with or without a signature', async () => {
    const files = await read(
      buildZip([
        { name: 'a.js', content: 'first', descriptor: 'signed' },
        { name: 'b.js', content: 'second', descriptor: 'bare' },
        { name: 'c.js', content: 'third', descriptor: 'bare', method: 0 },
      ]),
    );
    expect(textOf(files)).toEqual({ 'a.js': 'first', 'b.js': 'second', 'c.js': 'third' });
  });

  it('may list their entries in another order than they hold them', async () => {
    const [first, second] = ['a.js', 'b.js'].map((name) => ({ name, content: name }));
    const inOrder = buildZip([first, second].flatMap((entry) => entry ?? []));
    const record = 46 + 4;
    const directory = inOrder.readUInt32LE(inOrder.length - 22 + 16);
    const swapped = Buffer.concat([
      inOrder.subarray(0, directory),
      inOrder.subarray(directory + record, directory + 2 * record),
      inOrder.subarray(directory, directory + record),
      inOrder.subarray(directory + 2 * record),
    ]);
    expect(textOf(await read(swapped))).toEqual({ 'a.js': 'a.js', 'b.js': 'b.js' });
  });

  it('may be empty', async () => {
    expect((await read(buildZip([]))).size).toBe(0);
  });
});

describe('the content of a package', () => {
  it('comes out as it was packed, whatever its names and bytes', async () => {
    const segment = fc
      .stringMatching(/^[a-z0-9_]([a-z0-9._ -]{0,12}[a-z0-9_-])?$/)
      .filter((s) => !/^(con|prn|aux|nul|com\d|lpt\d) *(\.|$)/.test(s));
    const path = fc
      .array(segment, { minLength: 1, maxLength: 4 })
      .map((parts) => `f${parts.length}/${parts.join('/')}x${parts.length}`);
    const content = fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes));
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(path, content, { maxKeys: 12, noNullPrototype: true }),
        async (packed) => {
          const files = { 'root.txt': Buffer.from('keeps the folders'), ...packed };
          const paths = Object.keys(files);
          fc.pre(!paths.some((a) => paths.some((b) => b.startsWith(`${a}/`))));
          const { bytes } = await packPlugin(files);
          expect(Object.fromEntries(await read(bytes))).toEqual(files);
        },
      ),
      { numRuns: 60, seed: 7 },
    );
  });

  it('includes files larger than are inflated at once, stored and deflated', async () => {
    const large = Buffer.concat([noise(3 * MB), Buffer.alloc(2 * MB, 'compressible ')]);
    const files = await read(
      buildZip([
        { name: 'deflated.bin', content: large },
        { name: 'stored.bin', content: large, method: 0 },
      ]),
    );
    expect(files.get('deflated.bin')?.equals(large)).toBe(true);
    expect(files.get('stored.bin')?.equals(large)).toBe(true);
  });

  it('keeps names that objects inherit', async () => {
    const files = await read(
      buildZip(['__proto__', 'constructor', 'toString'].map((name) => ({ name, content: name }))),
    );
    expect(textOf(files).constructor).toBe('constructor');
    expect(files.get('__proto__')?.toString()).toBe('__proto__');
  });

  it('does not retain more memory than its files are long', async () => {
    const files = await read(
      buildZip(Array.from({ length: 500 }, (_, i) => ({ name: `${i}.js`, content: `f(${i});` }))),
    );
    const backing = new Set([...files.values()].map(({ buffer }) => buffer));
    const retained = [...backing].reduce((sum, { byteLength }) => sum + byteLength, 0);
    // Node serves small buffers from pools, of 8 kB or since Node 22 of 64 kB, and inflates into 64 bytes at least.
    expect(retained).toBeLessThan(500 * 100 + Buffer.poolSize);
  });

  it('is read without holding up the event loop', async () => {
    const { bytes } = await packPlugin(
      Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`${i}.js`, `module.exports = ${i};`])),
    );
    let turns = 0;
    let reading = true;
    const turn = () => {
      turns++;
      if (reading) setImmediate(turn);
    };
    setImmediate(turn);
    await read(bytes);
    reading = false;
    expect(turns).toBeGreaterThan(1);
  });
});

describe('one top-level folder', () => {
  const names = async (...paths: string[]) => [
    ...(await read(buildZip(paths.map((name) => ({ name }))))).keys(),
  ];

  it('is taken off', async () => {
    expect(await names('slack/manifest.json', 'slack/lib/a.js')).toEqual(['lib/a.js', 'manifest.json']);
    expect(await names('slack/', 'slack/lib/', 'slack/manifest.json')).toEqual(['manifest.json']);
  });

  it('is taken off once only', async () => {
    expect(await names('a/b/manifest.json', 'a/b/index.js')).toEqual(['b/index.js', 'b/manifest.json']);
  });

  it('stays where anything lies beside it', async () => {
    expect(await names('slack/manifest.json', 'README.md')).toEqual(['README.md', 'slack/manifest.json']);
    expect(await names('slack/manifest.json', 'other/')).toEqual(['slack/manifest.json']);
    expect(await names('slack/manifest.json', 'slack2/a.js')).toEqual(['slack/manifest.json', 'slack2/a.js']);
  });
});

describe('any damage to a sound zip', () => {
  const refusals = /^ZIP_(CORRUPT|TOO_LARGE|BOMB|ENTRY_TYPE|DUPLICATE_ENTRY|PATH_UNSAFE)$/;
  const sound = buildZip([
    { name: 'manifest.json', content: '{"id":"sample"}', mode: 0o100644 },
    { name: 'lib/', mode: 0o040755, dosAttributes: 0x10 },
    { name: 'lib/a.js', content: 'module.exports = 1;'.repeat(20), descriptor: 'signed' },
    { name: 'raw.bin', content: noise(40), method: 0 },
  ]);

  const outcome = async (bytes: Buffer): Promise<string | Record<string, string>> => {
    try {
      return textOf(await read(bytes));
    } catch (error) {
      if (!isHostError(error)) throw error;
      return error.code;
    }
  };

  it('of one byte is refused, or changes nothing that is read', async () => {
    const unharmed = await outcome(sound);
    expect(unharmed).toHaveProperty('manifest.json');
    let refused = 0;
    for (let at = 0; at < sound.length; at++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const damaged = Buffer.from(sound);
        damaged[at] = (damaged[at] ?? 0) ^ flip;
        const result = await outcome(damaged);
        if (typeof result === 'string') {
          expect(result).toMatch(refusals);
          refused++;
        } else {
          expect(result, `byte ${at} ^ ${flip}`).toEqual(unharmed);
        }
      }
    }
    // What may change unseen: dates, versions, permissions.
    expect(refused).toBeGreaterThan(sound.length * 2);
  });

  it('of its length is refused', async () => {
    for (let length = 0; length < sound.length; length++) {
      expect(await outcome(sound.subarray(0, length)), `cut to ${length}`).toBe('ZIP_CORRUPT');
    }
  });

  it('or none of it being a zip is refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        expect(await outcome(Buffer.from(bytes))).toBe('ZIP_CORRUPT');
      }),
      { numRuns: 300, seed: 11 },
    );
  });
});
