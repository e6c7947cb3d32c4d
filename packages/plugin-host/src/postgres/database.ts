import { Kysely, PostgresDialect, type PostgresDialectConfig } from 'kysely';
import { Connection } from './connection.js';
import { HOST_TYPES } from './host-types.js';
import type { PgPool, PgResult } from './pg-pool.js';
import { HOST_SCHEMA, type HostDatabase } from './schema.js';

/** Where statements of the host go: one connection for as long as Kysely holds it. */
export interface HostConnection {
  query(text: string, values: readonly unknown[]): Promise<PgResult>;
  release(): void;
}

/**
 * The host's tables over the application's pool, which stays the application's: destroying this closes nothing.
 *
 * Table names resolve in schema `plugin_host`, JSON columns are written as JSON text, bigints are read as numbers.
 */
export const openDatabase = (pool: PgPool): Kysely<HostDatabase> =>
  hostDatabase(async () => {
    const connection = await Connection.open(pool);
    return {
      query: (text, values) => connection.query({ text, values: [...values], types: HOST_TYPES }),
      release: () => connection.close(),
    };
  });

/** The host's tables over connections of any making. */
export function hostDatabase(connect: () => Promise<HostConnection>): Kysely<HostDatabase> {
  // Kysely asks for the shape of `pg`, of which it uses these methods.
  const pool = { connect, end: async () => {} } as unknown as PostgresDialectConfig['pool'];
  return new Kysely<HostDatabase>({ dialect: new PostgresDialect({ pool }) }).withSchema(HOST_SCHEMA);
}
