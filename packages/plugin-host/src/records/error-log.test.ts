import type { Kysely } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HostLogger } from '../foundation/logger.js';
import type { PluginKey } from '../foundation/plugin-key.js';
import { openDatabase } from '../postgres/database.js';
import type { HostDatabase } from '../postgres/schema.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { ErrorLog, type ErrorRecord } from './error-log.js';
import { TEXT_LIMIT } from './storable-text.js';

let database: TestDatabase;
let db: Kysely<HostDatabase>;

beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.pool);
});
afterAll(() => database.drop());
beforeEach(async () => {
  await db.deleteFrom('plugin_errors').execute();
});

const warnings: object[] = [];
const silent = () => {};
const logger: HostLogger = {
  debug: silent,
  info: silent,
  warn: (data) => void warnings.push(data),
  error: silent,
};
const open = (history = 50, over = db) => new ErrorLog({ db: over, history, logger });

const slack: PluginKey = { tenant: 'acme', pluginId: 'slack' };
const jira: PluginKey = { tenant: 'acme', pluginId: 'jira' };
const elsewhere: PluginKey = { tenant: 'globex', pluginId: 'slack' };
const AT = new Date('2026-01-31T12:00:00.123Z');
const record = (message: string, fields: Partial<ErrorRecord> = {}): ErrorRecord => ({
  kind: 'contained',
  callback: 'event risk:created',
  code: 'PLUGIN_ERROR',
  message,
  stack: null,
  at: AT,
  ...fields,
});
const messagesOf = async (log: ErrorLog, key = slack) => (await log.list(key)).map(({ message }) => message);
const ids = async () =>
  (await db.selectFrom('plugin_errors').select('id').orderBy('id', 'desc').execute()).map(({ id }) => id);
const rows = async () => (await ids()).length;

describe('the errors of a plugin', () => {
  it('are read as they were recorded, the newest first', async () => {
    const log = open();
    const hook = record('second', {
      kind: 'hook',
      callback: 'onEnable',
      code: 'HOOK_FAILED',
      stack: 'Error: x',
    });
    log.record(slack, record('first'));
    await log.flush();
    log.record(slack, hook);
    expect(await log.list(slack)).toEqual([hook, record('first')]);
  });

  it('are that plugin’s of that tenant', async () => {
    const log = open();
    log.record(slack, record('of slack'));
    log.record(jira, record('of jira'));
    log.record(elsewhere, record('of globex'));
    expect(await messagesOf(log)).toEqual(['of slack']);
    expect(await messagesOf(log, jira)).toEqual(['of jira']);
    expect(await messagesOf(log, elsewhere)).toEqual(['of globex']);
    expect(await messagesOf(log, { tenant: 'acme', pluginId: 'other' })).toEqual([]);
  });

  it('are kept up to the limit, the newest of them, and each plugin has its own', async () => {
    const log = open(3);
    log.record(jira, record('of jira'));
    for (const message of ['1', '2', '3', '4', '5']) {
      log.record(slack, record(message));
      await log.flush();
    }
    expect(await messagesOf(log)).toEqual(['5', '4', '3']);
    expect(await messagesOf(log, jira)).toEqual(['of jira']);
    expect(await rows()).toBe(4);
  });

  it('stay in order within a burst, of which no more than the limit is written', async () => {
    const log = open(50);
    log.record(slack, record('before'));
    await log.flush();
    const [before = 0] = await ids();
    for (let n = 1; n <= 5_000; n++) log.record(slack, record(String(n)));
    expect(await messagesOf(log)).toEqual(Array.from({ length: 50 }, (_, n) => String(5_000 - n)));
    expect(await rows()).toBe(50);
    // Ids count what was written: the other 4,950 never were.
    expect((await ids()).at(0)).toBe(before + 50);
  });

  it('are recorded while others are being written', async () => {
    const log = open();
    const all: string[] = [];
    for (let n = 0; n < 20; n++) {
      all.unshift(String(n));
      log.record(slack, record(String(n)));
      await new Promise(setImmediate);
    }
    expect(await messagesOf(log)).toEqual(all);
  });

  it('can be none at all', async () => {
    const log = open(0);
    log.record(slack, record('lost'));
    await log.flush();
    expect(await log.list(slack)).toEqual([]);
    expect(await rows()).toBe(0);
  });

  it('are kept by a limit that has become smaller', async () => {
    const before = open(10);
    for (let n = 0; n < 10; n++) before.record(slack, record(String(n)));
    await before.flush();
    const after = open(2);
    expect(await messagesOf(after)).toEqual(['9', '8']);
    after.record(slack, record('10'));
    await after.flush();
    expect(await rows()).toBe(2);
  });
});

describe('an error', () => {
  it('of 10 MB is cut', async () => {
    const log = open();
    const huge = 'x'.repeat(10_000_000);
    log.record(slack, record(huge, { stack: huge, callback: huge, code: huge }));
    const [stored] = await log.list(slack);
    for (const text of [stored?.message, stored?.stack, stored?.callback, stored?.code]) {
      expect(text).toBe('x'.repeat(TEXT_LIMIT));
    }
  });

  it('with characters Postgres cannot hold is stored without them', async () => {
    const log = open();
    log.record(slack, record('a\0b', { stack: '\0', callback: 'event \0', code: 'X\0' }));
    log.record(slack, record('half \ud83d, whole \u{1F600}, quoted \' " \\ $1'));
    const [second, first] = await log.list(slack);
    expect(first).toMatchObject({
      message: 'a\uFFFDb',
      stack: '\uFFFD',
      callback: 'event \uFFFD',
      code: 'X\uFFFD',
    });
    expect(second?.message).toBe('half \uFFFD, whole \u{1F600}, quoted \' " \\ $1');
  });

  it('is cut without leaving half a character', async () => {
    const log = open();
    log.record(slack, record(`${'x'.repeat(TEXT_LIMIT - 1)}\u{1F600}`));
    expect((await log.list(slack))[0]?.message).toBe(`${'x'.repeat(TEXT_LIMIT - 1)}\uFFFD`);
  });
});

describe('deleting a plugin’s errors', () => {
  it('takes those that wait to be stored, too, and nobody else’s', async () => {
    const log = open();
    log.record(slack, record('stored'));
    log.record(jira, record('of jira'));
    log.record(elsewhere, record('of globex'));
    await log.flush();
    log.record(slack, record('waiting'));
    await log.deleteAll(db, slack);
    expect(await messagesOf(log)).toEqual([]);
    expect(await messagesOf(log, jira)).toEqual(['of jira']);
    expect(await messagesOf(log, elsewhere)).toEqual(['of globex']);
  });

  it('is undone with the transaction it belongs to', async () => {
    const log = open();
    log.record(slack, record('kept'));
    await log.flush();
    const failing = db.transaction().execute(async (trx) => {
      await log.deleteAll(trx, slack);
      throw new Error('not after all');
    });
    await expect(failing).rejects.toThrow('not after all');
    expect(await messagesOf(log)).toEqual(['kept']);
  });
});

describe('a database that is away', () => {
  it('costs records and a warning, and nothing else', async () => {
    const lost = await createTestDatabase();
    await lost.drop();
    const log = open(50, openDatabase(lost.pool));
    warnings.length = 0;
    expect(() => log.record(slack, record('lost'))).not.toThrow();
    log.record(slack, record('lost as well'));
    await log.flush();
    expect(warnings).toEqual([
      { ...slack, err: expect.objectContaining({ code: 'DB_UNAVAILABLE' }), lost: 2 },
    ]);
    await expect(log.list(slack)).rejects.toMatchObject({ code: 'DB_UNAVAILABLE' });
  });

  it('is written to again once it is back', async () => {
    const log = open();
    await db.schema
      .withSchema('plugin_host')
      .alterTable('plugin_errors')
      .renameTo('plugin_errors_away')
      .execute();
    log.record(slack, record('lost'));
    await log.flush();
    await db.schema
      .withSchema('plugin_host')
      .alterTable('plugin_errors_away')
      .renameTo('plugin_errors')
      .execute();
    log.record(slack, record('kept'));
    expect(await messagesOf(log)).toEqual(['kept']);
  });
});
