import type { ConfigField, ConfigSchema, PluginManifest } from '@verifywise/plugin-types';
import type { Kysely } from 'kysely';
import {
  type ConfigIssueDetail,
  configConflict,
  configInvalid,
  valueTooLarge,
} from '../../foundation/errors/index.js';
import { isPlainObject, toStorableJson } from '../../foundation/json.js';
import { formatPluginKey, type PluginKey } from '../../foundation/plugin-key.js';
import { MASK, type SecretRedactor } from '../../foundation/redact.js';
import type { HostDatabase } from '../../postgres/schema.js';
import type { SecretsKeyring } from '../../secrets/secrets-keyring.js';
import { canonicalJson, fieldAt, mapLeaves, StoredSecret } from './config-fields.js';
import { mergeChange } from './config-merge.js';
import { type ConfigReading, type ConfigUpdate, changesOf, readingOf, wrapRows } from './config-reading.js';
import {
  type ConfigRows,
  deleteRows,
  etagMatches,
  etagOf,
  lockRows,
  readRows,
  writeRow,
} from './config-rows.js';
import { ConfigSecrets } from './config-secrets.js';
import { ConfigValidators } from './config-validators.js';
import { PluginConfig } from './plugin-config.js';

export type { ConfigChanges, ConfigReading, ConfigUpdate } from './config-reading.js';

export interface ConfigStoreOptions {
  /**
   * The database to use now: outside a host transaction always the same handle, to the pool; within one the
   * handle of that transaction, which everything written then belongs to.
   */
  readonly executor: () => Kysely<HostDatabase>;
  readonly keyring: SecretsKeyring;
  readonly redactor: SecretRedactor;
  /** Bytes one setting may take as JSON. Default 1 MB; then VALUE_TOO_LARGE. */
  readonly maxValueBytes?: number;
}

type Patch = ReadonlyMap<string, unknown>;

/** The settings of all plugins (§7): one row per setting in `plugin_config`, secrets encrypted within it. */
export class ConfigStore {
  readonly #executor: () => Kysely<HostDatabase>;
  readonly #pool: Kysely<HostDatabase>;
  readonly #secrets: ConfigSecrets;
  readonly #maxValueBytes: number;
  readonly #open = new Map<string, Set<PluginConfig>>();
  readonly #validators = new ConfigValidators();
  #turn = 0;

  constructor({ executor, keyring, redactor, maxValueBytes = 1024 * 1024 }: ConfigStoreOptions) {
    this.#executor = executor;
    this.#pool = executor();
    this.#secrets = new ConfigSecrets(keyring, redactor);
    this.#maxValueBytes = maxValueBytes;
  }

  /** `context.config` of one instance, kept up to date until it is closed. Decrypts nothing yet. */
  async open(key: PluginKey, manifest: PluginManifest): Promise<PluginConfig> {
    const schema = manifest.config ?? {};
    const id = formatPluginKey(key);
    const config = new PluginConfig({
      key,
      schema,
      validator: this.#validators.of(schema),
      secrets: this.#secrets,
      maxValueBytes: this.#maxValueBytes,
      save: (self, setting, stored) => this.#save(self, key, setting, stored),
      onClose: (self) => {
        const others = this.#open.get(id);
        others?.delete(self);
        if (others?.size === 0) this.#open.delete(id);
      },
    });
    // Registered first: a change that is committed while the rows are read reaches it too.
    this.#open.set(id, (this.#open.get(id) ?? new Set()).add(config));
    try {
      const turn = this.#nextTurn();
      config.accept(await readRows(this.#executor(), key), turn);
    } catch (error) {
      config.close();
      throw error;
    }
    return config;
  }

  /** What `GET …/config` answers. */
  async read(key: PluginKey, manifest: PluginManifest): Promise<ConfigReading> {
    return this.#reading(manifest.config ?? {}, await readRows(this.#executor(), key));
  }

  /** Required settings without a value, in dotted form. Decrypts nothing. */
  async missing(key: PluginKey, manifest: PluginManifest): Promise<readonly string[]> {
    const schema = manifest.config ?? {};
    const rows = await readRows(this.#executor(), key);
    return this.#validators.of(schema).missing(wrapRows(schema, rows));
  }

  /**
   * Merges `patch` key by key and stores all of it or nothing. The mask, or an absent key, keeps the value;
   * `null` clears it. Within a group, a secret left out or left empty is kept; within a list, a secret follows
   * its entry, and where it is not clear which entry that is it has to be entered again.
   *
   * Throws CONFIG_INVALID naming every field that is wrong, CONFIG_CONFLICT when `ifMatch` is out of date,
   * SECRETS_KEY_MISSING, VALUE_NOT_STORABLE, VALUE_TOO_LARGE.
   */
  async update(
    key: PluginKey,
    manifest: PluginManifest,
    patch: Readonly<Record<string, unknown>>,
    { ifMatch }: { ifMatch?: string | undefined } = {},
  ): Promise<ConfigUpdate> {
    const schema = manifest.config ?? {};
    const given = this.#readPatch(schema, patch);
    const { before, after } = await this.#transaction(async (db) => {
      const stored = await lockRows(db, key);
      if (ifMatch !== undefined && !etagMatches(ifMatch, etagOf(stored))) {
        throw configConflict({ pluginId: key.pluginId });
      }
      const merged = this.#merge(key, schema, given, stored);
      const written = await this.#write(db, key, stored, this.#seal(key, schema, merged, stored));
      return { before: stored, after: written };
    });
    await this.#announce(key);
    return { ...this.#reading(schema, after), changes: changesOf(schema, given.keys(), { before, after }) };
  }

  /**
   * Encrypts what a new version of the manifest declares secret and an older one did not. To be called once
   * that version is active for good: the older one could no longer read the setting. Does nothing without a key.
   */
  async seal(key: PluginKey, manifest: PluginManifest): Promise<void> {
    await this.#transaction(async (db) => {
      const stored = await lockRows(db, key);
      await this.#write(db, key, stored, this.#seal(key, manifest.config ?? {}, new Map(), stored));
    });
    await this.#announce(key);
  }

  /**
   * Brings this process's open configurations of one plugin up to date, after a change made elsewhere or the
   * commit of a host transaction that changed something.
   */
  async refresh(key: PluginKey): Promise<void> {
    const open = this.#open.get(formatPluginKey(key));
    if (!open) return;
    const turn = this.#nextTurn();
    const rows = await readRows(this.#pool, key);
    for (const config of open) config.accept(rows, turn);
  }

  /** Removes every setting of one plugin of one tenant. */
  async deleteAll(db: Kysely<HostDatabase>, key: PluginKey): Promise<void> {
    await deleteRows(db, key);
  }

  /** Others must not see a change before it is committed, which in a host transaction is not for us to know. */
  async #announce(key: PluginKey): Promise<void> {
    if (this.#executor() === this.#pool) await this.refresh(key);
  }

  async #save(config: PluginConfig, key: PluginKey, setting: string, stored: unknown): Promise<void> {
    const db = this.#executor();
    if (db === this.#pool) {
      await writeRow(db, key, setting, stored);
      await this.refresh(key);
      return;
    }
    // Before the row, as `update` does: two transactions taking rows in different order would block each other.
    await lockRows(db, key);
    await writeRow(db, key, setting, stored);
    // This one alone: it belongs to whoever writes in the transaction.
    const turn = this.#nextTurn();
    config.accept(await readRows(db, key), turn);
  }

  #readPatch(schema: ConfigSchema, patch: unknown): Patch {
    if (!isPlainObject(patch)) {
      throw configInvalid({ issues: [{ field: '(root)', message: 'must be an object' }] });
    }
    const given = new Map<string, unknown>();
    for (const [key, value] of Object.entries(patch)) {
      if (value === undefined) continue;
      const text = toStorableJson(value, { path: key });
      const bytes = Buffer.byteLength(text);
      if (bytes > this.#maxValueBytes) throw valueTooLarge({ bytes, limit: this.#maxValueBytes });
      const checked: unknown = JSON.parse(text);
      const field = fieldAt(schema, key);
      if (field) this.#secrets.holdEntered(field, checked, key);
      given.set(key, checked);
    }
    return given;
  }

  /** The values of the keys given, checked together with all others. `undefined`: nothing remains. */
  #merge(plugin: PluginKey, schema: ConfigSchema, given: Patch, rows: ConfigRows): Patch {
    const issues: ConfigIssueDetail[] = [];
    const merged = new Map<string, unknown>();
    for (const [key, next] of given) {
      const field = fieldAt(schema, key);
      merged.set(key, field ? mergeChange(field, next, rows.get(key), { key, issues }) : next);
    }
    const unreadable = new Set<string>();
    const reveal = (key: string, value: unknown) =>
      mapLeaves(undefined, value, key, (leaf, { path }) => {
        if (!(leaf instanceof StoredSecret)) return leaf;
        try {
          return this.#secrets.reveal(plugin, leaf);
        } catch {
          // It stays as it is: that it cannot be decrypted must not keep anything else from being changed.
          unreadable.add(path);
          return MASK;
        }
      });
    const all = new Map([...Object.entries(wrapRows(schema, rows)), ...merged]);
    const entries = [...all].map(([key, value]) => [key, reveal(key, value)]);
    const result = this.#validators
      .of(schema)
      .validate(Object.fromEntries(entries.filter(([, value]) => value !== undefined)));
    if (!result.ok) issues.push(...result.issues.filter(({ field }) => !unreadable.has(field)));
    if (issues.length > 0) throw configInvalid({ issues: uniqueByField(issues) });
    return merged;
  }

  /** What is to be stored for the keys that change; those beside them only where a secret lies open. */
  #seal(plugin: PluginKey, schema: ConfigSchema, merged: Patch, rows: ConfigRows): Patch {
    const sealed = new Map<string, unknown>();
    for (const [key, field] of Object.entries(schema)) {
      if (merged.has(key)) {
        sealed.set(key, this.#secrets.seal(plugin, field, merged.get(key), key));
      } else if (rows.has(key) && !this.#secrets.locked) {
        sealed.set(key, this.#secrets.seal(plugin, field, wrapOpenSecrets(field, rows.get(key), key), key));
      }
    }
    return sealed;
  }

  async #write(db: Kysely<HostDatabase>, key: PluginKey, rows: ConfigRows, next: Patch): Promise<ConfigRows> {
    const after = new Map(rows);
    for (const [setting, value] of next) {
      if (canonicalJson(value) === canonicalJson(rows.get(setting))) continue;
      await writeRow(db, key, setting, value);
      if (value === undefined) after.delete(setting);
      else after.set(setting, value);
    }
    return after;
  }

  #reading(schema: ConfigSchema, rows: ConfigRows): ConfigReading {
    return readingOf(schema, this.#validators.of(schema), rows);
  }

  #transaction<T>(work: (db: Kysely<HostDatabase>) => Promise<T>): Promise<T> {
    const db = this.#executor();
    return db === this.#pool ? db.transaction().execute(work) : work(db);
  }

  /** Reads are numbered by when they start, so that one overtaken by a later one is not taken over. */
  #nextTurn(): number {
    this.#turn += 1;
    return this.#turn;
  }
}

/** Unlike `wrapSecrets`, this keeps what an older manifest declared secret: it may come back. */
const wrapOpenSecrets = (field: ConfigField, stored: unknown, key: string): unknown =>
  mapLeaves(field, stored, key, (leaf, { path, secret }) => (secret ? new StoredSecret(leaf, path) : leaf));

/** A field that cannot be merged need not also be called invalid. */
const uniqueByField = (issues: readonly ConfigIssueDetail[]): ConfigIssueDetail[] =>
  [...new Map([...issues].reverse().map((issue) => [issue.field, issue])).values()].reverse();
