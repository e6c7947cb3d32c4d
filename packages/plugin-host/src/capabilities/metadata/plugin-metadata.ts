import type {
  EntityReference,
  MetadataEntry,
  PluginMetadata as PluginMetadataContract,
} from '@verifywise/plugin-types';
import type { Kysely } from 'kysely';
import { isHostError, metadataKeyInvalid, valueTooLarge } from '../../foundation/errors/index.js';
import { isPlainObject, joinPath, toStorableJson } from '../../foundation/json.js';
import type { Limits } from '../../foundation/limits.js';
import type { CapabilityOwner } from '../../foundation/owner.js';
import { toQueryError } from '../../postgres/query-errors.js';
import type { HostDatabase } from '../../postgres/schema.js';
import type { Transactions } from '../../postgres/transaction.js';
import type { MetadataStore } from './metadata-store.js';

/** Of entity types and keys, in characters. */
const NAME_LENGTH = 255;

type MetadataLimits = Pick<Limits, 'metadataBytes' | 'statementMs' | 'lockMs'>;

/** `context.metadata` of one instance. It joins the transaction the plugin is in. */
export class PluginMetadata implements PluginMetadataContract {
  readonly #owner: Pick<CapabilityOwner, 'key'>;
  readonly #store: MetadataStore;
  readonly #transactions: Transactions;
  readonly #limits: MetadataLimits;

  constructor(options: {
    owner: Pick<CapabilityOwner, 'key'>;
    store: MetadataStore;
    transactions: Transactions;
    limits: MetadataLimits;
  }) {
    this.#owner = options.owner;
    this.#store = options.store;
    this.#transactions = options.transactions;
    this.#limits = options.limits;
  }

  async get<T>(entityType: string, entityId: number, key: string): Promise<T | null> {
    const address = { ...entityOf(entityType, entityId), key: nameOf('key', key) };
    const value = await this.#read((db) => this.#store.get(db, this.#owner.key, address));
    // What was stored is between the plugin and itself.
    return (value ?? null) as T | null;
  }

  async getAll(entityType: string, entityId: number): Promise<Record<string, unknown>> {
    const entity = entityOf(entityType, entityId);
    const entries = await this.#read((db) => this.#store.ofEntity(db, this.#owner.key, entity));
    return Object.fromEntries(entries.map(({ key, value }) => [key, value as unknown]));
  }

  async set(entityType: string, entityId: number, key: string, value: unknown): Promise<void> {
    const entity = entityOf(entityType, entityId);
    const member = this.#member(nameOf('key', key), value, 'value');
    await this.#write((db) => this.#store.set(db, this.#owner.key, entity, `{${member}}`));
  }

  async setMany(entityType: string, entityId: number, data: object): Promise<void> {
    const entity = entityOf(entityType, entityId);
    if (!isPlainObject(data)) throw metadataKeyInvalid({ field: 'data', reason: 'it is not an object' });
    const members = Object.entries(data).map(([key, value]) =>
      this.#member(nameOf('key', key), value, joinPath('', key)),
    );
    if (members.length === 0) return;
    await this.#write((db) => this.#store.set(db, this.#owner.key, entity, `{${members.join(',')}}`));
  }

  async delete(entityType: string, entityId: number, key: string): Promise<boolean> {
    const address = { ...entityOf(entityType, entityId), key: nameOf('key', key) };
    return this.#write((db) => this.#store.delete(db, this.#owner.key, address));
  }

  async deleteAll(entityType: string, entityId: number): Promise<number> {
    const entity = entityOf(entityType, entityId);
    return this.#write((db) => this.#store.deleteEntity(db, this.#owner.key, entity));
  }

  async findByKey(entityType: string, key: string, value: unknown): Promise<EntityReference[]> {
    const search = {
      entityType: nameOf('entityType', entityType),
      key: nameOf('key', key),
      value: toStorableJson(value, { path: 'value' }),
    };
    return this.#read((db) => this.#store.findByKey(db, this.#owner.key, search));
  }

  async findByKeyPrefix(entityType: string, prefix: string): Promise<MetadataEntry[]> {
    const search = {
      entityType: nameOf('entityType', entityType),
      prefix: prefix === '' ? '' : nameOf('prefix', prefix),
    };
    return this.#read((db) => this.#store.findByKeyPrefix(db, this.#owner.key, search));
  }

  async getAllByPlugin(): Promise<MetadataEntry[]> {
    return this.#read((db) => this.#store.all(db, this.#owner.key));
  }

  async deleteByPlugin(): Promise<number> {
    return this.#write((db) => this.#store.deleteAll(db, this.#owner.key));
  }

  /** One member of a JSON object: `"key":value`. */
  #member(key: string, value: unknown, path: string): string {
    const json = toStorableJson(value, { path });
    const bytes = Buffer.byteLength(json);
    const limit = this.#limits.metadataBytes;
    if (bytes > limit) throw valueTooLarge({ bytes, limit });
    return `${JSON.stringify(key)}:${json}`;
  }

  #read<T>(work: (db: Kysely<HostDatabase>) => Promise<T>): Promise<T> {
    return this.#translated(() => work(this.#transactions.database(this.#owner.key)));
  }

  /** In a transaction a write gets a savepoint: if it fails, and the plugin carries on, so does the transaction. */
  #write<T>(work: (db: Kysely<HostDatabase>) => Promise<T>): Promise<T> {
    const transaction = this.#transactions.current(this.#owner.key);
    if (!transaction) return this.#read(work);
    return this.#translated(() =>
      transaction.nested((inner) => work(inner.db), { ms: this.#limits.statementMs }),
    );
  }

  async #translated<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isHostError(error)) throw error;
      const { statementMs, lockMs } = this.#limits;
      throw toQueryError(error, { pluginId: this.#owner.key.pluginId, readOnly: false, statementMs, lockMs });
    }
  }
}

function entityOf(entityType: unknown, entityId: unknown): EntityReference {
  if (typeof entityId !== 'number' || !Number.isSafeInteger(entityId) || entityId < 0) {
    throw metadataKeyInvalid({ field: 'entityId', reason: 'it is not a whole number from 0' });
  }
  return { entityType: nameOf('entityType', entityType), entityId };
}

function nameOf(field: string, name: unknown): string {
  const reason = objectionTo(name);
  if (reason) throw metadataKeyInvalid({ field, reason });
  return name as string;
}

function objectionTo(name: unknown): string | undefined {
  if (typeof name !== 'string') return 'it is not a string';
  if (name === '') return 'it is empty';
  if (name.length > NAME_LENGTH) return `it is longer than ${NAME_LENGTH} characters`;
  if (name.includes('\0')) return 'it holds a NUL character';
  // With the u flag a surrogate that is half of a pair does not match.
  if (/\p{Surrogate}/u.test(name)) return 'it holds half a surrogate pair';
  return undefined;
}
