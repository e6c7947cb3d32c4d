import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { DEFAULT_LIMITS } from '../foundation/limits.js';
import type { HostLogger } from '../foundation/logger.js';
import type { Effects } from '../package-store/effects.js';
import { type IngestedPackage, PackageStore, type PackageStoreOptions } from '../package-store/packages.js';
import { openDatabase } from '../postgres/database.js';
import type { HostDatabase } from '../postgres/schema.js';
import { packPlugin } from './pack-plugin.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

const quiet: HostLogger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Package stores on one real database and one data directory, both emptied between tests. */
export class PackageStoreFixture {
  readonly database: TestDatabase;
  readonly db: Kysely<HostDatabase>;
  readonly dataDir: string;

  static async open(): Promise<PackageStoreFixture> {
    return new PackageStoreFixture(
      await createTestDatabase(),
      await mkdtemp(join(tmpdir(), 'package-store-')),
    );
  }

  private constructor(database: TestDatabase, dataDir: string) {
    this.database = database;
    this.db = openDatabase(database.pool);
    this.dataDir = dataDir;
  }

  /** As another process would open it. */
  store(options: Partial<PackageStoreOptions> = {}): PackageStore {
    return new PackageStore({
      db: this.db,
      dataDir: this.dataDir,
      limits: DEFAULT_LIMITS,
      logger: quiet,
      ...options,
    });
  }

  async ingest(files: Record<string, string | Buffer> = {}, id = 'slack'): Promise<IngestedPackage> {
    const manifest = {
      id,
      name: id,
      description: 'A plugin',
      version: '1.0.0',
      author: { name: 'VerifyWise' },
      type: 'integration',
      tags: ['a'],
      permissions: [],
    };
    const { bytes, checksum } = await packPlugin({
      'manifest.json': JSON.stringify(manifest),
      'index.js': 'module.exports = {};',
      ...files,
    });
    return this.store().ingest(bytes, { pluginId: id, version: '1.0', checksum });
  }

  async saved(files: Record<string, string | Buffer> = {}, id?: string): Promise<IngestedPackage> {
    const pkg = await this.ingest(files, id);
    await this.store().save(this.db, pkg);
    return pkg;
  }

  /** The packages in the database. */
  async packages(): Promise<string[]> {
    const rows = await this.db.selectFrom('plugin_packages').select('sha256').orderBy('sha256').execute();
    return rows.map(({ sha256 }) => sha256);
  }

  /** What lies in the cache of unpacked packages. */
  async cached(): Promise<string[]> {
    return (await readdir(join(this.dataDir, 'packages')).catch(() => [])).sort();
  }

  staged(): Promise<string[]> {
    return readdir(join(this.dataDir, '.staging')).catch(() => []);
  }

  async clear(): Promise<void> {
    for (const table of ['plugin_installations', 'plugin_operations', 'plugin_packages'] as const) {
      await this.db.deleteFrom(table).execute();
    }
    await rm(this.dataDir, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    await this.clear();
    await this.database.drop();
  }
}

/** Notes the name of each effect. */
export function countEffects(): Effects & { readonly names: readonly string[] } {
  const names: string[] = [];
  return {
    names,
    step(name, run) {
      names.push(name);
      return run();
    },
  };
}
