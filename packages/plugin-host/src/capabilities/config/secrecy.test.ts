import { randomBytes } from 'node:crypto';
import type { PluginManifest } from '@verifywise/plugin-types';
import type { Kysely } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SecretRedactor } from '../../foundation/redact.js';
import { openDatabase } from '../../postgres/database.js';
import { HOST_SCHEMA, type HostDatabase } from '../../postgres/schema.js';
import { checkSecretsCanary } from '../../secrets/canary.js';
import { SecretsKeyring } from '../../secrets/secrets-keyring.js';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.js';
import { createDefaultLogger } from '../logger/default-logger.js';
import { PluginLogger } from '../logger/plugin-logger.js';
import { createRedactingLogger } from '../logger/redacting-logger.js';
import { ConfigStore } from './config-store.js';

let database: TestDatabase;
let db: Kysely<HostDatabase>;

beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.pool);
});
afterAll(() => database.drop());

const SECRET = 'xoxb-"S3cret"/+ümlaut';
const PASSWORD = 'correct horse\nbattery';
const plugin = { tenant: 'acme', pluginId: 'slack' };
const manifest: PluginManifest = {
  id: 'slack',
  name: 'Slack',
  description: 'Sends messages',
  version: '1.0.0',
  author: { name: 'Ada' },
  type: 'integration',
  tags: [],
  permissions: ['config:read', 'config:write'],
  config: {
    apiKey: { type: 'string', required: true, secret: true, pattern: '^xoxb-' },
    servers: {
      type: 'array',
      items: {
        type: 'object',
        properties: { host: { type: 'string' }, password: { type: 'string', secret: true, minLength: 8 } },
      },
    },
  },
};

const traces = [SECRET, PASSWORD].flatMap((secret) => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
]);
const expectNoTrace = (text: string) => {
  for (const trace of traces) expect(text).not.toContain(trace);
};

/** Every row of every table of the host, as text. */
async function dump(): Promise<string> {
  const { rows: tables } = await database.pool.query<{ name: string }>(
    'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = $1',
    [HOST_SCHEMA],
  );
  const texts = await Promise.all(
    tables.map(async ({ name }) => {
      const { rows } = await database.pool.query<{ row: string }>(
        `SELECT row_to_json(t)::text AS row FROM ${HOST_SCHEMA}.${name} t`,
      );
      return rows.map(({ row }) => row).join('\n');
    }),
  );
  return texts.join('\n');
}

describe('A secret entered by an administrator', () => {
  it('reaches the plugin, and nothing else: no log, no answer, no row; also after a restart', async () => {
    const key = randomBytes(32).toString('hex');
    const start = async () => {
      const output: string[] = [];
      const redactor = new SecretRedactor();
      const keyring = new SecretsKeyring({ key });
      await checkSecretsCanary(db, keyring);
      const store = new ConfigStore({ executor: () => db, keyring, redactor });
      const raw = createDefaultLogger({
        level: 'debug',
        destination: { write: (line) => void output.push(line) },
      });
      const host = createRedactingLogger(raw, redactor);
      return { output, store, host, log: new PluginLogger({ key: plugin, logger: raw, redactor }) };
    };
    const logEverything = (
      { log, host }: Awaited<ReturnType<typeof start>>,
      apiKey: string,
      password: string,
    ) => {
      const error = new Error(`401 for ${apiKey}`, {
        cause: { headers: { authorization: `Bearer ${apiKey}` } },
      });
      log.info(`calling with ${apiKey} and ${password}`, { nested: [{ [apiKey]: password }] });
      log.error(`failed ${encodeURIComponent(apiKey)}`, error);
      log.warn('basic', {
        auth: Buffer.from(`bot:${password}`).toString('base64'),
        url: `https://x/?t=${encodeURIComponent(apiKey)}`,
      });
      log.debug(JSON.stringify({ apiKey, password }), error.stack);
      host.error({ err: error, body: { apiKey, password } }, `request failed: ${apiKey}`);
    };

    const first = await start();
    const answers: unknown[] = [];
    const values = { apiKey: SECRET, servers: [{ host: 'a', password: PASSWORD }] };
    answers.push(await first.store.update(plugin, manifest, values));
    // Before any plugin has read it, the host itself may log the request that brought it.
    logEverything(first, SECRET, PASSWORD);
    answers.push(await first.store.read(plugin, manifest));
    const invalid = first.store.update(plugin, manifest, {
      apiKey: `not-${SECRET}`,
      servers: [{ password: 1 }],
    });
    const refusal = await invalid.catch((error: Error) => error);
    answers.push(refusal, String(refusal), (refusal as Error).stack, { ...(refusal as object) });
    expect(refusal).toMatchObject({ code: 'CONFIG_INVALID' });

    const second = await start();
    const config = await second.store.open(plugin, manifest);
    expect(config.getAll()).toEqual(values);
    logEverything(second, config.get('apiKey'), PASSWORD);
    answers.push(
      await second.store.update(plugin, manifest, { servers: [{ host: 'b', password: '••••••••' }] }),
    );
    expect(config.get('servers')).toEqual([{ host: 'b', password: PASSWORD }]);
    config.close();

    expect(first.output).toHaveLength(5);
    expect(second.output).toHaveLength(5);
    expectNoTrace([...first.output, ...second.output].join(''));
    expectNoTrace(JSON.stringify(answers));
    const rows = await dump();
    expect(rows).toContain('"key":"apiKey"');
    expectNoTrace(rows);
  });
});
