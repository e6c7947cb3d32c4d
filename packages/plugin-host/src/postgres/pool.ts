import pg from 'pg';
import type { HostLogger } from '../foundation/logger.js';
import type { PgPool } from './pg-pool.js';

export interface OpenPool {
  readonly pool: PgPool;
  /** Ends a pool made here; from one of the application's only the host's listener is taken. */
  close(): Promise<void>;
}

/** Connections of a pool made from a connection string. */
const CONNECTIONS = 10;

/**
 * The host's way to the database: the application's own pool, or one made from a connection string. Loss of an
 * idle connection, which unheard would end the process, is logged; the pool replaces the connection by itself.
 */
export function openPool(database: PgPool | string, logger: HostLogger): OpenPool {
  const own = typeof database === 'string';
  const pool: PgPool = own ? new pg.Pool({ connectionString: database, max: CONNECTIONS }) : database;
  const onError = (error: Error): void => {
    logger.warn({ err: error }, 'an idle database connection was lost');
  };
  pool.on('error', onError);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    // The listener of a pool that ends stays: its last connections may still report their loss.
    if (own) await pool.end();
    else pool.removeListener('error', onError);
  };
  return {
    pool,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}
