import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import { secretsKeyInvalid } from '../foundation/errors/index.js';

/** A master key. The bytes stay inside a `KeyObject`, which prints as nothing. */
export interface SecretsKey {
  /** First 8 hexadecimal digits of the key's sha256; every envelope names the key it was made with. */
  readonly kid: string;
  readonly key: KeyObject;
}

const HEX = /^[0-9a-fA-F]{64}$/;
// 32 bytes leave 4 bits for the last character: only these sixteen are canonical.
const BASE64 = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/**
 * Reads 32 bytes from 64 hexadecimal or 44 base64 characters and from nothing else: a short key is never
 * padded and a passphrase never stretched (§7.3). Throws SECRETS_KEY_INVALID, which never repeats the key.
 */
export function parseSecretsKey(text: string): SecretsKey {
  if (HEX.test(text)) return toSecretsKey(Buffer.from(text, 'hex'));
  if (BASE64.test(text)) return toSecretsKey(Buffer.from(text, 'base64'));
  throw secretsKeyInvalid({ reason: whyInvalid(text) });
}

/** The keys of the environment: `PLUGIN_SECRETS_KEY`, and `PLUGIN_SECRETS_KEY_PREVIOUS` separated by commas. */
export function readSecretsKeys(env: Readonly<Record<string, string | undefined>>): {
  key?: string;
  previous: string[];
} {
  const previous = (env.PLUGIN_SECRETS_KEY_PREVIOUS ?? '').split(',').map((key) => key.trim());
  return {
    // An empty variable counts as none: that is how compose files leave one out.
    ...(env.PLUGIN_SECRETS_KEY ? { key: env.PLUGIN_SECRETS_KEY } : {}),
    previous: previous.filter((key) => key !== ''),
  };
}

function toSecretsKey(bytes: Buffer): SecretsKey {
  const kid = createHash('sha256').update(bytes).digest('hex').slice(0, 8);
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return { kid, key };
}

function whyInvalid(text: string): string {
  if (typeof text !== 'string') return `it is of type ${typeof text}, not a string.`;
  if (text === '') return 'it is empty.';
  if (text !== text.trim()) return 'it has white space around it.';
  if (text.length === 64) return 'it has 64 characters, but not all of them are hexadecimal digits.';
  if (text.length === 44) return 'it has 44 characters, but they are not the base64 of 32 bytes.';
  return `it has ${text.length} characters.`;
}
