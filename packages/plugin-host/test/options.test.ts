import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { createPluginHost, type PluginHostOptions } from '../src/index.js';

const database = 'postgresql://nobody@127.0.0.1:1/none';
const authenticate = () => null;
const make = (options: object) => () =>
  createPluginHost({ database, authenticate, ...options } as PluginHostOptions);

describe('createPluginHost', () => {
  it.each<[option: string, value: unknown, reason: string]>([
    ['database', undefined, 'is required'],
    ['database', 42, 'must be a pg.Pool or a connection string'],
    ['database', new pg.Client(), 'is a pg.Client; pass a pg.Pool'],
    ['authenticate', undefined, 'is required'],
    ['authenticate', 'yes', 'must be a function'],
    ['registry', 'https://registry.example', 'must be an object with a url'],
    ['registry', { url: 'nope' }, 'must have a url that is an absolute address'],
    ['registry', { url: 'ftp://registry.example' }, 'must have a url of https:, http: or file:, not ftp:'],
    ['hostVersion', 'latest', 'must be a version'],
    ['permissions', 'off', "must be 'enforce' or 'warn'"],
    ['migrate', 'no', "must be 'auto' or 'check'"],
    ['limits', { hookMs: -1 }, 'must have a hookMs'],
    ['limits', { hokMs: 1 }, 'knows no hokMs'],
    ['logger', { info: () => {} }, 'must have the methods'],
    ['strictStartup', 'yes', 'must be true or false'],
    ['registri', {}, 'is no option'],
  ])('refuses %s: %o', (option, value, reason) => {
    expect(make({ [option]: value })).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: expect.stringContaining(`${option} ${reason}`),
      }),
    );
  });

  it('takes options that are there and undefined, and a pool', async () => {
    const pool = new pg.Pool({ connectionString: database });
    expect(make({ database: pool, registry: undefined, secretsKey: undefined, limits: {} })).not.toThrow();
    await pool.end();
  });

  it('says that a secrets key is no key without showing it', () => {
    expect(make({ secretsKey: 'hunter2' })).toThrow(
      expect.objectContaining({
        code: 'SECRETS_KEY_INVALID',
        message: expect.not.stringContaining('hunter2'),
      }),
    );
  });
});
