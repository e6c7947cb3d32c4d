import { createHash, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import {
  secretCorrupt,
  secretsKeyInvalid,
  secretsKeyMismatch,
  secretsKeyMissing,
} from '../foundation/errors/index.js';
import { openEnvelope, parseEnvelope, type SecretAddress, sealEnvelope } from './envelope.js';
import { parseSecretsKey, type SecretsKey } from './secrets-key.js';

/** How many tenant keys are kept derived; deriving one takes about 10 µs. */
const MAX_TENANT_KEYS = 4096;

export interface SecretsKeyringOptions {
  /** The key new secrets are encrypted with. Default: none; then secrets are locked, and the host still starts. */
  readonly key?: string;
  /** Keys that decrypt what was encrypted before the last rotation. They never encrypt. Default: none. */
  readonly previous?: readonly string[];
}

/**
 * Encrypts and decrypts secrets (§7.3). Each tenant has a key of its own, derived with HKDF, so the number of
 * encryptions under one key stays far below what random IVs allow.
 *
 * The constructor throws SECRETS_KEY_INVALID.
 */
export class SecretsKeyring {
  readonly #current: SecretsKey | undefined;
  readonly #keys = new Map<string, SecretsKey>();
  readonly #tenantKeys = new Map<string, KeyObject>();

  constructor({ key, previous = [] }: SecretsKeyringOptions = {}) {
    if (key !== undefined) this.#current = this.#add(parseSecretsKey(key));
    for (const text of previous) this.#add(parseSecretsKey(text));
  }

  /** Names the key new secrets are encrypted with; `undefined` when there is none. */
  get kid(): string | undefined {
    return this.#current?.kid;
  }

  /** Names every key that can decrypt, the current one first. */
  get kids(): readonly string[] {
    return [...this.#keys.keys()];
  }

  /** Throws SECRETS_KEY_MISSING when the host has no key. */
  encrypt(plaintext: string, address: SecretAddress): string {
    if (!this.#current) throw secretsKeyMissing({});
    const key = this.#tenantKey(this.#current, address.tenant);
    return sealEnvelope(plaintext, { key, kid: this.#current.kid, address });
  }

  /**
   * Throws SECRETS_KEY_MISSING without any key, SECRETS_KEY_MISMATCH when the envelope names a key that is not
   * here, and SECRET_CORRUPT when it is damaged or belongs to another address.
   */
  decrypt(text: string, address: SecretAddress): string {
    const envelope = parseEnvelope(text);
    if (!envelope) throw secretCorrupt({ pluginId: address.pluginId, field: address.field });
    if (this.#keys.size === 0) throw secretsKeyMissing({});
    const master = this.#keys.get(envelope.kid);
    if (!master) throw secretsKeyMismatch({});
    return openEnvelope(envelope, { key: this.#tenantKey(master, address.tenant), address });
  }

  #add(key: SecretsKey): SecretsKey {
    const known = this.#keys.get(key.kid);
    // Four bytes name a key. That two of an operator's keys share them is next to impossible, but telling
    // them apart would be too.
    if (known && !known.key.equals(key.key)) {
      throw secretsKeyInvalid({ reason: `two keys share the id ${key.kid}; replace one.` });
    }
    this.#keys.set(key.kid, known ?? key);
    return known ?? key;
  }

  #tenantKey(master: SecretsKey, tenant: string): KeyObject {
    const id = `${master.kid}${tenant}`;
    let key = this.#tenantKeys.get(id);
    if (key) return key;
    key = deriveTenantKey(master.key, tenant);
    if (this.#tenantKeys.size >= MAX_TENANT_KEYS) {
      const oldest = this.#tenantKeys.keys().next().value;
      if (oldest !== undefined) this.#tenantKeys.delete(oldest);
    }
    this.#tenantKeys.set(id, key);
    return key;
  }
}

function deriveTenantKey(master: KeyObject, tenant: string): KeyObject {
  // Hashed, since HKDF takes at most 1,024 bytes here and a tenant's name may be longer.
  const info = createHash('sha256')
    .update(JSON.stringify(['plugin-secrets/v1', tenant]))
    .digest();
  return createSecretKey(Buffer.from(hkdfSync('sha256', master, '', info, 32)));
}
