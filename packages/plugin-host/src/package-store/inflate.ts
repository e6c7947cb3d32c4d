import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib';
import { zipCorrupt } from '../foundation/errors/index.js';
import { DEFLATED } from './central-directory.js';
import type { ArchiveEntry } from './local-headers.js';
import type { TimeSlice } from './time-slice.js';

/** Up to here inflating at once takes about 2 ms, which is less than handing it to another thread costs. */
const AT_ONCE_BYTES = 256 * 1024;
const CHUNK_BYTES = 256 * 1024;

/**
 * The content of one entry, exactly as long as its headers say and with their checksum.
 *
 * Never produces more than the declared size: inflation stops at the first byte beyond it. Stored entries
 * are not copied but share the zip's memory.
 *
 * @throws ZIP_CORRUPT
 */
export async function readEntry(entry: ArchiveEntry, slice: TimeSlice): Promise<Buffer> {
  if (entry.method !== DEFLATED) {
    await checkCrc(entry, entry.data, slice);
    return entry.data;
  }
  if (entry.size > AT_ONCE_BYTES || entry.data.length > AT_ONCE_BYTES) return inflateInChunks(entry);
  const content = inflateAtOnce(entry);
  await checkCrc(entry, content, slice);
  return content;
}

function inflateAtOnce(entry: ArchiveEntry): Buffer {
  let inflated: { buffer: Buffer; engine: { bytesWritten: number } };
  try {
    // One byte to spare: a full chunk would make zlib allocate a second one. The types leave out what `info` returns.
    inflated = inflateRawSync(entry.data, {
      info: true,
      chunkSize: Math.max(64, entry.size + 1),
      maxOutputLength: entry.size + 1,
    }) as unknown as typeof inflated;
  } catch (cause) {
    throw cannotInflate(entry, cause);
  }
  checkLength(entry, inflated.buffer.length, inflated.engine.bytesWritten);
  return inflated.buffer;
}

/** On zlib's own thread, so that one large file does not hold the event loop. */
async function inflateInChunks(entry: ArchiveEntry): Promise<Buffer> {
  // Safe to allocate on the zip's word: the ratio has been checked against the bytes that are there.
  const content = Buffer.allocUnsafe(entry.size);
  const stream = createInflateRaw({ chunkSize: CHUNK_BYTES });
  let length = 0;
  let crc = 0;
  try {
    stream.end(entry.data);
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      length += chunk.length;
      // Leaving the loop destroys the stream.
      if (length > entry.size) break;
      chunk.copy(content, length - chunk.length);
      crc = crc32(chunk, crc);
    }
  } catch (cause) {
    throw cannotInflate(entry, cause);
  }
  checkLength(entry, length, stream.bytesWritten);
  if (crc !== entry.crc32) throw wrongCrc(entry);
  return content;
}

function checkLength(entry: ArchiveEntry, length: number, consumed: number): void {
  if (length !== entry.size) {
    throw zipCorrupt({ reason: `${JSON.stringify(entry.path)} does not unpack to the size it states` });
  }
  if (consumed !== entry.data.length) {
    throw zipCorrupt({ reason: `bytes follow the content of ${JSON.stringify(entry.path)}` });
  }
}

async function checkCrc(entry: ArchiveEntry, content: Buffer, slice: TimeSlice): Promise<void> {
  let crc = 0;
  for (let at = 0; at < content.length; at += CHUNK_BYTES) {
    if (at > 0 && slice.spent) await slice.pause();
    crc = crc32(content.subarray(at, at + CHUNK_BYTES), crc);
  }
  if (crc !== entry.crc32) throw wrongCrc(entry);
}

const cannotInflate = (entry: ArchiveEntry, cause: unknown) =>
  zipCorrupt({ reason: `the content of ${JSON.stringify(entry.path)} cannot be unpacked` }, { cause });

const wrongCrc = (entry: ArchiveEntry) =>
  zipCorrupt({ reason: `the content of ${JSON.stringify(entry.path)} does not have the checksum it states` });
