import { createCipheriv, createDecipheriv, type KeyObject, randomFillSync } from 'node:crypto';
import { secretCorrupt } from '../foundation/errors/index.js';

const VERSION = 'v1';
const IV_BYTES = 12;
const TAG_BYTES = 16;
// kid: 8 hexadecimal digits; iv and tag: base64url of exactly 12 and 16 bytes.
const FORMAT = /^v1\.([0-9a-f]{8})\.([\w-]{16})\.([\w-]*)\.([\w-]{21}[AQgw])$/;

/** Where a secret lives. An envelope opens at the address it was sealed for and nowhere else. */
export interface SecretAddress {
  readonly tenant: string;
  readonly pluginId: string;
  /** Path of the field: `apiKey`, `smtp.password`, `accounts[0].token`. */
  readonly field: string;
}

/** `v1.<kid>.<iv>.<ciphertext>.<tag>`, taken apart. Binary parts are base64url without padding. */
export interface Envelope {
  readonly kid: string;
  readonly iv: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

/** The parts of an envelope, or `undefined` when `text` is anything else. */
export function parseEnvelope(text: string): Envelope | undefined {
  const match = FORMAT.exec(text);
  if (!match) return undefined;
  const [, kid = '', iv = '', ciphertext = '', tag = ''] = match;
  const bytes = Buffer.from(ciphertext, 'base64url');
  // Stray bits in the last character would give one secret several spellings.
  if (bytes.toString('base64url') !== ciphertext) return undefined;
  return { kid, iv: Buffer.from(iv, 'base64url'), ciphertext: bytes, tag: Buffer.from(tag, 'base64url') };
}

export const isEnvelope = (value: unknown): value is string =>
  typeof value === 'string' && parseEnvelope(value) !== undefined;

/** Encrypts with AES-256-GCM under a random 96-bit IV, bound to `address` and `kid`. */
export function sealEnvelope(
  plaintext: string,
  { key, kid, address }: { key: KeyObject; kid: string; address: SecretAddress },
): string {
  const iv = nextIv();
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(authenticatedData(kid, address));
  const head = cipher.update(plaintext, 'utf8');
  const tail = cipher.final();
  const ciphertext = tail.length === 0 ? head : Buffer.concat([head, tail]);
  const parts = [iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'));
  return `${VERSION}.${kid}.${parts.join('.')}`;
}

/**
 * The plaintext, released only once the tag has been checked. Throws SECRET_CORRUPT, naming the field, when
 * the envelope was damaged, made with another key of the same kid, or moved from another address.
 */
export function openEnvelope(
  { kid, iv, ciphertext, tag }: Envelope,
  { key, address }: { key: KeyObject; address: SecretAddress },
): string {
  // Without authTagLength, Node accepts tags cut down to 4 bytes.
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(authenticatedData(kid, address));
  decipher.setAuthTag(tag);
  const head = decipher.update(ciphertext);
  try {
    const tail = decipher.final();
    return (tail.length === 0 ? head : Buffer.concat([head, tail])).toString('utf8');
  } catch {
    // No cause: OpenSSL's says nothing more.
    throw secretCorrupt({ pluginId: address.pluginId, field: address.field });
  }
}

// A JSON array, because joined strings are ambiguous: "a.b" + "c" and "a" + "b.c".
const authenticatedData = (kid: string, { tenant, pluginId, field }: SecretAddress): Buffer =>
  Buffer.from(JSON.stringify([VERSION, tenant, pluginId, field, kid]), 'utf8');

// Asking the system for 12 bytes at a time takes longer than encrypting a short secret.
const ivPool = Buffer.alloc(IV_BYTES * 512);
let ivOffset = ivPool.length;

function nextIv(): Buffer {
  if (ivOffset === ivPool.length) {
    randomFillSync(ivPool);
    ivOffset = 0;
  }
  ivOffset += IV_BYTES;
  // A copy: the pool is refilled in place.
  return Buffer.from(ivPool.subarray(ivOffset - IV_BYTES, ivOffset));
}
