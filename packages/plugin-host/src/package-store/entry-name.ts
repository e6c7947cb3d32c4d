import { zipDuplicateEntry, zipPathUnsafe } from '../foundation/errors/index.js';

/** Longest name of an entry, in bytes, its top-level folder included. */
export const MAX_NAME_BYTES = 240;
/** How many folders deep a name may go, the file itself included. */
export const MAX_NAME_DEPTH = 16;

const ALLOWED = /^[A-Za-z0-9._ -]+$/;
/** Device names on Windows, with any extension and before trailing spaces. Refused everywhere: packages travel. */
const WINDOWS_DEVICE = /^(con|prn|aux|nul|com\d|lpt\d) *(\.|$)/i;

/**
 * Refuses every name that is not plainly a relative path of ordinary segments. An allow-list: what is not
 * known to mean the same on every system does not pass.
 *
 * @throws ZIP_PATH_UNSAFE
 */
export function checkEntryName(path: string): void {
  const segments = path.split('/');
  if (segments.length > MAX_NAME_DEPTH) {
    throw zipPathUnsafe({ path, reason: `it is more than ${MAX_NAME_DEPTH} levels deep` });
  }
  for (const segment of segments) {
    const reason = whyUnsafe(segment);
    if (reason) throw zipPathUnsafe({ path, reason });
  }
}

function whyUnsafe(segment: string): string | undefined {
  if (segment === '') return 'a segment is empty, or the name is absolute';
  if (segment === '.' || segment === '..') return `it holds the segment "${segment}"`;
  if (!ALLOWED.test(segment)) return 'it holds a character that is not allowed';
  if (/^[. ]|[. ]$/.test(segment)) return 'a segment begins or ends with a dot or a space';
  if (WINDOWS_DEVICE.test(segment)) return `"${segment}" is a device on Windows`;
  return undefined;
}

interface Seen {
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'implied folder';
}

/**
 * Names met so far in one package, compared as the least discerning file system compares them: case and
 * Unicode form aside. Folders a name only implies count as well, so `Lib/a` beside `lib/b` is a clash.
 */
export class EntryNames {
  readonly #seen = new Map<string, Seen>();

  /** @throws ZIP_DUPLICATE_ENTRY */
  add(path: string, kind: 'file' | 'folder'): void {
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      this.#addOne({ path: path.slice(0, slash), kind: 'implied folder' });
    }
    this.#addOne({ path, kind });
  }

  #addOne(entry: Seen): void {
    const key = entry.path.normalize('NFC').toLowerCase().normalize('NFC');
    const other = this.#seen.get(key);
    if (!other) {
      this.#seen.set(key, entry);
      return;
    }
    const sameFolder = other.path === entry.path && other.kind !== 'file' && entry.kind !== 'file';
    if (!sameFolder || (other.kind === 'folder' && entry.kind === 'folder')) {
      throw zipDuplicateEntry({ path: entry.path, other: other.path });
    }
    if (entry.kind === 'folder') this.#seen.set(key, entry);
  }
}
