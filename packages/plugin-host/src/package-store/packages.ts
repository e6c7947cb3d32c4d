import type { Kysely } from 'kysely';
import { packageLost } from '../foundation/errors/index.js';
import type { HostLogger } from '../foundation/logger.js';
import type { HostDatabase } from '../postgres/schema.js';
import { type ArchiveLimits, readArchive } from './archive.js';
import { DiskCache } from './disk-cache.js';
import type { Effects } from './effects.js';
import { type ExpectedPackage, hashFiles, type IngestedPackage, ingestPackage } from './ingest.js';
import { PackageFolder } from './package-folder.js';
import { type PackageRow, PackageRows } from './package-rows.js';
import { Gate } from './parallel.js';

export type { ExpectedPackage, IngestedPackage } from './ingest.js';
export { PackageFolder } from './package-folder.js';

export interface PackageStoreOptions {
  /** Over the host's own schema. */
  readonly db: Kysely<HostDatabase>;
  /** Holds the cache of unpacked packages. Made where it is missing, for the host's user alone. */
  readonly dataDir: string;
  readonly limits: ArchiveLimits;
  readonly logger: HostLogger;
  /** Default: none in between. */
  readonly effects?: Effects;
}

export interface Collected {
  readonly packages: number;
  /** Folders on disk, those left in staging included. */
  readonly folders: number;
}

/** A rebuild holds a package in memory, packed and unpacked. */
const REBUILDS_AT_ONCE = 2;
/** What is in the database was within the limits when it came in; limits lowered since must not break it. */
const ACCEPTED: ArchiveLimits = {
  packageBytes: Number.POSITIVE_INFINITY,
  unpackedBytes: Number.POSITIVE_INFINITY,
  packageEntries: Number.POSITIVE_INFINITY,
  compressionRatio: Number.POSITIVE_INFINITY,
};

/**
 * All packages: the truth in the database, a cache of it on disk, one object per package in memory that all
 * tenants share.
 */
export class PackageStore {
  readonly #rows: PackageRows;
  readonly #disk: DiskCache;
  readonly #limits: ArchiveLimits;
  readonly #logger: HostLogger;
  readonly #folders = new Map<string, PackageFolder>();
  readonly #opening = new Map<string, Promise<PackageFolder>>();
  readonly #rebuilds = new Gate(REBUILDS_AT_ONCE);

  constructor({ db, dataDir, limits, logger, effects }: PackageStoreOptions) {
    this.#rows = new PackageRows(db);
    this.#disk = new DiskCache(dataDir, effects);
    this.#limits = limits;
    this.#logger = logger;
  }

  /** Checks and unpacks a package in memory; see {@link ingestPackage}. Writes nothing. */
  ingest(bytes: Buffer, expected: ExpectedPackage): Promise<IngestedPackage> {
    return ingestPackage(bytes, expected, this.#limits);
  }

  /**
   * Stores a package; one that is there already is left as it is. Part of the transaction given, or of one of
   * its own.
   *
   * What nothing refers to is collected: record the reference (the operation's `to_sha`) before, or in the
   * same transaction.
   */
  save(db: Kysely<HostDatabase>, pkg: IngestedPackage): Promise<void> {
    return this.#rows.save(db, pkg);
  }

  /**
   * The package's folder, with every file as it was installed: as it lies there if it is right, else rebuilt
   * from the database. Checked in full when this process first asks for it, or after a file was found to be
   * another; afterwards each file is checked as it is read.
   *
   * Callers at the same time share one answer, and all callers one folder object per package.
   *
   * @throws PACKAGE_LOST where the database does not hold the package
   * @throws DISK_FULL where the folder can neither be read nor written
   */
  materialise(sha256: string): Promise<PackageFolder> {
    const running = this.#opening.get(sha256);
    if (running) return running;
    const opening = this.#open(sha256).finally(() => this.#opening.delete(sha256));
    this.#opening.set(sha256, opening);
    return opening;
  }

  /**
   * Deletes the packages that no installation (active or previous) and no unfinished operation refers to, the
   * folders without a package, and what processes that ended left in staging.
   *
   * @throws DISK_FULL where the data directory cannot be read or written
   */
  async collect(): Promise<Collected> {
    const packages = await this.#rows.collect(async (rows) => {
      const known = [...new Set([...(await this.#disk.list()), ...this.#folders.keys()])];
      const existing = await rows.existing(known);
      for (const sha256 of known) {
        if (existing.has(sha256)) continue;
        this.#folders.delete(sha256);
        await this.#disk.takeAway(sha256);
      }
    });
    return { packages, folders: await this.#disk.sweep() };
  }

  async #open(sha256: string): Promise<PackageFolder> {
    const known = this.#folders.get(sha256);
    if (known && (await this.#disk.exists(sha256))) return known;
    const row = await this.#rows.find(sha256);
    if (!row) throw packageLost({ sha256 });
    if (!(await this.#disk.holds(sha256, row.hashes))) await this.#rebuilds.run(() => this.#rebuild(row));
    const folder = new PackageFolder({
      ...row,
      root: this.#disk.folder(sha256),
      maxFileBytes: this.#limits.unpackedBytes,
      onModified: () => this.#folders.delete(sha256),
    });
    this.#folders.set(sha256, folder);
    return folder;
  }

  async #rebuild(row: PackageRow): Promise<void> {
    const { sha256, hashes } = row;
    const bytes = await this.#rows.readBytes(row);
    if (!bytes) throw packageLost({ sha256 });
    const files = await readArchive(bytes, ACCEPTED);
    if (!sameHashes(hashes, await hashFiles(files))) throw packageLost({ sha256 });
    await this.#disk.build(sha256, files, () => this.#disk.holds(sha256, hashes));
    this.#logger.info({ sha256, pluginId: row.manifest.id }, 'package unpacked to disk');
  }
}

function sameHashes(
  expected: ReadonlyMap<string, string>,
  actual: Readonly<Record<string, string>>,
): boolean {
  const paths = Object.keys(actual);
  return paths.length === expected.size && paths.every((path) => actual[path] === expected.get(path));
}
