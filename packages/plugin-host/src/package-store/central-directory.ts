import { zipBomb, zipCorrupt, zipEntryType, zipPathUnsafe, zipTooLarge } from '../foundation/errors/index.js';
import type { Limits } from '../foundation/limits.js';
import { MAX_NAME_BYTES } from './entry-name.js';
import { checkExtraFields, isPlainMode } from './extra-fields.js';
import type { TimeSlice } from './time-slice.js';

/** One record of the central directory. What it says is checked against the local header elsewhere. */
export interface DirectoryRecord {
  /** As written, without a folder's trailing slash. */
  readonly path: string;
  readonly rawName: Buffer;
  readonly kind: 'file' | 'folder';
  readonly flags: number;
  readonly method: number;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly size: number;
  /** Where the local header stands. */
  readonly offset: number;
}

export interface CentralDirectory {
  readonly records: readonly DirectoryRecord[];
  /** Where the directory begins: the entries fill everything before it. */
  readonly offset: number;
}

export type ArchiveLimits = Pick<
  Limits,
  'packageBytes' | 'unpackedBytes' | 'packageEntries' | 'compressionRatio'
>;

export const STORED = 0;
export const DEFLATED = 8;

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const RECORD_SIGNATURE = 0x02014b50;
const RECORD_BYTES = 46;
const ZIP64_LOCATOR_SIGNATURE = 0x07064b50;
const ZIP64_LOCATOR_BYTES = 20;

/** Encrypted, patched, strongly encrypted, masked headers. */
const REFUSED_FLAGS = 0x0001 | 0x0020 | 0x0040 | 0x2000;
const DOS_VOLUME = 0x08;
const DOS_FOLDER = 0x10;
/** Highly compressible small files are ordinary; the ratio is held against what is larger. */
const RATIO_COUNTS_FROM = 1024 * 1024;

/**
 * Reads the list of entries at the end of a zip, strictly, and holds it against the limits before a single
 * byte is inflated.
 *
 * @throws ZIP_CORRUPT
 * @throws ZIP_TOO_LARGE
 * @throws ZIP_BOMB
 * @throws ZIP_ENTRY_TYPE
 * @throws ZIP_PATH_UNSAFE where a name is too long
 */
export async function readCentralDirectory(
  zip: Buffer,
  limits: ArchiveLimits,
  slice: TimeSlice,
): Promise<CentralDirectory> {
  const { count, offset, end } = readEnd(zip, limits);
  const records: DirectoryRecord[] = [];
  let at = offset;
  let total = 0;
  for (let i = 0; i < count; i++) {
    if (slice.spent) await slice.pause();
    const { record, next } = readRecord(zip, at, end);
    total += record.size;
    checkSizes(record, total, limits);
    records.push(record);
    at = next;
  }
  if (at !== end) throw zipCorrupt({ reason: 'its directory holds more than the entries it counts' });
  if (total > RATIO_COUNTS_FROM && total > limits.compressionRatio * zip.length) {
    throw zipBomb({ reason: `it would unpack to ${total} bytes from ${zip.length}` });
  }
  return { records, offset };
}

/** The end record, which must be the last 22 bytes: no comment, nothing behind it, no second one to choose from. */
function readEnd(zip: Buffer, limits: ArchiveLimits): { count: number; offset: number; end: number } {
  const end = zip.length - END_BYTES;
  if (end < 0) throw zipCorrupt({ reason: 'it is too short' });
  if (zip.readUInt32LE(end) !== END_SIGNATURE) {
    const reason = zip.includes(Buffer.from('PK\x05\x06', 'latin1'), Math.max(0, end - 0xffff))
      ? 'a comment or other bytes follow its end'
      : 'its end is missing';
    throw zipCorrupt({ reason });
  }
  const locator = end - ZIP64_LOCATOR_BYTES;
  const count = zip.readUInt16LE(end + 10);
  const size = zip.readUInt32LE(end + 12);
  const offset = zip.readUInt32LE(end + 16);
  if (
    count === 0xffff ||
    size === 0xffffffff ||
    offset === 0xffffffff ||
    (locator >= 0 && zip.readUInt32LE(locator) === ZIP64_LOCATOR_SIGNATURE)
  ) {
    throw zipCorrupt({ reason: 'it is written in zip64' });
  }
  if (zip.readUInt16LE(end + 20) !== 0) throw zipCorrupt({ reason: 'its comment is cut off' });
  if (
    zip.readUInt16LE(end + 4) !== 0 ||
    zip.readUInt16LE(end + 6) !== 0 ||
    zip.readUInt16LE(end + 8) !== count
  ) {
    throw zipCorrupt({ reason: 'it is one part of several' });
  }
  if (offset + size !== end) throw zipCorrupt({ reason: 'its directory is not where it says' });
  if (count > limits.packageEntries) {
    throw zipTooLarge({ what: 'the number of entries', limit: limits.packageEntries, actual: count });
  }
  return { count, offset, end };
}

function readRecord(zip: Buffer, at: number, end: number): { record: DirectoryRecord; next: number } {
  if (at + RECORD_BYTES > end || zip.readUInt32LE(at) !== RECORD_SIGNATURE) {
    throw zipCorrupt({ reason: 'its directory holds fewer entries than it counts' });
  }
  const nameEnd = at + RECORD_BYTES + zip.readUInt16LE(at + 28);
  const extraEnd = nameEnd + zip.readUInt16LE(at + 30);
  const next = extraEnd + zip.readUInt16LE(at + 32);
  if (next > end) throw zipCorrupt({ reason: 'its directory is cut off' });

  const rawName = zip.subarray(at + RECORD_BYTES, nameEnd);
  const name = rawName.toString('utf8', 0, MAX_NAME_BYTES);
  if (rawName.length > MAX_NAME_BYTES) {
    throw zipPathUnsafe({ path: name, reason: `it is longer than ${MAX_NAME_BYTES} bytes` });
  }
  const folder = name.endsWith('/');
  const record: DirectoryRecord = {
    path: folder ? name.slice(0, -1) : name,
    rawName,
    kind: folder ? 'folder' : 'file',
    flags: zip.readUInt16LE(at + 8),
    method: zip.readUInt16LE(at + 10),
    crc32: zip.readUInt32LE(at + 16),
    compressedSize: zip.readUInt32LE(at + 20),
    size: zip.readUInt32LE(at + 24),
    offset: zip.readUInt32LE(at + 42),
  };
  if (zip.readUInt16LE(at + 34) !== 0) throw zipCorrupt({ reason: 'it is one part of several' });
  checkRecord(record);
  checkType(record, zip.readUInt32LE(at + 38));
  checkExtraFields(zip.subarray(nameEnd, extraEnd), record.path);
  return { record, next };
}

function checkRecord({ path, kind, flags, method, compressedSize, size }: DirectoryRecord): void {
  const name = JSON.stringify(path);
  if (flags & REFUSED_FLAGS) throw zipCorrupt({ reason: `${name} is encrypted` });
  if (method !== STORED && method !== DEFLATED) {
    throw zipCorrupt({ reason: `${name} is compressed with unknown method ${method}` });
  }
  if (compressedSize === 0xffffffff || size === 0xffffffff)
    throw zipCorrupt({ reason: 'it is written in zip64' });
  if (method === STORED && compressedSize !== size) {
    throw zipCorrupt({ reason: `${name} is stored, yet has two sizes` });
  }
  if (kind === 'folder' && size !== 0) throw zipCorrupt({ reason: `the folder ${name} has content` });
}

/** The upper half of the attributes is a Unix mode, whatever system the header claims; the lower byte is DOS'. */
function checkType({ path, kind }: DirectoryRecord, attributes: number): void {
  const mode = attributes >>> 16;
  const folderByMode = (mode & 0o170000) === 0o040000;
  const saysFolder = folderByMode || (attributes & DOS_FOLDER) !== 0;
  const saysFile = (mode & 0o170000) === 0o100000;
  if (!isPlainMode(mode) || attributes & DOS_VOLUME) throw zipEntryType({ path });
  if (kind === 'file' ? saysFolder : saysFile) throw zipEntryType({ path });
}

function checkSizes(
  { path, compressedSize, size }: DirectoryRecord,
  total: number,
  limits: ArchiveLimits,
): void {
  if (total > limits.unpackedBytes) {
    throw zipTooLarge({ what: 'its unpacked size', limit: limits.unpackedBytes, actual: total });
  }
  if (size > RATIO_COUNTS_FROM && size > limits.compressionRatio * compressedSize) {
    throw zipBomb({ reason: `${JSON.stringify(path)} would unpack to ${size} bytes from ${compressedSize}` });
  }
}
