import { zipBomb, zipCorrupt } from '../foundation/errors/index.js';
import type { CentralDirectory, DirectoryRecord } from './central-directory.js';
import { checkExtraFields } from './extra-fields.js';
import type { TimeSlice } from './time-slice.js';

/** One entry on which the directory and its local header agree. */
export interface ArchiveEntry extends DirectoryRecord {
  /** The bytes of the zip that hold it, as compressed. */
  readonly data: Buffer;
}

const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;
const DESCRIPTOR_SIGNATURE = 0x08074b50;
const DESCRIPTOR_BYTES = 12;
/** Sizes and checksum follow the data, since the writer did not know them beforehand. */
const STREAMED = 0x0008;
/** How hard the deflater tried. Of no effect; some writers put it in one header only. */
const EFFORT_FLAGS = 0x0006;

/**
 * Checks that the entries fill the zip from its first byte to its directory without gap or overlap, and
 * that each local header says what the directory says. So no byte is hidden and none is read twice.
 *
 * @throws ZIP_CORRUPT
 * @throws ZIP_BOMB where entries overlap
 */
export async function readLocalHeaders(
  zip: Buffer,
  { records, offset: end }: CentralDirectory,
  slice: TimeSlice,
): Promise<readonly ArchiveEntry[]> {
  const entries: ArchiveEntry[] = [];
  let at = 0;
  for (const record of [...records].sort((a, b) => a.offset - b.offset)) {
    if (slice.spent) await slice.pause();
    if (record.offset < at)
      throw zipBomb({ reason: `${JSON.stringify(record.path)} overlaps another entry` });
    if (record.offset > at) throw zipCorrupt({ reason: 'it holds bytes that belong to no entry' });
    const { entry, next } = readLocalHeader(zip, record, end);
    entries.push(entry);
    at = next;
  }
  if (at !== end) throw zipCorrupt({ reason: 'it holds bytes that belong to no entry' });
  return entries;
}

function readLocalHeader(
  zip: Buffer,
  record: DirectoryRecord,
  end: number,
): { entry: ArchiveEntry; next: number } {
  const { offset: at, path } = record;
  const name = JSON.stringify(path);
  if (at + LOCAL_BYTES > end || zip.readUInt32LE(at) !== LOCAL_SIGNATURE) {
    throw zipCorrupt({ reason: `${name} is not where the directory says` });
  }
  const nameEnd = at + LOCAL_BYTES + zip.readUInt16LE(at + 26);
  const dataStart = nameEnd + zip.readUInt16LE(at + 28);
  const dataEnd = dataStart + record.compressedSize;
  if (dataEnd > end) throw zipCorrupt({ reason: `${name} is cut off` });
  checkExtraFields(zip.subarray(nameEnd, dataStart), path);

  const streamed = (record.flags & STREAMED) !== 0;
  const agrees =
    zip.subarray(at + LOCAL_BYTES, nameEnd).equals(record.rawName) &&
    (zip.readUInt16LE(at + 6) | EFFORT_FLAGS) === (record.flags | EFFORT_FLAGS) &&
    zip.readUInt16LE(at + 8) === record.method &&
    saysSame(zip, at + 14, record, streamed);
  if (!agrees) throw zipCorrupt({ reason: `the two headers of ${name} differ` });

  const next = streamed ? afterDescriptor(zip, dataEnd, end, record) : dataEnd;
  return { entry: { ...record, data: zip.subarray(dataStart, dataEnd) }, next };
}

/** Checksum and sizes at `at` are the directory's, or zero where a descriptor gives them. */
function saysSame(
  zip: Buffer,
  at: number,
  { crc32, compressedSize, size }: DirectoryRecord,
  zeroAllowed: boolean,
): boolean {
  return [crc32, compressedSize, size].every((expected, i) => {
    const actual = zip.readUInt32LE(at + 4 * i);
    return actual === expected || (zeroAllowed && actual === 0);
  });
}

/** Writers differ on whether the descriptor has a signature. */
function afterDescriptor(zip: Buffer, at: number, end: number, record: DirectoryRecord): number {
  const signed = at + 4 <= end && zip.readUInt32LE(at) === DESCRIPTOR_SIGNATURE;
  for (const start of signed ? [at + 4, at] : [at]) {
    const next = start + DESCRIPTOR_BYTES;
    if (next <= end && saysSame(zip, start, record, false)) return next;
  }
  throw zipCorrupt({ reason: `what follows ${JSON.stringify(record.path)} does not match the directory` });
}
