import { createHash, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseSecretsKey, readSecretsKeys } from './secrets-key.js';

const bytes = randomBytes(32);
const hex = bytes.toString('hex');
const base64 = bytes.toString('base64');

describe('parseSecretsKey', () => {
  it('takes 64 hexadecimal or 44 base64 characters for the same key', () => {
    const kid = createHash('sha256').update(bytes).digest('hex').slice(0, 8);
    for (const text of [hex, hex.toUpperCase(), base64]) {
      const parsed = parseSecretsKey(text);
      expect(parsed.kid).toBe(kid);
      expect(parsed.key.export()).toEqual(bytes);
    }
  });

  it.each([
    ['nothing', '', 'empty'],
    ['63 digits', hex.slice(1), '63 characters'],
    ['65 digits', `${hex}0`, '65 characters'],
    ['64 characters that are not hexadecimal', `g${hex.slice(1)}`, 'not all of them are hexadecimal'],
    ['base64 without its padding', base64.slice(0, 43), '43 characters'],
    ['base64 of 31 bytes', randomBytes(31).toString('base64'), 'not the base64 of 32 bytes'],
    ['base64 of 33 bytes', randomBytes(33).toString('base64'), 'not the base64 of 32 bytes'],
    ['base64 with stray bits', `${'A'.repeat(42)}B=`, 'not the base64 of 32 bytes'],
    ['base64url', `-${'A'.repeat(42)}=`, 'not the base64 of 32 bytes'],
    ['a trailing newline', `${hex}\n`, 'white space'],
    ['a passphrase', 'correct horse battery staple', '28 characters'],
  ])('refuses %s and says why', (_, text, reason) => {
    expect(() => parseSecretsKey(text)).toThrow(
      expect.objectContaining({ code: 'SECRETS_KEY_INVALID', message: expect.stringContaining(reason) }),
    );
  });

  it('never repeats the key, in an error or when printed', () => {
    const wrong = `z${hex.slice(1)}`;
    expect(() => parseSecretsKey(wrong)).toThrow(
      expect.objectContaining({ stack: expect.not.stringContaining(wrong.slice(1, 20)) }),
    );
    const printed = inspect(parseSecretsKey(hex), { depth: 10, showHidden: true });
    expect(printed).not.toContain(hex);
    expect(printed).not.toContain(base64);
  });
});

describe('readSecretsKeys', () => {
  it('reads the current key and the list of previous ones', () => {
    const env = { PLUGIN_SECRETS_KEY: hex, PLUGIN_SECRETS_KEY_PREVIOUS: ` ${base64}, ${hex},` };
    expect(readSecretsKeys(env)).toEqual({ key: hex, previous: [base64, hex] });
  });

  it('takes an empty variable for none', () => {
    expect(readSecretsKeys({ PLUGIN_SECRETS_KEY: '' })).toEqual({ previous: [] });
  });
});
