import type { Kysely } from 'kysely';
import type { Fault } from '../foundation/faults.js';
import type { HostLogger } from '../foundation/logger.js';
import type { PluginKey } from '../foundation/plugin-key.js';
import type { HostDatabase } from '../postgres/schema.js';
import { toStorableText } from './storable-text.js';

/** One fault of a plugin as an administrator reads it (§14.4). */
export interface ErrorRecord {
  readonly kind: Fault['kind'];
  readonly callback: string;
  readonly code: string;
  readonly message: string;
  readonly stack: string | null;
  readonly at: Date;
}

/** The last errors of each plugin, in `plugin_errors`. */
export class ErrorLog {
  readonly #db: Kysely<HostDatabase>;
  readonly #history: number;
  readonly #logger: HostLogger;
  // A plugin that fails on every event must not queue more rows than will ever be kept.
  readonly #waiting = new Map<string, { key: PluginKey; records: ErrorRecord[] }>();
  #writing: Promise<void> | undefined;

  constructor(options: { db: Kysely<HostDatabase>; history: number; logger: HostLogger }) {
    this.#db = options.db;
    this.#history = options.history;
    this.#logger = options.logger;
  }

  /** Stores in the background, in order. Never throws; a database that is away costs records, not the host. */
  record(key: PluginKey, record: ErrorRecord): void {
    const id = idOf(key);
    const waiting = this.#waiting.get(id) ?? { key, records: [] };
    // Cut now: what waits for a database that is away is held in memory.
    waiting.records.push(toStorable(record));
    if (waiting.records.length > this.#history) waiting.records.shift();
    this.#waiting.set(id, waiting);
    this.#writing ??= this.#drain();
  }

  /** Settles once everything recorded so far is stored. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  /** Newest first. */
  async list({ tenant, pluginId }: PluginKey): Promise<ErrorRecord[]> {
    await this.flush();
    const rows = await this.#db
      .selectFrom('plugin_errors')
      .select(['kind', 'callback', 'code', 'message', 'stack', 'at'])
      .where('tenant', '=', tenant)
      .where('plugin_id', '=', pluginId)
      .orderBy('id', 'desc')
      .limit(this.#history)
      .execute();
    return rows.map((row) => ({ ...row, kind: row.kind as Fault['kind'] }));
  }

  /** Forgets a plugin's errors, those that wait to be stored included. */
  async deleteAll(db: Kysely<HostDatabase>, key: PluginKey): Promise<void> {
    const { tenant, pluginId } = key;
    this.#waiting.delete(idOf(key));
    await db
      .deleteFrom('plugin_errors')
      .where('tenant', '=', tenant)
      .where('plugin_id', '=', pluginId)
      .execute();
  }

  async #drain(): Promise<void> {
    // Let a burst gather, so that it is one insert.
    await Promise.resolve();
    for (const [id, { key, records }] of this.#waiting) {
      this.#waiting.delete(id);
      if (records.length === 0) continue;
      try {
        await this.#store(key, records);
      } catch (error) {
        this.#logger.warn(
          { ...key, err: error, lost: records.length },
          'errors of a plugin could not be stored',
        );
      }
    }
    this.#writing = undefined;
    if (this.#waiting.size > 0) this.#writing = this.#drain();
  }

  async #store({ tenant, pluginId }: PluginKey, records: readonly ErrorRecord[]): Promise<void> {
    await this.#db
      .insertInto('plugin_errors')
      .values(
        records.map((record) => ({
          tenant,
          plugin_id: pluginId,
          kind: record.kind,
          callback: record.callback,
          code: record.code,
          message: record.message,
          stack: record.stack,
          at: record.at,
        })),
      )
      .execute();
    await this.#db
      .deleteFrom('plugin_errors')
      .where('tenant', '=', tenant)
      .where('plugin_id', '=', pluginId)
      .where('id', 'not in', (query) =>
        query
          .selectFrom('plugin_errors')
          .select('id')
          .where('tenant', '=', tenant)
          .where('plugin_id', '=', pluginId)
          .orderBy('id', 'desc')
          .limit(this.#history),
      )
      .execute();
  }
}

const idOf = ({ tenant, pluginId }: PluginKey): string => JSON.stringify([tenant, pluginId]);

const toStorable = (record: ErrorRecord): ErrorRecord => ({
  ...record,
  callback: toStorableText(record.callback),
  code: toStorableText(record.code),
  message: toStorableText(record.message),
  stack: record.stack === null ? null : toStorableText(record.stack),
});
