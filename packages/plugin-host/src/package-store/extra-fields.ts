import { zipCorrupt, zipEntryType } from '../foundation/errors/index.js';

const ZIP64 = 0x0001;
/** PKWARE's Unix field: times, user and group in 12 bytes; whatever follows is a link's target or a device. */
const PKWARE_UNIX = 0x000d;
const PKWARE_UNIX_PLAIN_BYTES = 12;
const STRONG_ENCRYPTION = 0x0017;
const ASI_UNIX = 0x756e;
const AES_ENCRYPTION = 0x9901;

const FILE_TYPE_MASK = 0o170000;
const REGULAR = 0o100000;
const FOLDER = 0o040000;

/**
 * Refuses extra fields that change what an entry is: 64-bit sizes, encryption, links, devices. All others
 * (times, owners, alternative names) are of no effect here.
 *
 * @throws ZIP_CORRUPT
 * @throws ZIP_ENTRY_TYPE
 */
export function checkExtraFields(extra: Buffer, path: string): void {
  let at = 0;
  while (at < extra.length) {
    if (at + 4 > extra.length)
      throw zipCorrupt({ reason: `the extra fields of ${JSON.stringify(path)} are cut off` });
    const id = extra.readUInt16LE(at);
    const size = extra.readUInt16LE(at + 2);
    const data = extra.subarray(at + 4, at + 4 + size);
    if (data.length < size)
      throw zipCorrupt({ reason: `the extra fields of ${JSON.stringify(path)} are cut off` });
    checkExtraField(id, data, path);
    at += 4 + size;
  }
}

function checkExtraField(id: number, data: Buffer, path: string): void {
  if (id === ZIP64) throw zipCorrupt({ reason: 'it is written in zip64' });
  if (id === STRONG_ENCRYPTION || id === AES_ENCRYPTION) {
    throw zipCorrupt({ reason: `${JSON.stringify(path)} is encrypted` });
  }
  if (id === PKWARE_UNIX && data.length > PKWARE_UNIX_PLAIN_BYTES) throw zipEntryType({ path });
  if (id === ASI_UNIX && data.length >= 6 && !isPlainMode(data.readUInt16LE(4))) throw zipEntryType({ path });
}

/** Whether a Unix mode is of a regular file or a folder, or does not say. */
export function isPlainMode(mode: number): boolean {
  const type = mode & FILE_TYPE_MASK;
  return type === 0 || type === REGULAR || type === FOLDER;
}
