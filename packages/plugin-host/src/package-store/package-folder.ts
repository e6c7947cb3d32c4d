import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PluginManifest } from '@verifywise/plugin-types';
import { entryMissing, packageModified } from '../foundation/errors/index.js';
import { isReplaced, toDiskError } from './disk-error.js';
import { sameDigest, sha256Hex } from './integrity.js';
import type { PackageSource } from './package-source.js';

/** What a package holds, as its row in the database says. */
export interface PackageContents {
  readonly sha256: string;
  readonly manifest: PluginManifest;
  /** path → sha256. */
  readonly hashes: ReadonlyMap<string, string>;
}

/** A link in a file's place is not followed, and a pipe not waited for. Windows has neither flag. */
export const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

export interface PackageFolderOptions extends PackageContents {
  /** Where the files lie. */
  readonly root: string;
  /** No file of a package is larger; one that is was put there by somebody else. In bytes. */
  readonly maxFileBytes: number;
  /** Told when a file is not what it was. */
  readonly onModified?: () => void;
}

/**
 * An unpacked package on disk. Its list of files comes from the database and every file is checked against
 * it whenever it is read, so nothing is ever run that was not installed.
 */
export class PackageFolder implements PackageSource {
  readonly sha256: string;
  readonly manifest: PluginManifest;
  readonly root: string;
  readonly #hashes: ReadonlyMap<string, string>;
  readonly #maxFileBytes: number;
  readonly #onModified: () => void;

  constructor(options: PackageFolderOptions) {
    this.sha256 = options.sha256;
    this.manifest = options.manifest;
    this.root = options.root;
    this.#hashes = options.hashes;
    this.#maxFileBytes = options.maxFileBytes;
    this.#onModified = options.onModified ?? (() => {});
  }

  get pluginId(): string {
    return this.manifest.id;
  }

  /** Whether the package holds a file of exactly this path: `lib/a.js`, with no dots or slashes to resolve. */
  has(path: string): boolean {
    return this.#hashes.has(path);
  }

  /** The paths of all files. */
  list(): string[] {
    return [...this.#hashes.keys()];
  }

  /**
   * The content of a file, as it was installed. Synchronous, since `require` is.
   *
   * @throws ENTRY_MISSING where the package holds no such file
   * @throws PACKAGE_MODIFIED where the file on disk is gone or another. The folder is rebuilt when it is next
   * materialised.
   * @throws DISK_FULL where the system refuses to open it
   */
  read(path: string): Buffer {
    const expected = this.#hashes.get(path);
    // The path reaches the disk only once it is known to be one of the package's own.
    if (expected === undefined) throw entryMissing({ pluginId: this.pluginId, entry: path });
    const content = this.#readUnchecked(path);
    if (!sameDigest(sha256Hex(content), expected)) throw this.#modified(path);
    return content;
  }

  #readUnchecked(path: string): Buffer {
    let file: number;
    try {
      file = openSync(join(this.root, path), READ_FLAGS);
    } catch (cause) {
      throw isReplaced(cause) ? this.#modified(path, cause) : toDiskError(cause);
    }
    try {
      const stat = fstatSync(file);
      if (!stat.isFile() || stat.size > this.#maxFileBytes) throw this.#modified(path);
      return readFileSync(file);
    } finally {
      closeSync(file);
    }
  }

  #modified(file: string, cause?: unknown): Error {
    this.#onModified();
    return packageModified({ sha256: this.sha256, file }, { cause });
  }
}
