import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SecretAddress } from './envelope.js';
import { isEnvelope } from './envelope.js';
import { SecretsKeyring } from './secrets-keyring.js';

const newKey = () => randomBytes(32).toString('hex');
const key = newKey();
const keyring = new SecretsKeyring({ key });
const here: SecretAddress = { tenant: 'acme', pluginId: 'slack', field: 'smtp.password' };
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('SecretsKeyring', () => {
  it('gives back exactly what it was given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(keyring.decrypt(keyring.encrypt(text, here), here)).toBe(text);
      }),
    );
  });

  it('writes v1.<kid>.<iv>.<ciphertext>.<tag> in base64url', () => {
    const [version, kid, iv, ciphertext, tag, ...rest] = keyring.encrypt('päss', here).split('.');
    expect([version, kid, rest]).toEqual(['v1', keyring.kid, []]);
    const sizes = [iv, ciphertext, tag].map((part) => Buffer.from(part ?? '', 'base64url').length);
    expect(sizes).toEqual([12, Buffer.byteLength('päss'), 16]);
  });

  it('never uses an IV twice', () => {
    const ivs = Array.from({ length: 5_000 }, () => keyring.encrypt('x', here).split('.')[2]);
    expect(new Set(ivs).size).toBe(5_000);
  });

  it.each([
    ['field', { field: 'smtp.user' }],
    ['array index', { field: 'smtp.password[0]' }],
    ['plugin', { pluginId: 'teams' }],
    ['tenant', { tenant: 'globex' }],
  ])('refuses a secret moved to another %s, naming the field', (_, move) => {
    const there = { ...here, ...move };
    expect(() => keyring.decrypt(keyring.encrypt('hunter22', here), there)).toThrow(
      expect.objectContaining({
        code: 'SECRET_CORRUPT',
        details: { pluginId: there.pluginId, field: there.field },
      }),
    );
  });

  it('tells addresses apart whose joined parts are the same', () => {
    const text = keyring.encrypt('x', { tenant: 'acme', pluginId: 'a', field: 'b.c' });
    expect(() => keyring.decrypt(text, { tenant: 'acme', pluginId: 'a.b', field: 'c' })).toThrow(
      code('SECRET_CORRUPT'),
    );
  });

  it('refuses an envelope changed at any one character', () => {
    const text = keyring.encrypt('hunter22', here);
    const from = text.indexOf('.', 3);
    for (let i = 0; i < text.length; i++) {
      const changed = `${text.slice(0, i)}${text[i] === 'A' ? 'B' : 'A'}${text.slice(i + 1)}`;
      expect(() => keyring.decrypt(changed, here), changed).toThrow(code('SECRET_CORRUPT'));
    }
    // Another id is another key, which this keyring has not.
    const otherKid = `v1.${keyring.kid === '00000000' ? '11111111' : '00000000'}${text.slice(from)}`;
    expect(() => keyring.decrypt(otherKid, here)).toThrow(code('SECRETS_KEY_MISMATCH'));
  });

  it('refuses tags cut short', () => {
    const parts = keyring.encrypt('hunter22', here).split('.');
    const tag = Buffer.from(parts[4] ?? '', 'base64url');
    for (const length of [0, 4, 8, 12, 15]) {
      const cut = [...parts.slice(0, 4), tag.subarray(0, length).toString('base64url')].join('.');
      expect(isEnvelope(cut)).toBe(false);
      expect(() => keyring.decrypt(cut, here)).toThrow(code('SECRET_CORRUPT'));
    }
  });

  it('decrypts with previous keys and encrypts with the current one', () => {
    const rotated = new SecretsKeyring({ key: newKey(), previous: [key] });
    expect(rotated.decrypt(keyring.encrypt('old', here), here)).toBe('old');
    const fresh = rotated.encrypt('new', here);
    expect(fresh.split('.')[1]).toBe(rotated.kid);
    expect(() => keyring.decrypt(fresh, here)).toThrow(code('SECRETS_KEY_MISMATCH'));
  });

  it('is locked without a key, and still decrypts with a previous one', () => {
    const text = keyring.encrypt('old', here);
    const locked = new SecretsKeyring();
    expect(() => locked.encrypt('x', here)).toThrow(code('SECRETS_KEY_MISSING'));
    expect(() => locked.decrypt(text, here)).toThrow(code('SECRETS_KEY_MISSING'));
    const readOnly = new SecretsKeyring({ previous: [key] });
    expect(readOnly.decrypt(text, here)).toBe('old');
    expect(() => readOnly.encrypt('x', here)).toThrow(code('SECRETS_KEY_MISSING'));
  });

  it('refuses a key of the wrong shape when it is made', () => {
    expect(() => new SecretsKeyring({ key: 'short' })).toThrow(code('SECRETS_KEY_INVALID'));
    expect(() => new SecretsKeyring({ key, previous: ['short'] })).toThrow(code('SECRETS_KEY_INVALID'));
  });

  it('keeps working for more tenants than it keeps derived keys for', () => {
    const text = keyring.encrypt('first', { ...here, tenant: 't-first' });
    for (let i = 0; i < 5_000; i++) keyring.encrypt('x', { ...here, tenant: `t${i}` });
    expect(keyring.decrypt(text, { ...here, tenant: 't-first' })).toBe('first');
  });
});
