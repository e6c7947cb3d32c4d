import { randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../postgres/database.js';
import type { HostDatabase } from '../postgres/schema.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { checkSecretsCanary, retireSecretsCanaries } from './canary.js';
import { SecretsKeyring } from './secrets-keyring.js';

let database: TestDatabase;
let db: Kysely<HostDatabase>;

const newKey = () => randomBytes(32).toString('hex');
const kids = async () =>
  (await db.selectFrom('secrets_canary').select('kid').execute()).map(({ kid }) => kid);
const mismatch = expect.objectContaining({ code: 'SECRETS_KEY_MISMATCH' });

beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.pool);
});
beforeEach(async () => {
  await db.deleteFrom('secrets_canary').execute();
});
afterAll(() => database.drop());

describe('checkSecretsCanary', () => {
  it('leaves a row at the first start and finds it at the next ones', async () => {
    const key = newKey();
    const keyring = new SecretsKeyring({ key });
    expect(await checkSecretsCanary(db, keyring)).toBe('ok');
    expect(await checkSecretsCanary(db, new SecretsKeyring({ key }))).toBe('ok');
    expect(await kids()).toEqual([keyring.kid]);
  });

  it('stops a start with another key, and leaves the database as it was', async () => {
    const keyring = new SecretsKeyring({ key: newKey() });
    await checkSecretsCanary(db, keyring);
    await expect(checkSecretsCanary(db, new SecretsKeyring({ key: newKey() }))).rejects.toThrow(mismatch);
    expect(await kids()).toEqual([keyring.kid]);
  });

  it('accepts a new key as long as the previous one is there, and until that one is retired', async () => {
    const [old, next] = [newKey(), newKey()];
    await checkSecretsCanary(db, new SecretsKeyring({ key: old }));
    const rotating = new SecretsKeyring({ key: next, previous: [old] });
    expect(await checkSecretsCanary(db, rotating)).toBe('ok');
    expect(new Set(await kids())).toEqual(new Set(rotating.kids));
    await expect(checkSecretsCanary(db, new SecretsKeyring({ key: next }))).rejects.toThrow(mismatch);
    await retireSecretsCanaries(db, rotating);
    expect(await checkSecretsCanary(db, new SecretsKeyring({ key: next }))).toBe('ok');
  });

  it('tells a key of the same id apart', async () => {
    const keyring = new SecretsKeyring({ key: newKey() });
    const other = new SecretsKeyring({ key: newKey() });
    await checkSecretsCanary(db, other);
    const { envelope } = await db.selectFrom('secrets_canary').select('envelope').executeTakeFirstOrThrow();
    const forged = envelope.replace(other.kid ?? '', keyring.kid ?? '');
    await db
      .updateTable('secrets_canary')
      .set({ kid: keyring.kid ?? '', envelope: forged })
      .execute();
    await expect(checkSecretsCanary(db, keyring)).rejects.toThrow(mismatch);
  });

  it('is locked without a key and writes nothing', async () => {
    expect(await checkSecretsCanary(db, new SecretsKeyring())).toBe('locked');
    expect(await kids()).toEqual([]);
  });

  it('lets any number of processes start at once', async () => {
    const key = newKey();
    const starts = Array.from({ length: 8 }, () => checkSecretsCanary(db, new SecretsKeyring({ key })));
    expect(new Set(await Promise.all(starts))).toEqual(new Set(['ok']));
    expect(await kids()).toHaveLength(1);
  });
});
