import type { ConfigField } from '@verifywise/plugin-types';
import type { PluginKey } from '../../foundation/plugin-key.js';
import { MASK, type SecretRedactor } from '../../foundation/redact.js';
import { isEnvelope } from '../../secrets/envelope.js';
import type { SecretsKeyring } from '../../secrets/secrets-keyring.js';
import { mapLeaves, StoredSecret } from './config-fields.js';

/** How many secrets just entered stay masked although no plugin may have read them yet. */
const MAX_RECENT = 1_000;

/** Encrypts and decrypts the secrets within settings, each bound to its tenant, plugin and path. */
export class ConfigSecrets {
  readonly #keyring: SecretsKeyring;
  readonly #redactor: SecretRedactor;
  readonly #recent: (() => void)[] = [];

  constructor(keyring: SecretsKeyring, redactor: SecretRedactor) {
    this.#keyring = keyring;
    this.#redactor = redactor;
  }

  /** Whether secrets cannot be encrypted: the host has no key. */
  get locked(): boolean {
    return this.#keyring.kid === undefined;
  }

  /** Masks a secret in logs until the returned function is called. */
  hold(secret: string): () => void {
    return this.#redactor.hold(secret);
  }

  /** Masks the secrets of `value`, as it was entered: whatever becomes of it, the host's own lines follow. */
  holdEntered(field: ConfigField, value: unknown, key: string): void {
    mapLeaves(field, value, key, (leaf, { secret }) => {
      if (!secret || typeof leaf !== 'string' || leaf === MASK) return undefined;
      this.#recent.push(this.#redactor.hold(leaf));
      if (this.#recent.length > MAX_RECENT) this.#recent.shift()?.();
      return undefined;
    });
  }

  /** Throws SECRET_CORRUPT, SECRETS_KEY_MISSING or SECRETS_KEY_MISMATCH. */
  reveal({ tenant, pluginId }: PluginKey, { stored, path }: StoredSecret): unknown {
    if (!isEnvelope(stored)) return stored;
    return this.#keyring.decrypt(stored, { tenant, pluginId, field: path });
  }

  /**
   * A value as it is stored: secrets encrypted for where they stand now. Envelopes that need not change do
   * not. Throws SECRETS_KEY_MISSING, and what `reveal` throws for a secret that moved.
   */
  seal(plugin: PluginKey, field: ConfigField, value: unknown, key: string): unknown {
    return mapLeaves(field, value, key, (leaf, { secret, path }) => {
      if (leaf instanceof StoredSecret) {
        if (leaf.path === path && isEnvelope(leaf.stored)) return leaf.stored;
        return this.#encrypt(plugin, this.reveal(plugin, leaf), path);
      }
      return secret ? this.#encrypt(plugin, leaf, path) : leaf;
    });
  }

  #encrypt({ tenant, pluginId }: PluginKey, value: unknown, path: string): unknown {
    return typeof value === 'string'
      ? this.#keyring.encrypt(value, { tenant, pluginId, field: path })
      : value;
  }
}
