import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasCode, isHostError } from '../src/foundation/errors/index.js';
import type { PublishedPlugin } from '../src/testing/index.js';
import { createTestDatabase, startTestHost, type TestDatabase, type TestHost } from '../src/testing/index.js';
import { type Outage, UnreliablePool } from './fixtures/unreliable-pool.js';

const CODE = `
module.exports = {
  async onInstall(context) {
    await context.db.query('CREATE TABLE plugin_brittle_notes (id int)');
    await context.metadata.set('system', 0, 'db_version', 1);
  },
  async onEnable(context) { await context.metadata.set('system', 0, 'enabled', true); },
  async onDisable(context) { await context.metadata.set('system', 0, 'enabled', false); },
  async onUninstall(context) { await context.metadata.get('system', 0, 'enabled'); },
  routes(router) { router.get('/it', (req, res) => res.json({ up: true })); },
};`;
const FIELDS = { permissions: ['database:read', 'database:write'], config: { note: { type: 'string' } } };

let test: TestHost;
let pool: UnreliablePool;
let database: TestDatabase;
let release: PublishedPlugin;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = new UnreliablePool(database.pool);
  test = await startTestHost({ database: pool });
  release = await test.registry.publish('brittle', CODE, FIELDS);
});
afterAll(async () => {
  await test.close();
  await database.drop();
});

const plugins = () => test.host.tenant('acme').plugins;
const sql = async (text: string) => (await database.pool.query(text)).rows;
const row = async () =>
  (await sql(`SELECT enabled, status FROM plugin_host.plugin_installations WHERE plugin_id = 'brittle'`))[0];
const answers = async () => (await test.request('acme', 'GET', '/api/plugins/brittle/it')).status === 200;
const install = () => plugins().install(release);

/** What must hold after every outage, once the database is back. */
async function expectOneTruth(): Promise<void> {
  const stored = await row();
  const view = stored && (await plugins().get('brittle'));
  expect({ running: await answers() }).toEqual({ running: view?.enabled ?? false });
  if (view?.enabled) expect(stored).toEqual({ enabled: true, status: 'ok' });
  const tables = await sql(`SELECT relname FROM pg_class WHERE relname = 'plugin_brittle_notes'`);
  expect(tables).toHaveLength(stored ? 1 : 0);
}

/** Leads from whatever is there now to the state a verb starts from. */
const bring = {
  nothing: async () => {
    if (await row()) await plugins().uninstall('brittle', { deleteData: true });
  },
  installed: async () => {
    await bring.nothing();
    await install();
  },
  enabled: async () => {
    await bring.installed();
    await plugins().enable('brittle');
  },
};

const VERBS: readonly (readonly [verb: string, from: keyof typeof bring, act: () => Promise<unknown>])[] = [
  ['install', 'nothing', install],
  ['enable', 'installed', () => plugins().enable('brittle')],
  ['disable', 'enabled', () => plugins().disable('brittle')],
  ['uninstall', 'enabled', () => plugins().uninstall('brittle', { deleteData: true })],
];
const OUTAGES: readonly Outage[] = ['away', 'lost', 'unheard'];

describe.each(OUTAGES)('a database whose connection is %s', (outage) => {
  it.each(VERBS)(
    'at any call of %s leaves one truth and nothing in the way',
    { timeout: 120_000 },
    async (verb, from, act) => {
      let calls = 0;
      for (let done = false; !done; calls++) {
        await bring[from]();
        pool.fail(outage, calls);
        let error: unknown;
        await act().catch((reason: unknown) => {
          error = reason;
        });
        pool.recover();
        done = !pool.struck;
        const place = `${outage} at call ${calls} of ${verb}`;
        if (error !== undefined) {
          expect(isHostError(error), `${place}: ${String(error)}`).toBe(true);
          expect(hasCode(error, 'OPERATION_IN_PROGRESS'), `${place}: ${String(error)}`).toBe(false);
        }
        await expectOneTruth().catch((reason: Error) => {
          throw new Error(`${place}, which ended with ${String(error)}: ${reason.message}`);
        });
      }
      expect(calls).toBeGreaterThan(5);
      await bring.nothing();
      // Whatever could not be closed at the time has been by now.
      expect(await sql(`SELECT kind FROM plugin_host.plugin_operations WHERE finished_at IS NULL`)).toEqual(
        [],
      );
    },
  );
});
