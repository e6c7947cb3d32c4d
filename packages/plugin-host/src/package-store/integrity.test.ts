import { describe, expect, it } from 'vitest';
import {
  parseChecksum,
  sameDigest,
  sha256Hex,
  sha256InSlices,
  toChecksum,
  verifyChecksum,
} from './integrity.js';

const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

describe('a checksum', () => {
  it('is sha256: and 64 lower-case hexadecimal digits', () => {
    expect(parseChecksum(`sha256:${EMPTY}`)).toBe(EMPTY);
    expect(parseChecksum(toChecksum(EMPTY))).toBe(EMPTY);
  });

  it.each([
    ['nothing', ''],
    ['the prefix alone', 'sha256:'],
    ['digits alone', EMPTY],
    ['an upper-case prefix', `SHA256:${EMPTY}`],
    ['upper-case digits', `sha256:${EMPTY.toUpperCase()}`],
    ['too few digits', `sha256:${EMPTY.slice(1)}`],
    ['too many digits', `sha256:${EMPTY}0`],
    ['another algorithm', `sha1:${EMPTY.slice(0, 40)}`],
    ['another prefix', `sha512:${EMPTY}`],
    ['letters that are no digits', `sha256:${EMPTY.replace('e', 'g')}`],
    ['a line break behind', `sha256:${EMPTY}\n`],
    ['a space before', ` sha256:${EMPTY}`],
    ['two of them', `sha256:${EMPTY},sha256:${EMPTY}`],
  ])('is not %s', (_, checksum) => {
    expect(() => parseChecksum(checksum)).toThrow(
      expect.objectContaining({ code: 'CHECKSUM_FORMAT', status: 400 }),
    );
  });

  it('is not something else than text, as JSON may hold it', () => {
    for (const checksum of [null, undefined, 1, [`sha256:${EMPTY}`], {}]) {
      expect(() => parseChecksum(checksum as unknown as string)).toThrow(
        expect.objectContaining({ code: 'CHECKSUM_FORMAT' }),
      );
    }
  });

  it('is repeated in the error only as far as it is readable', () => {
    expect(() => parseChecksum('x'.repeat(100_000))).toThrow(/^"x{80}" is not a checksum/);
  });
});

describe('hashing', () => {
  it('gives what sha256sum gives', async () => {
    expect(sha256Hex(Buffer.alloc(0))).toBe(EMPTY);
    expect(sha256Hex(Buffer.from('abc'))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    expect(await sha256InSlices(Buffer.alloc(0))).toBe(EMPTY);
  });

  it('gives the same in slices, at their edges as well', async () => {
    for (const length of [1, 512 * 1024 - 1, 512 * 1024, 512 * 1024 + 1, 3_000_000]) {
      const bytes = Buffer.alloc(length, 'abcdefg');
      expect(await sha256InSlices(bytes)).toBe(sha256Hex(bytes));
    }
  });

  it('compares digests of any length without failing', () => {
    expect(sameDigest(EMPTY, EMPTY)).toBe(true);
    expect(sameDigest(EMPTY, EMPTY.replace('e', 'f'))).toBe(false);
    expect(sameDigest(EMPTY, EMPTY.slice(1))).toBe(false);
    expect(sameDigest('', EMPTY)).toBe(false);
  });
});

describe('verifying', () => {
  const bytes = Buffer.from('the package');

  it('answers with the digest', async () => {
    expect(await verifyChecksum(toChecksum(sha256Hex(bytes)), bytes)).toBe(sha256Hex(bytes));
  });

  it('names what was expected and what was found', async () => {
    await expect(verifyChecksum(`sha256:${EMPTY}`, bytes)).rejects.toMatchObject({
      code: 'CHECKSUM_MISMATCH',
      status: 422,
      details: { expected: EMPTY, actual: sha256Hex(bytes) },
    });
  });

  it('refuses a checksum that is none', async () => {
    await expect(verifyChecksum('sha256:', bytes)).rejects.toMatchObject({ code: 'CHECKSUM_FORMAT' });
  });
});
