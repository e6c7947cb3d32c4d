import { zipTooLarge } from '../foundation/errors/index.js';
import { type ArchiveLimits, readCentralDirectory } from './central-directory.js';
import { checkEntryName, EntryNames } from './entry-name.js';
import { readEntry } from './inflate.js';
import { type ArchiveEntry, readLocalHeaders } from './local-headers.js';
import { TimeSlice } from './time-slice.js';

export type { ArchiveLimits } from './central-directory.js';

/**
 * Unpacks a zip to memory: path → content, files only, in the order of their names.
 *
 * Everything that can be known without inflating is checked first, over the whole zip, so that a hostile
 * one costs next to nothing; what is inflated is capped by what was declared. Anything two zip readers
 * could understand differently is refused rather than repaired (docs/adr/0001). The event loop is never
 * held for more than about 8 ms.
 *
 * One top-level folder that holds everything is taken off the names (design decision 19).
 *
 * The bytes must not change until the promise settles; stored files go on sharing their memory.
 *
 * @throws ZIP_CORRUPT
 * @throws ZIP_TOO_LARGE
 * @throws ZIP_BOMB
 * @throws ZIP_ENTRY_TYPE
 * @throws ZIP_DUPLICATE_ENTRY
 * @throws ZIP_PATH_UNSAFE
 */
export async function readArchive(
  bytes: Buffer,
  limits: ArchiveLimits,
): Promise<ReadonlyMap<string, Buffer>> {
  if (bytes.length > limits.packageBytes) {
    throw zipTooLarge({ what: 'its size', limit: limits.packageBytes, actual: bytes.length });
  }
  const slice = new TimeSlice();
  const directory = await readCentralDirectory(bytes, limits, slice);
  await checkNames(directory.records, slice);
  const entries = await readLocalHeaders(bytes, directory, slice);

  const prefix = topLevelFolder(entries);
  const files = new Map<string, Buffer>();
  for (const entry of [...entries].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    if (slice.spent) await slice.pause();
    const content = await readEntry(entry, slice);
    if (entry.kind === 'file') files.set(entry.path.slice(prefix.length), content);
  }
  return files;
}

type Named = Pick<ArchiveEntry, 'path' | 'kind'>;

/** Clashes first: of two spellings of one name, the clash says more than the character that is not allowed. */
async function checkNames(entries: readonly Named[], slice: TimeSlice): Promise<void> {
  const names = new EntryNames();
  for (const { path, kind } of entries) {
    if (slice.spent) await slice.pause();
    names.add(path, kind);
  }
  for (const { path } of entries) {
    if (slice.spent) await slice.pause();
    checkEntryName(path);
  }
}

/** The one folder everything lies in, with its slash; or nothing. */
function topLevelFolder(entries: readonly Named[]): string {
  const first = entries.find(({ kind }) => kind === 'file');
  if (!first?.path.includes('/')) return '';
  const prefix = first.path.slice(0, first.path.indexOf('/') + 1);
  const holdsAll = entries.every(({ path, kind }) =>
    `${path}${kind === 'folder' ? '/' : ''}`.startsWith(prefix),
  );
  return holdsAll ? prefix : '';
}
