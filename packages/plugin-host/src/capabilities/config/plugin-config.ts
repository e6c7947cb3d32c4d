import type { ConfigValidator } from '@verifywise/plugin-manifest';
import type { ConfigField, ConfigSchema, PluginConfig as PluginConfigApi } from '@verifywise/plugin-types';
import {
  type ConfigIssueDetail,
  configInvalid,
  configKeyUnknown,
  valueTooLarge,
} from '../../foundation/errors/index.js';
import { toStorableJson } from '../../foundation/json.js';
import type { PluginKey } from '../../foundation/plugin-key.js';
import { MASK } from '../../foundation/redact.js';
import { fieldAt, mapLeaves, type StoredSecret, unwrapSecrets, wrapSecrets } from './config-fields.js';
import type { ConfigRows } from './config-rows.js';
import type { ConfigSecrets } from './config-secrets.js';

/** Values of one secret that stay masked after it was replaced: the plugin may still use the one before. */
const MAX_HELD_PER_SECRET = 4;

/** What an open configuration needs of its store. */
export interface PluginConfigOptions {
  readonly key: PluginKey;
  readonly schema: ConfigSchema;
  readonly validator: ConfigValidator;
  readonly secrets: ConfigSecrets;
  readonly maxValueBytes: number;
  /** Writes one setting as it is to be stored, `undefined` to remove it; then brings this configuration up to date. */
  readonly save: (config: PluginConfig, key: string, stored: unknown) => Promise<void>;
  readonly onClose: (config: PluginConfig) => void;
}

/**
 * `context.config`: a plugin's settings, kept in memory so that reading them is synchronous. Secrets stay
 * encrypted until they are read (§7.3). Whatever is returned is the plugin's own copy.
 */
export class PluginConfig implements PluginConfigApi {
  readonly #options: PluginConfigOptions;
  /** Defaults applied, secrets wrapped. */
  #values: ReadonlyMap<string, unknown> = new Map();
  #turn = -1;
  /** By path: what was revealed, newest last. */
  readonly #held = new Map<string, { secret: string; release: () => void }[]>();

  constructor(options: PluginConfigOptions) {
    this.#options = options;
  }

  /**
   * A setting: what is stored, else the manifest's default, else `defaultValue`.
   * Throws SECRET_CORRUPT, SECRETS_KEY_MISSING or SECRETS_KEY_MISMATCH for a secret that cannot be decrypted.
   */
  get<T>(key: string, defaultValue?: T): T {
    const value = this.#values.get(key);
    return (value === undefined ? defaultValue : this.#reveal(value)) as T;
  }

  /** Every declared setting that has a value. Throws as `get` does. */
  getAll(): Record<string, unknown> {
    return Object.fromEntries([...this.#values].map(([key, value]) => [key, this.#reveal(value)]));
  }

  /**
   * Stores one setting; `null` clears it, so that its default holds again.
   * Throws CONFIG_KEY_UNKNOWN, VALUE_NOT_STORABLE, VALUE_TOO_LARGE, CONFIG_INVALID or SECRETS_KEY_MISSING.
   */
  async set(key: string, value: unknown): Promise<void> {
    const { schema, secrets, save } = this.#options;
    const field = fieldAt(schema, key);
    if (!field) throw configKeyUnknown({ pluginId: this.#options.key.pluginId, key });
    if (value === null) {
      await save(this, key, undefined);
      return;
    }
    const checked = this.#check(field, key, value);
    secrets.holdEntered(field, checked, key);
    await save(this, key, secrets.seal(this.#options.key, field, checked, key));
  }

  /** Takes over what is stored, unless something read later was taken over already. */
  accept(rows: ConfigRows, turn: number): void {
    if (turn < this.#turn) return;
    this.#turn = turn;
    const { schema, validator } = this.#options;
    const stored = Object.entries(schema).map(([key, field]) => [
      key,
      wrapSecrets(field, rows.get(key), key),
    ]);
    const values = validator.withDefaults(Object.fromEntries(stored));
    this.#values = new Map(Object.entries(values).filter(([, value]) => value !== undefined));
  }

  /** Lets go of the secrets read here: logs no longer look for them. Calling it twice is harmless. */
  close(): void {
    for (const held of this.#held.values()) for (const { release } of held) release();
    this.#held.clear();
    this.#options.onClose(this);
  }

  #check(field: ConfigField, key: string, value: unknown): unknown {
    const { validator, maxValueBytes } = this.#options;
    const text = toStorableJson(value, { path: key });
    const bytes = Buffer.byteLength(text);
    if (bytes > maxValueBytes) throw valueTooLarge({ bytes, limit: maxValueBytes });
    const checked: unknown = JSON.parse(text);
    const result = validator.validate({ [key]: checked });
    const issues: ConfigIssueDetail[] = result.ok ? [] : [...result.issues];
    mapLeaves(field, checked, key, (leaf, { path, secret }) => {
      if (secret && leaf === MASK) issues.push({ field: path, message: 'must be a secret, not its mask' });
      return undefined;
    });
    if (issues.length > 0) throw configInvalid({ issues });
    return checked;
  }

  #reveal(value: unknown): unknown {
    return unwrapSecrets(value, (secret) => {
      const plain = this.#options.secrets.reveal(this.#options.key, secret);
      if (typeof plain === 'string') this.#hold(secret, plain);
      return plain;
    });
  }

  #hold({ path }: StoredSecret, secret: string): void {
    const held = this.#held.get(path) ?? [];
    if (held.some((known) => known.secret === secret)) return;
    held.push({ secret, release: this.#options.secrets.hold(secret) });
    if (held.length > MAX_HELD_PER_SECRET) held.shift()?.release();
    this.#held.set(path, held);
  }
}
