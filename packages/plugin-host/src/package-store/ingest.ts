import { posix } from 'node:path';
import { compareVersions, isManifestError, isVersion, parseManifest } from '@verifywise/plugin-manifest';
import type { PluginManifest } from '@verifywise/plugin-types';
import {
  entryMissing,
  manifestIdMismatch,
  manifestInvalid,
  manifestMissing,
  versionMismatch,
} from '../foundation/errors/index.js';
import { type ArchiveLimits, readArchive } from './archive.js';
import { sha256InSlices, verifyChecksum } from './integrity.js';
import { TimeSlice } from './time-slice.js';

/** What a package must turn out to be. */
export interface ExpectedPackage {
  /** Default: any. */
  readonly pluginId?: string;
  /** Compared as §16.1 says: `1.2` is `1.2.0`. Default: any. */
  readonly version?: string;
  /** `sha256:` and 64 hexadecimal digits. `null` only where whoever sent the zip named none (manual upload). */
  readonly checksum: string | null;
}

/** A package that has passed every check and lies in memory. */
export interface IngestedPackage {
  readonly sha256: string;
  /** Of the zip, in bytes. */
  readonly size: number;
  readonly manifest: PluginManifest;
  /** path → content. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** path → sha256 of the content. Has no prototype. */
  readonly hashes: Readonly<Record<string, string>>;
  /** The zip. */
  readonly bytes: Buffer;
}

const MANIFEST = 'manifest.json';
const ENTRY = 'index.js';
/** Code that has not been built to what the loader runs. */
const UNBUILT_ENTRY = /^index\.(ts|tsx|mts|cts|mjs|cjs|jsx)$/;
const UNBUILT = /\.(ts|tsx|mts|cts|mjs|jsx)$/;

/**
 * The one way in for a package, wherever it comes from: checks the checksum, unpacks, and checks what came
 * out. Hashes the very bytes it unpacks, which must not change until the promise settles.
 *
 * @throws CHECKSUM_FORMAT, CHECKSUM_MISMATCH
 * @throws ZIP_CORRUPT, ZIP_TOO_LARGE, ZIP_BOMB, ZIP_ENTRY_TYPE, ZIP_DUPLICATE_ENTRY, ZIP_PATH_UNSAFE
 * @throws MANIFEST_MISSING, MANIFEST_INVALID, MANIFEST_ID_MISMATCH, VERSION_MISMATCH, ENTRY_MISSING
 */
export async function ingestPackage(
  bytes: Buffer,
  expected: ExpectedPackage,
  limits: ArchiveLimits,
): Promise<IngestedPackage> {
  const sha256 =
    expected.checksum === null ? await sha256InSlices(bytes) : await verifyChecksum(expected.checksum, bytes);
  const files = await readArchive(bytes, limits);
  const manifest = readManifest(files);
  checkIdentity(manifest, expected);
  checkEntry(manifest, files);
  return { sha256, size: bytes.length, manifest, files, hashes: await hashFiles(files), bytes };
}

/** path → sha256, without a prototype: a file may be called `constructor`. */
export async function hashFiles(files: ReadonlyMap<string, Buffer>): Promise<Record<string, string>> {
  const slice = new TimeSlice();
  const hashes: Record<string, string> = Object.create(null);
  for (const [path, content] of files) {
    if (slice.spent) await slice.pause();
    hashes[path] = await sha256InSlices(content, slice);
  }
  return hashes;
}

function readManifest(files: ReadonlyMap<string, Buffer>): PluginManifest {
  const source = files.get(MANIFEST);
  if (!source) throw manifestMissing({});
  try {
    return parseManifest(source);
  } catch (error) {
    if (!isManifestError(error)) throw error;
    throw manifestInvalid({ issues: error.issues }, { cause: error });
  }
}

function checkIdentity({ id, version }: PluginManifest, expected: ExpectedPackage): void {
  if (expected.pluginId !== undefined && expected.pluginId !== id) {
    throw manifestIdMismatch({ expected: expected.pluginId, actual: id });
  }
  if (expected.version === undefined) return;
  if (!isVersion(expected.version) || compareVersions(expected.version, version) !== 0) {
    throw versionMismatch({ pluginId: id, expected: expected.version, actual: version });
  }
}

/** Without code a package is manifest-only (§3.3), unless it names code or carries some that was not built. */
function checkEntry({ id, main }: PluginManifest, files: ReadonlyMap<string, Buffer>): void {
  if (main !== undefined) {
    // As the loader reads it.
    const entry = posix.normalize(main);
    if (UNBUILT.test(entry)) throw entryMissing({ pluginId: id, entry: ENTRY });
    if (!files.has(entry)) throw entryMissing({ pluginId: id, entry });
    return;
  }
  if (files.has(ENTRY)) return;
  if ([...files.keys()].some((path) => UNBUILT_ENTRY.test(path)))
    throw entryMissing({ pluginId: id, entry: ENTRY });
}
