import { type Kysely, sql } from 'kysely';
import { secretsKeyMissing } from '../../foundation/errors/index.js';
import type { HostDatabase } from '../../postgres/schema.js';
import { retireSecretsCanaries } from '../../secrets/canary.js';
import { isEnvelope, parseEnvelope, type SecretAddress } from '../../secrets/envelope.js';
import type { SecretsKeyring } from '../../secrets/secrets-keyring.js';
import { canonicalJson, mapLeaves } from './config-fields.js';

export interface SecretRotationOptions {
  /** The pool, not a transaction: each batch is one of its own. */
  readonly db: Kysely<HostDatabase>;
  readonly keyring: SecretsKeyring;
  /** Settings read and written at a time. Default 500. */
  readonly batch?: number;
}

export interface SecretRotation {
  /** Secrets encrypted anew with the current key. */
  readonly rotated: number;
  /** Secrets that could not be decrypted. They stay as they are. */
  readonly failed: readonly SecretAddress[];
}

interface Row {
  readonly tenant: string;
  readonly plugin_id: string;
  readonly key: string;
  readonly value: unknown;
}

/**
 * Encrypts every secret of the configuration with the current key. Broken off, it is simply run again: what is
 * done is passed over. Once nothing is left of the previous keys, they need not be configured any more.
 *
 * Throws SECRETS_KEY_MISSING.
 */
export async function rotateSecrets({
  db,
  keyring,
  batch = 500,
}: SecretRotationOptions): Promise<SecretRotation> {
  const { kid } = keyring;
  if (kid === undefined) throw secretsKeyMissing({});
  const failed: SecretAddress[] = [];
  let rotated = 0;

  const rotateRow = (row: Row): Row => {
    const value = mapLeaves(undefined, row.value, row.key, (leaf, { path }) => {
      if (!isEnvelope(leaf) || parseEnvelope(leaf)?.kid === kid) return leaf;
      const address = { tenant: row.tenant, pluginId: row.plugin_id, field: path };
      try {
        const sealed = keyring.encrypt(keyring.decrypt(leaf, address), address);
        rotated += 1;
        return sealed;
      } catch {
        failed.push(address);
        return leaf;
      }
    });
    return { ...row, value };
  };

  let last: Row | undefined = { tenant: '', plugin_id: '', key: '', value: null };
  while (last) {
    const after: Row = last;
    last = await db.transaction().execute(async (trx) => {
      const rows = await readOutdated(trx, kid, { after, limit: batch });
      const changed = rows
        .map(rotateRow)
        .filter((row, i) => canonicalJson(row.value) !== canonicalJson(rows[i]?.value));
      if (changed.length > 0) await writeValues(trx, changed);
      return rows.length < batch ? undefined : rows.at(-1);
    });
  }
  // A process that still runs with a previous key may have written meanwhile.
  const left = await readOutdated(db, kid, { limit: 1 });
  if (left.length === 0) await retireSecretsCanaries(db, keyring);
  return { rotated, failed };
}

/** Settings that hold an envelope of another key than `kid`. */
function readOutdated(
  db: Kysely<HostDatabase>,
  kid: string,
  { after, limit }: { after?: Row; limit: number },
): Promise<Row[]> {
  const query = db
    .selectFrom('plugin_config')
    .select(['tenant', 'plugin_id', 'key', 'value'])
    .where(sql<boolean>`value::text ~ ${`"v1\\.(?!${kid}\\.)[0-9a-f]{8}\\.`}`)
    .orderBy('tenant')
    .orderBy('plugin_id')
    .orderBy('key')
    .limit(limit);
  if (!after) return query.execute();
  return query
    .where(sql<boolean>`(tenant, plugin_id, key) > (${after.tenant}, ${after.plugin_id}, ${after.key})`)
    .forUpdate()
    .execute();
}

/** In one statement: one for each of ten thousand settings would take longer than encrypting them. */
async function writeValues(db: Kysely<HostDatabase>, rows: readonly Row[]): Promise<void> {
  const column = (read: (row: Row) => string) => sql`${rows.map(read)}::text[]`;
  const values = sql<{ tenant: string; plugin_id: string; key: string; value: string }>`unnest(
    ${column((row) => row.tenant)}, ${column((row) => row.plugin_id)}, ${column((row) => row.key)},
    ${column((row) => JSON.stringify(row.value))})`;
  await db
    .updateTable('plugin_config as c')
    .from(values.as<'n'>(sql`n(tenant, plugin_id, key, value)`))
    .set({ value: sql`n.value::jsonb` })
    .whereRef('c.tenant', '=', 'n.tenant')
    .whereRef('c.plugin_id', '=', 'n.plugin_id')
    .whereRef('c.key', '=', 'n.key')
    .execute();
}
