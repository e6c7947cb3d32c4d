import type { Untyped } from '../untyped.js';

/** What a piece of metadata belongs to. */
export interface EntityReference {
  entityType: string;
  entityId: number;
}

export interface MetadataEntry extends EntityReference {
  key: string;
  value: Untyped;
  updatedAt: Date;
}

/**
 * The plugin's own notes on any entity of the application, and on itself: `('system', 0, 'db_version')` (§15.1).
 * Free to every plugin. They are kept per tenant and plugin. `entityId` is an integer from 0; a value is anything JSON
 * holds, `toJSON` applied first, so that a `Date` is stored, and read again, as an ISO string.
 */
export interface PluginMetadata {
  /** A value, or null if there is none. */
  get<T = Untyped>(entityType: string, entityId: number, key: string): Promise<T | null>;
  /** @throws VALUE_NOT_STORABLE naming the path of what JSON cannot hold */
  set(entityType: string, entityId: number, key: string, value: unknown): Promise<void>;
  /** Whether there was anything to delete. */
  delete(entityType: string, entityId: number, key: string): Promise<boolean>;
  /** All values of one entity by key. */
  getAll(entityType: string, entityId: number): Promise<Record<string, Untyped>>;
  /** Stores several values of one entity, all or none. Other keys stay. */
  setMany(entityType: string, entityId: number, data: object): Promise<void>;
  /** Deletes all values of one entity; resolves with how many there were. */
  deleteAll(entityType: string, entityId: number): Promise<number>;
  /** The entities whose `key` holds `value`. */
  findByKey(entityType: string, key: string, value: unknown): Promise<EntityReference[]>;
  /** The entries of all entities of one type whose key begins with `prefix`. */
  findByKeyPrefix(entityType: string, prefix: string): Promise<MetadataEntry[]>;
  /** Everything the plugin has stored for this tenant. */
  getAllByPlugin(): Promise<MetadataEntry[]>;
  /** Deletes everything the plugin has stored for this tenant; resolves with how many entries there were (§13.4). */
  deleteByPlugin(): Promise<number>;
}
