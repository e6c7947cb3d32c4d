import pg from 'pg';
import { resultTooLarge } from '../foundation/errors/index.js';
import type { Limits } from '../foundation/limits.js';
import type { Connection } from './connection.js';
import type { PgClient, PgResult } from './pg-pool.js';

export interface PluginQueryResult {
  rows: Record<string, unknown>[];
  /** Rows returned or changed; 0 where Postgres counts none. */
  rowCount: number;
}

/** The parts of `pg` that are beyond {@link PgClient}: a query that hands out its rows one by one. */
interface StreamingClient {
  query(query: pg.Query): unknown;
  getTypeParser?(oid: number, format?: string): (value: string) => unknown;
}

/**
 * Sends one statement of a plugin's and gathers its rows.
 *
 * Always by the extended protocol: `pg` itself falls back to the simple one, which takes several statements at
 * once, wherever values are absent or an empty list. A result beyond the limits is cut off by closing the
 * connection, the one way to stop a server that is sending.
 *
 * @throws RESULT_TOO_LARGE, what the server says
 */
export function runPluginQuery(
  connection: Connection,
  { sql, params }: { sql: string; params: readonly unknown[] },
  limits: Pick<Limits, 'resultRows' | 'resultBytes'>,
): Promise<PluginQueryResult> {
  return connection.use(
    (client) =>
      new Promise((resolve, reject) => {
        const rows: Record<string, unknown>[] = [];
        let bytes = 0;
        const streaming = client as PgClient & StreamingClient;
        const config = {
          text: sql,
          values: [...params],
          queryMode: 'extended',
          types: {
            getTypeParser: (oid: number, format?: 'text') => {
              // The application's own parsers, of this pool or of `pg` as a whole.
              const parse = streaming.getTypeParser?.(oid, format) ?? pg.types.getTypeParser(oid, format);
              return (value: string) => {
                bytes += value.length;
                return parse(value);
              };
            },
          },
        };
        const query = new pg.Query(config as pg.QueryConfig);
        query.on('row', (row: Record<string, unknown>) => {
          if (rows.length < limits.resultRows && bytes <= limits.resultBytes) {
            rows.push(row);
            return;
          }
          const error = resultTooLarge({ rows: limits.resultRows, bytes: limits.resultBytes });
          reject(error);
          connection.destroy(error);
        });
        query.once('error', reject);
        query.once('end', (result: Pick<PgResult, 'rowCount'>) =>
          resolve({ rows, rowCount: result.rowCount ?? 0 }),
        );
        streaming.query(query);
      }),
  );
}
