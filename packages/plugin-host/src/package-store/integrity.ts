import { createHash, timingSafeEqual } from 'node:crypto';
import { checksumFormat, checksumMismatch } from '../foundation/errors/index.js';
import { TimeSlice } from './time-slice.js';

const CHECKSUM = /^sha256:([0-9a-f]{64})$/;
/** Hashed without a pause; about 1 ms. */
const STEP_BYTES = 512 * 1024;
const SHOWN_CHARACTERS = 80;

/**
 * The hexadecimal digits of `sha256:<64 lower-case hexadecimal digits>`, the one form a checksum has.
 *
 * @throws CHECKSUM_FORMAT
 */
export function parseChecksum(checksum: string): string {
  const digits = typeof checksum === 'string' ? CHECKSUM.exec(checksum)?.[1] : undefined;
  if (digits === undefined) throw checksumFormat({ checksum: String(checksum).slice(0, SHOWN_CHARACTERS) });
  return digits;
}

/** The written form of a digest: what {@link parseChecksum} reads. */
export const toChecksum = (sha256: string): string => `sha256:${sha256}`;

/** 64 lower-case hexadecimal digits. Holds the event loop for about 2 ms per MB: for single files. */
export const sha256Hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** {@link sha256Hex} for whole packages: lets the event loop run in between. */
export async function sha256InSlices(bytes: Uint8Array, slice: TimeSlice = new TimeSlice()): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.length; at += STEP_BYTES) {
    if (slice.spent) await slice.pause();
    hash.update(bytes.subarray(at, at + STEP_BYTES));
  }
  return hash.digest('hex');
}

/** Compares two hexadecimal digests in a time that tells nothing of where they differ. */
export function sameDigest(a: string, b: string): boolean {
  const left = Buffer.from(a, 'latin1');
  const right = Buffer.from(b, 'latin1');
  // timingSafeEqual throws on different lengths.
  return left.length === right.length && timingSafeEqual(left, right);
}

/**
 * Hashes `bytes` and returns the digest where it is the expected one.
 *
 * @throws CHECKSUM_FORMAT before anything is hashed
 * @throws CHECKSUM_MISMATCH
 */
export async function verifyChecksum(expected: string, bytes: Uint8Array): Promise<string> {
  const digest = parseChecksum(expected);
  const actual = await sha256InSlices(bytes);
  if (!sameDigest(digest, actual)) throw checksumMismatch({ expected: digest, actual });
  return actual;
}
