import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS as LIMITS } from '../foundation/limits.js';
import { buildZip, type ZipEntrySpec } from '../testing/zip-builder.js';
import { readArchive } from './archive.js';

const MB = 1024 * 1024;
const zip = (...entries: ZipEntrySpec[]): Buffer =>
  buildZip([{ name: 'manifest.json', content: '{}' }, ...entries]);
const deep = (levels: number): string => `${'d/'.repeat(levels - 1)}f`;

describe('the limits', () => {
  it('let through what just keeps to them', async () => {
    const files = await readArchive(
      zip(
        { name: 'a'.repeat(240), content: 'x' },
        { name: deep(16), content: 'x' },
        { name: 'small-zeros', content: Buffer.alloc(MB) },
        {
          name: 'noise',
          content: Buffer.from(Array.from({ length: 9000 }, (_, i) => (i * i * 31) >>> 3)),
          method: 0,
        },
        { name: 'console.js', content: 'x' },
        { name: 'a b.c-d_e.js', content: 'x' },
      ),
      LIMITS,
    );
    expect(files.size).toBe(7);
  });

  it('hold for the zip itself before it is looked at', async () => {
    await expect(readArchive(Buffer.alloc(101), { ...LIMITS, packageBytes: 100 })).rejects.toMatchObject({
      code: 'ZIP_TOO_LARGE',
      status: 413,
      details: { limit: 100, actual: 101 },
    });
  });

  it('keep an entry that lies about its size from being inflated beyond it', async () => {
    const liar = zip({
      name: 'a.js',
      data: deflateRawSync(Buffer.alloc(150 * MB)),
      method: 8,
      size: 900_000,
      crc32: 0,
    });
    const idle = process.memoryUsage().arrayBuffers;
    let peak = 0;
    const sampler = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().arrayBuffers);
    }, 1);
    try {
      await expect(readArchive(liar, LIMITS)).rejects.toMatchObject({ code: 'ZIP_CORRUPT' });
    } finally {
      clearInterval(sampler);
    }
    expect(peak - idle).toBeLessThan(16 * MB);
  });

  it('leave a nested zip closed', async () => {
    const inner = zip({ name: 'zeros', content: Buffer.alloc(4 * MB) });
    const files = await readArchive(zip({ name: 'inner.zip', content: inner, method: 0 }), LIMITS);
    expect(files.get('inner.zip')?.equals(inner)).toBe(true);
  });
});
