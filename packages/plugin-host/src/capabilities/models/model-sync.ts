import type { SyncOptions } from '@verifywise/plugin-types';
import { type Kysely, sql } from 'kysely';
import {
  modelInvalid,
  modelQueryInvalid,
  syncDestructive,
  tableNotOwned,
} from '../../foundation/errors/index.js';
import type { Limits } from '../../foundation/limits.js';
import type { HostLogger } from '../../foundation/logger.js';
import { toQueryError } from '../../postgres/query-errors.js';
import type { HostDatabase } from '../../postgres/schema.js';
import type { Transactions } from '../../postgres/transaction.js';
import type { CoreModels } from './core-models.js';
import {
  addColumn,
  addForeignKey,
  createIndex,
  createTable,
  dropTables,
  replaceValues,
} from './model-ddl.js';
import { type Column, type ModelDefinition, primaryKeyOf } from './model-definition.js';
import type { ModelSession } from './model-session.js';
import type { ExistingTable, ModelStore } from './model-store.js';
import { ownProperties } from './own-properties.js';

export interface SyncServices {
  readonly store: ModelStore;
  readonly transactions: Transactions;
  readonly core: CoreModels;
  readonly logger: HostLogger;
  readonly limits: Pick<Limits, 'statementMs' | 'lockMs'>;
}

type Db = Kysely<HostDatabase>;
interface NewColumn {
  readonly definition: ModelDefinition;
  readonly column: Column;
}

/** Makes the database what the definitions say (§22.7), each time all of it or nothing. */
export class ModelSync {
  readonly #session: ModelSession;
  readonly #services: SyncServices;

  constructor(session: ModelSession, services: SyncServices) {
    this.#session = session;
    this.#services = services;
  }

  /** @throws SYNC_DESTRUCTIVE, TABLE_NOT_OWNED, MODEL_INVALID, what Postgres reports */
  async sync(
    definitions: readonly ModelDefinition[],
    options: unknown,
    { installing }: { installing: boolean },
  ): Promise<void> {
    const { alter, force, allowDataLoss } = flags(options, ['alter', 'force', 'allowDataLoss']);
    await this.#changing(async (db) => {
      let existing = await this.#existing(db, definitions);
      if (force && existing.size > 0) {
        await this.#drop(db, existing, { mayLoseData: installing || allowDataLoss });
        existing = new Map();
      }
      const added: NewColumn[] = [];
      const created: string[] = [];
      for (const definition of definitions) {
        const table = existing.get(definition.table);
        if (!table) {
          await this.#create(definition);
          created.push(definition.table);
          added.push(...definition.columns.map((column) => ({ definition, column })));
        } else if (alter) {
          added.push(...(await this.#alter(db, definition, table)));
        }
      }
      await this.#services.store.own(db, this.#session.key, created);
      // Last, when all tables are there: definitions may refer to each other.
      for (const column of added) await this.#refer(db, definitions, column, installing);
      await this.#services.store.save(db, this.#session.key, definitions);
    });
  }

  /** @throws SYNC_DESTRUCTIVE, TABLE_NOT_OWNED */
  async dropAll(
    definitions: readonly ModelDefinition[],
    options: unknown,
    { mayLoseData }: { mayLoseData: boolean },
  ): Promise<void> {
    const { allowDataLoss } = flags(options, ['allowDataLoss']);
    await this.#changing(async (db) => {
      const existing = await this.#existing(db, definitions);
      if (existing.size > 0) await this.#drop(db, existing, { mayLoseData: mayLoseData || allowDataLoss });
    });
  }

  async #changing(work: (db: Db) => Promise<void>): Promise<void> {
    const { key } = this.#session;
    const { store, transactions } = this.#services;
    try {
      await transactions.run(
        async (db) => {
          await store.lock(db, key);
          await work(db);
        },
        { plugin: key },
      );
    } catch (error) {
      throw this.#translated(error);
    } finally {
      this.#session.tablesChanged();
    }
  }

  #translated(error: unknown): unknown {
    const { statementMs, lockMs } = this.#services.limits;
    const { pluginId } = this.#session.key;
    return toQueryError(error, { pluginId, readOnly: false, statementMs, lockMs });
  }

  async #existing(
    db: Db,
    definitions: readonly ModelDefinition[],
  ): Promise<ReadonlyMap<string, ExistingTable>> {
    const { tenant, pluginId } = this.#session.key;
    const existing = await this.#services.store.existing(
      db,
      tenant,
      definitions.map(({ table }) => table),
    );
    for (const { name, owner } of existing.values()) {
      if (owner !== null && owner !== pluginId) throw tableNotOwned({ table: name });
    }
    return existing;
  }

  async #drop(
    db: Db,
    existing: ReadonlyMap<string, ExistingTable>,
    { mayLoseData }: { mayLoseData: boolean },
  ): Promise<void> {
    const tables = [...existing.keys()];
    const rows: Record<string, number> = {};
    for (const table of tables) {
      const counted = await this.#session.query(
        table,
        sql`SELECT count(*)::float8 AS ${sql.id('count')} FROM ${sql.id(table)}`,
        'write',
      );
      rows[table] = Number(counted.rows[0]?.count);
    }
    if (!mayLoseData) throw syncDestructive({ rows });
    await this.#session.define(dropTables(tables));
    await this.#services.store.disown(db, this.#session.key, tables);
    this.#services.logger.warn({ ...this.#session.key, rows }, 'tables of models were dropped');
  }

  async #create(definition: ModelDefinition): Promise<void> {
    await this.#session.define(createTable(definition, this.#session.key.tenant));
    for (const index of definition.indexes) await this.#session.define(createIndex(definition.table, index));
  }

  /** Adds what is missing, and lets an ENUM have its present values. */
  async #alter(db: Db, definition: ModelDefinition, existing: ExistingTable): Promise<NewColumn[]> {
    const { table } = definition;
    const missing = definition.columns.filter(({ name }) => !existing.columns.includes(name));
    for (const column of missing) {
      if (column.primaryKey) {
        const reason = 'the table has a primary key already';
        throw modelInvalid({ model: definition.name, field: column.name, reason });
      }
      await this.#session.define(addColumn(table, column, this.#session.key.tenant));
    }
    const stored = (await this.#services.store.load(db, this.#session.key)).find(
      ({ name }) => name === definition.name,
    );
    for (const column of definition.columns) {
      const before = stored?.columns.find(({ name }) => name === column.name);
      if (!column.values || missing.includes(column) || !before) continue;
      if (JSON.stringify(before.values) === JSON.stringify(column.values)) continue;
      await this.#session.define(replaceValues(table, column));
    }
    for (const index of definition.indexes) {
      if (!existing.indexes.includes(index.name)) await this.#session.define(createIndex(table, index));
    }
    return missing.map((column) => ({ definition, column }));
  }

  /** Makes the foreign key of a column, to a model of the plugin's or to a table of the application. */
  async #refer(
    db: Db,
    definitions: readonly ModelDefinition[],
    { definition, column }: NewColumn,
    installing: boolean,
  ): Promise<void> {
    const { references } = column;
    if (!references) return;
    const own = definitions.find(
      ({ name, table }) => name === references.model || table === references.model,
    );
    if (own) {
      const key = own.columns.find(({ name }) => name === references.key);
      const [primary, ...more] = primaryKeyOf(own);
      const unique =
        key?.unique || (more.length === 0 && primary === key) || isUniqueIndex(own, references.key);
      if (!key || !unique) {
        const reason = `${references.key} is no unique attribute of ${own.name}`;
        throw modelInvalid({ model: definition.name, field: `${column.name}.references.key`, reason });
      }
      await this.#session.define(
        addForeignKey({ table: definition.table, column }, references, { table: own.table }),
      );
      return;
    }
    const { core, logger, store } = this.#services;
    const model = core.find(references.model);
    if (!model) {
      const { name } = definition;
      logger.warn(
        { ...this.#session.key, model: name, attribute: column.name, references },
        'a reference has no foreign key, since the host lists no such table in coreModels',
      );
      return;
    }
    const { key } = this.#session;
    const schema = store.schemaOf(key.tenant);
    const make = (within: Db) =>
      core.addForeignKey(within, { model, key: references.key, schema }, (target) =>
        addForeignKey({ table: definition.table, column, schema }, references, target),
      );
    if (!installing) {
      await make(db);
      return;
    }
    core.defer(key, `${definition.table}.${column.name}`, async (within) => {
      // The hook may have undone the sync, or dropped the table, since.
      const existing = await store.existing(within, key.tenant, [definition.table]);
      if (!existing.get(definition.table)?.columns.includes(column.name)) return;
      await make(within).catch((error: unknown) => {
        throw this.#translated(error);
      });
    });
  }
}

const isUniqueIndex = ({ indexes }: ModelDefinition, name: string): boolean =>
  indexes.some(({ unique, fields }) => unique && fields.length === 1 && fields[0] === name);

function flags<Name extends keyof SyncOptions>(
  given: unknown,
  names: readonly Name[],
): Record<Name, boolean> {
  const refuse = (field: string, reason: string) => modelQueryInvalid({ model: 'sync', field, reason });
  const members = given === undefined ? [] : ownProperties(given);
  if (!members) throw refuse('options', 'it is not an object');
  for (const [name, value] of members) {
    if (!(names as readonly string[]).includes(name)) throw refuse(name, 'there is no such option');
    if (value !== undefined && typeof value !== 'boolean') throw refuse(name, 'it is neither true nor false');
  }
  const options = Object.fromEntries(members);
  return Object.fromEntries(names.map((name) => [name, options[name] === true])) as Record<Name, boolean>;
}
