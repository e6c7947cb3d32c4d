import type { Kysely } from 'kysely';
import { hasCode, secretsKeyMismatch } from '../foundation/errors/index.js';
import type { HostDatabase } from '../postgres/schema.js';
import type { SecretAddress } from './envelope.js';
import type { SecretsKeyring } from './secrets-keyring.js';

const ADDRESS: SecretAddress = { tenant: '', pluginId: 'plugin-host', field: 'canary' };
const TEXT = 'these secrets can be read';

/**
 * Proves at start that every secret of the database can be decrypted: each key that ever encrypted one left a
 * row that only it opens. The first start with a key adds its row.
 *
 * Answers `locked`, and checks nothing, when the host has no key at all. Throws SECRETS_KEY_MISMATCH when a
 * row's key is not in the keyring, or is another of the same id.
 */
export async function checkSecretsCanary(
  db: Kysely<HostDatabase>,
  keyring: SecretsKeyring,
): Promise<'ok' | 'locked'> {
  if (keyring.kids.length === 0) return 'locked';
  for (const { envelope } of await readRows(db)) verify(envelope, keyring);
  const { kid } = keyring;
  if (kid === undefined) return 'ok';
  const added = await db
    .insertInto('secrets_canary')
    .values({ kid, envelope: keyring.encrypt(TEXT, ADDRESS) })
    .onConflict((conflict) => conflict.column('kid').doNothing())
    .executeTakeFirst();
  // Another process was first: its row has to open, too.
  if (!added.numInsertedOrUpdatedRows)
    for (const { envelope } of await readRows(db)) verify(envelope, keyring);
  return 'ok';
}

/** Forgets every key but the current one, once no secret is encrypted with them any more. */
export async function retireSecretsCanaries(
  db: Kysely<HostDatabase>,
  keyring: SecretsKeyring,
): Promise<void> {
  if (keyring.kid === undefined) return;
  await db.deleteFrom('secrets_canary').where('kid', '!=', keyring.kid).execute();
}

const readRows = (db: Kysely<HostDatabase>) => db.selectFrom('secrets_canary').select('envelope').execute();

function verify(envelope: string, keyring: SecretsKeyring): void {
  try {
    if (keyring.decrypt(envelope, ADDRESS) === TEXT) return;
  } catch (error) {
    if (!hasCode(error, 'SECRET_CORRUPT')) throw error;
  }
  throw secretsKeyMismatch({});
}
