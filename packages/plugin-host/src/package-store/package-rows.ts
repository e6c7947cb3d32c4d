import type { PluginManifest } from '@verifywise/plugin-types';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { HostDatabase } from '../postgres/schema.js';
import type { IngestedPackage } from './ingest.js';
import { sha256InSlices } from './integrity.js';
import type { PackageContents } from './package-folder.js';

/** One value of 48 MB costs 300 MB of memory to read. */
const CHUNK_BYTES = 1024 * 1024;
/** How long collecting waits for packages that are just being stored. */
const COLLECT_WAIT = '5s';
const LOCK_NOT_AVAILABLE = '55P03';

export interface PackageRow extends PackageContents {
  /** Of the zip, in bytes. */
  readonly size: number;
}

export interface RemainingRows {
  /** Which of these packages there are. */
  existing(sha256s: readonly string[]): Promise<ReadonlySet<string>>;
}

/** Held shared by who stores a package, alone by who collects: no package is collected while it is being referred to. */
const lockKey = sql`hashtextextended('plugin_host.plugin_packages', 0)`;

/** Packages as the database holds them: the zip in chunks, the manifest, the list of files. */
export class PackageRows {
  readonly #db: Kysely<HostDatabase>;

  constructor(db: Kysely<HostDatabase>) {
    this.#db = db;
  }

  async find(sha256: string): Promise<PackageRow | undefined> {
    const row = await this.#db
      .selectFrom('plugin_packages')
      .select(['size', 'files', 'manifest'])
      .where('sha256', '=', sha256)
      .executeTakeFirst();
    if (!row) return undefined;
    return {
      sha256,
      size: row.size,
      // Validated when it was ingested; rows are written by the host alone.
      manifest: row.manifest as PluginManifest,
      hashes: new Map(Object.entries(row.files)),
    };
  }

  /** The zip, or nothing where the rows do not add up to it. Reads chunk by chunk: needs its size in memory, once. */
  async readBytes({ sha256, size }: PackageRow): Promise<Buffer | undefined> {
    const bytes = Buffer.allocUnsafe(size);
    let at = 0;
    for (let n = 0; at < size; n++) {
      const chunk = await this.#db
        .selectFrom('plugin_package_chunks')
        .select('bytes')
        .where('sha256', '=', sha256)
        .where('n', '=', n)
        .executeTakeFirst();
      if (!chunk || at + chunk.bytes.length > size) return undefined;
      at += chunk.bytes.copy(bytes, at);
    }
    return (await sha256InSlices(bytes)) === sha256 ? bytes : undefined;
  }

  async save(db: Kysely<HostDatabase>, pkg: IngestedPackage): Promise<void> {
    if (db.isTransaction) return this.#insert(db, pkg);
    await db.transaction().execute((transaction) => this.#insert(transaction, pkg));
  }

  async #insert(
    db: Kysely<HostDatabase>,
    { sha256, manifest, size, hashes, bytes }: IngestedPackage,
  ): Promise<void> {
    await sql`SELECT pg_advisory_xact_lock_shared(${lockKey})`.execute(db);
    await db
      .insertInto('plugin_packages')
      .values({
        sha256,
        plugin_id: manifest.id,
        version: manifest.version,
        size,
        files: JSON.stringify(hashes),
        manifest: JSON.stringify(manifest),
      })
      // The same sha256 is the same package.
      .onConflict((conflict) => conflict.column('sha256').doNothing())
      .execute();
    const { stored } = await db
      .selectFrom('plugin_package_chunks')
      .select((of) =>
        of.fn.coalesce(of.fn.sum<string>(of.fn('length', ['bytes'])), sql.lit('0')).as('stored'),
      )
      .where('sha256', '=', sha256)
      .executeTakeFirstOrThrow();
    if (Number(stored) !== size) await this.#insertChunks(db, sha256, bytes);
  }

  /** New, or lost: installing a package again makes good what the database has lost of it. */
  async #insertChunks(db: Kysely<HostDatabase>, sha256: string, bytes: Buffer): Promise<void> {
    await db.deleteFrom('plugin_package_chunks').where('sha256', '=', sha256).execute();
    for (let n = 0; n * CHUNK_BYTES < bytes.length; n++) {
      const chunk = bytes.subarray(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES);
      await db.insertInto('plugin_package_chunks').values({ sha256, n, bytes: chunk }).execute();
    }
  }

  /**
   * Deletes the packages nothing refers to, then runs `sweep` while no package can be stored. Returns how many
   * were deleted. Does neither where others have been storing packages for more than 5 s.
   */
  async collect(sweep: (rows: RemainingRows) => Promise<void>): Promise<number> {
    try {
      return await this.#db.transaction().execute(async (transaction) => {
        await sql`SELECT set_config('lock_timeout', ${COLLECT_WAIT}, true)`.execute(transaction);
        await sql`SELECT pg_advisory_xact_lock(${lockKey})`.execute(transaction);
        const deleted = await deleteUnused(transaction);
        await sweep({ existing: (sha256s) => existing(transaction, sha256s) });
        return deleted;
      });
    } catch (error) {
      if ((error as { code?: string }).code === LOCK_NOT_AVAILABLE) return 0;
      throw error;
    }
  }
}

async function deleteUnused(db: Transaction<HostDatabase>): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('plugin_packages as p')
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('plugin_installations as i')
            .select('i.tenant')
            .where(({ or, eb, ref }) =>
              or([eb('i.active_sha', '=', ref('p.sha256')), eb('i.previous_sha', '=', ref('p.sha256'))]),
            ),
        ),
      ),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('plugin_operations as o')
            .select('o.id')
            .where('o.finished_at', 'is', null)
            .where(({ or, eb, ref }) =>
              or([eb('o.from_sha', '=', ref('p.sha256')), eb('o.to_sha', '=', ref('p.sha256'))]),
            ),
        ),
      ),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}

async function existing(
  db: Transaction<HostDatabase>,
  sha256s: readonly string[],
): Promise<ReadonlySet<string>> {
  if (sha256s.length === 0) return new Set();
  const rows = await db
    .selectFrom('plugin_packages')
    .select('sha256')
    .where('sha256', '=', (of) => of.fn.any(of.val([...sha256s])))
    .execute();
  return new Set(rows.map(({ sha256 }) => sha256));
}
