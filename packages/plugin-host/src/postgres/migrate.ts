import { type Kysely, type Migration, type MigrationResultSet, Migrator, sql } from 'kysely';
import { isHostError, migrationFailed, schemaOutdated } from '../foundation/errors/index.js';
import { openDatabase } from './database.js';
import * as base from './migrations/0001-base.js';
import * as tenants from './migrations/0002-tenants.js';
import * as models from './migrations/0003-models.js';
import type { PgPool } from './pg-pool.js';
import { HOST_SCHEMA } from './schema.js';

/** In the order they are applied. A name, once released, never changes. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-base': base,
  '0002-tenants': tenants,
  '0003-models': models,
};

const TABLE = 'schema_migrations';
const UNDEFINED_TABLE = '42P01';

/**
 * Applies what is missing, all of it or nothing, and returns the names. Any number of processes may do so at
 * once: an advisory lock lets one through, and the others find nothing left to do. A database that a newer
 * version of the host has migrated is left alone.
 *
 * @throws MIGRATION_FAILED, DB_UNAVAILABLE
 */
export async function migrateToLatest(pool: PgPool): Promise<string[]> {
  // Kysely reads the whole catalogue before it migrates, which takes long among many tenants' tables.
  const [next] = await missingMigrations(pool);
  if (next === undefined) return [];
  return outcome(await migrator(pool).migrateToLatest(), next);
}

/**
 * Takes the last migration back, with all data in its tables, and returns its name; nothing where none is applied.
 *
 * @throws MIGRATION_FAILED, DB_UNAVAILABLE
 */
export async function migrateDown(pool: PgPool): Promise<string[]> {
  return outcome(await migrator(pool).migrateDown(), Object.keys(MIGRATIONS).at(-1));
}

/** The names of the migrations this version of the host needs and the database lacks. */
export async function missingMigrations(pool: PgPool): Promise<string[]> {
  const applied = await appliedMigrations(pool);
  return Object.keys(MIGRATIONS).filter((name) => !applied.has(name));
}

/**
 * For hosts that migrate on their own (`migrate: 'check'`).
 *
 * @throws SCHEMA_OUTDATED naming what is missing
 */
export async function requireMigrated(pool: PgPool): Promise<void> {
  const missing = await missingMigrations(pool);
  if (missing.length > 0) throw schemaOutdated({ missing });
}

async function appliedMigrations(pool: PgPool): Promise<ReadonlySet<string>> {
  try {
    const { rows } = await sql<{
      name: string;
    }>`SELECT name FROM ${sql.table(`${HOST_SCHEMA}.${TABLE}`)}`.execute(openDatabase(pool));
    return new Set(rows.map((row) => row.name));
  } catch (error) {
    if ((error as { code?: string }).code === UNDEFINED_TABLE) return new Set();
    throw error;
  }
}

const migrator = (pool: PgPool): Migrator =>
  new Migrator({
    db: openDatabase(pool),
    provider: { getMigrations: async () => mapValues(MIGRATIONS, inHostSchema) },
    migrationTableSchema: HOST_SCHEMA,
    migrationTableName: TABLE,
    migrationLockTableName: `${TABLE}_lock`,
  });

/** A migration names its tables without a schema; they are made in the host's own. */
const inHostSchema = ({ up, down }: Migration): Migration => ({
  up: async (db) => up(await enterHostSchema(db)),
  ...(down && { down: async (db) => down(await enterHostSchema(db)) }),
});

async function enterHostSchema(db: Kysely<unknown>): Promise<Kysely<unknown>> {
  // For this transaction only.
  await sql`SELECT set_config('search_path', ${`${HOST_SCHEMA}, pg_temp`}, true)`.execute(db);
  return db;
}

/** @param next what a failure is blamed on that came before Kysely had begun: its own tables could not be made */
function outcome({ error, results = [] }: MigrationResultSet, next: string | undefined): string[] {
  if (error === undefined) return results.map(({ migrationName }) => migrationName);
  const failed = results.find(({ status }) => status === 'Error')?.migrationName;
  const migration = failed ?? (isHostError(error) ? undefined : next);
  if (migration === undefined) throw error;
  throw migrationFailed({ migration, reason: (error as Error).message }, { cause: error });
}

const mapValues = <V, W>(record: Readonly<Record<string, V>>, map: (value: V) => W): Record<string, W> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
