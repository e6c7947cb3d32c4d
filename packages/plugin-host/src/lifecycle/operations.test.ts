import type { Kysely } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isHostError } from '../foundation/errors/index.js';
import type { PluginKey } from '../foundation/plugin-key.js';
import { openDatabase } from '../postgres/database.js';
import type { HostDatabase } from '../postgres/schema.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { type Operation, type OperationKind, Operations, SYSTEM_ACTOR } from './operations.js';

let database: TestDatabase;
let db: Kysely<HostDatabase>;
let operations: Operations;
/** The same journal as another process of the cluster holds it. */
let elsewhere: Operations;

beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.pool);
  operations = new Operations(db, 'here:1');
  elsewhere = new Operations(db, 'there:2');
});
afterAll(() => database.drop());
beforeEach(async () => {
  await db.deleteFrom('plugin_operations').execute();
});

const key: PluginKey = { tenant: 'acme', pluginId: 'slack' };
const SHA = 'a'.repeat(64);
const KINDS: readonly OperationKind[] = ['install', 'enable', 'disable', 'uninstall'];
const refusal = expect.objectContaining({ code: 'OPERATION_IN_PROGRESS', status: 409 });

const rowOf = ({ id }: Operation) =>
  db.selectFrom('plugin_operations').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

describe('an operation', () => {
  it('is in the journal from the moment it is opened, with who asked for it', async () => {
    const actor = { userId: 7, email: 'ada@acme.example', name: 'Ada' };
    const operation = await operations.open(key, 'install', actor, { from: SHA });
    expect(operation).toMatchObject({ key, kind: 'install' });
    expect(await rowOf(operation)).toMatchObject({
      tenant: 'acme',
      plugin_id: 'slack',
      kind: 'install',
      phase: 'preparing',
      from_sha: SHA,
      to_sha: null,
      actor,
      process: 'here:1',
      started_at: expect.any(Date),
      finished_at: null,
      result: null,
    });
  });

  it('goes through its phases to the end', async () => {
    const operation = await operations.open(key, 'install', SYSTEM_ACTOR);
    await operations.stage(operation, SHA);
    expect(await rowOf(operation)).toMatchObject({ phase: 'staged', to_sha: SHA, finished_at: null });
    await operations.commit(db, operation);
    expect(await rowOf(operation)).toMatchObject({ phase: 'committed', to_sha: SHA, finished_at: null });
    await operations.finish(operation, 'done', { version: '1.0.0' });
    expect(await rowOf(operation)).toMatchObject({
      phase: 'done',
      finished_at: expect.any(Date),
      result: { version: '1.0.0' },
    });
  });

  it('can be aborted from any phase', async () => {
    for (const advance of [
      async () => {},
      (operation: Operation) => operations.stage(operation, SHA),
      (operation: Operation) => operations.commit(db, operation),
    ]) {
      const operation = await operations.open(key, 'install', SYSTEM_ACTOR);
      await advance(operation);
      await operations.finish(operation, 'aborted', { code: 'HOOK_FAILED', message: 'no' });
      expect(await rowOf(operation)).toMatchObject({ phase: 'aborted', result: { code: 'HOOK_FAILED' } });
    }
  });

  it('is closed although the error it ended with cannot be stored as it is', async () => {
    const operation = await operations.open(key, 'enable', { userId: 1, name: 'A\0da \ud800' });
    const message = `\0 \udfff ${'x'.repeat(10_000_000)}`;
    await operations.finish(operation, 'aborted', { code: 'HOOK_FAILED', message });
    const { actor, result, finished_at } = await rowOf(operation);
    expect(finished_at).not.toBeNull();
    expect(actor).toEqual({ userId: 1, name: 'A\uFFFDda \uFFFD' });
    expect((result as { message: string }).message).toMatch(/^\uFFFD \uFFFD x+$/);
    expect((result as { message: string }).message.length).toBeLessThan(20_000);
  });
});

describe('two operations on one plugin of one tenant', () => {
  it('exclude each other: of 40 racers one wins, and the rest learn whose turn it is', async () => {
    const racers = Array.from({ length: 40 }, (_, n) =>
      (n % 2 === 0 ? operations : elsewhere).open(key, KINDS[n % KINDS.length] ?? 'enable', SYSTEM_ACTOR),
    );
    const outcomes = await Promise.allSettled(racers);
    const [winner, ...others] = outcomes.filter((each) => each.status === 'fulfilled');
    expect(others).toEqual([]);
    const { id, kind } = (winner as PromiseFulfilledResult<Operation>).value;
    const refusals = outcomes
      .filter((each) => each.status === 'rejected')
      .map((each) => each.reason as unknown);
    expect(refusals).toHaveLength(39);
    for (const error of refusals) {
      expect(error).toEqual(refusal);
      expect(isHostError(error) && error.details).toEqual({
        pluginId: 'slack',
        operationId: id,
        kind,
        since: expect.stringMatching(/^\d{4}-\d\d-\d\dT.+Z$/),
      });
    }
    expect(await db.selectFrom('plugin_operations').selectAll().execute()).toHaveLength(1);
  });

  it('follow one another', async () => {
    const first = await operations.open(key, 'install', SYSTEM_ACTOR);
    await expect(operations.open(key, 'enable', SYSTEM_ACTOR)).rejects.toEqual(refusal);
    await operations.finish(first, 'done');
    await expect(operations.open(key, 'enable', SYSTEM_ACTOR)).resolves.toMatchObject({ kind: 'enable' });
  });

  it('do not hinder other plugins and other tenants', async () => {
    await operations.open(key, 'install', SYSTEM_ACTOR);
    await operations.open({ ...key, pluginId: 'jira' }, 'install', SYSTEM_ACTOR);
    await operations.open({ ...key, tenant: 'globex' }, 'install', SYSTEM_ACTOR);
    expect(await db.selectFrom('plugin_operations').selectAll().execute()).toHaveLength(3);
  });
});

describe('committing', () => {
  it('is refused to a process that did not open the operation', async () => {
    const operation = await operations.open(key, 'install', SYSTEM_ACTOR);
    await expect(elsewhere.commit(db, operation)).rejects.toEqual(refusal);
    await expect(elsewhere.stage(operation, SHA)).rejects.toEqual(refusal);
    expect(await rowOf(operation)).toMatchObject({ phase: 'preparing', to_sha: null });
  });

  it('is refused once the operation was settled, and takes the transaction with it', async () => {
    const operation = await operations.open(key, 'install', SYSTEM_ACTOR);
    await elsewhere.settleAbandoned();
    const change = db.transaction().execute(async (trx) => {
      await trx
        .insertInto('plugin_config')
        .values({ tenant: 'acme', plugin_id: 'slack', key: 'a', value: '1' })
        .execute();
      await operations.commit(trx, operation);
    });
    await expect(change).rejects.toEqual(refusal);
    expect(await db.selectFrom('plugin_config').selectAll().execute()).toEqual([]);
    await expect(operations.stage(operation, SHA)).rejects.toEqual(refusal);
  });

  it('leaves no trace where the transaction fails', async () => {
    const operation = await operations.open(key, 'install', SYSTEM_ACTOR);
    const change = db.transaction().execute(async (trx) => {
      await operations.commit(trx, operation);
      throw new Error('the connection was lost');
    });
    await expect(change).rejects.toThrow('the connection was lost');
    expect(await rowOf(operation)).toMatchObject({ phase: 'preparing' });
  });
});

describe('settling what a process left open that died', () => {
  it('says done of what was committed and aborted of the rest', async () => {
    const open = (pluginId: string) => elsewhere.open({ tenant: 'acme', pluginId }, 'install', SYSTEM_ACTOR);
    const [preparing, staged, committed, finished] = [
      await open('preparing'),
      await open('staged'),
      await open('committed'),
      await open('finished'),
    ];
    await elsewhere.stage(staged, SHA);
    await elsewhere.stage(committed, SHA);
    await elsewhere.commit(db, committed);
    await elsewhere.finish(finished, 'aborted', { code: 'ZIP_CORRUPT' });
    const own = await operations.open(key, 'enable', SYSTEM_ACTOR);

    expect(await operations.settleAbandoned()).toBe(3);

    const reason = { reason: 'the host process ended' };
    expect(await rowOf(preparing)).toMatchObject({ phase: 'aborted', result: reason });
    expect(await rowOf(staged)).toMatchObject({ phase: 'aborted', result: reason, to_sha: SHA });
    expect(await rowOf(committed)).toMatchObject({ phase: 'done', result: reason });
    expect(await rowOf(finished)).toMatchObject({ phase: 'aborted', result: { code: 'ZIP_CORRUPT' } });
    expect(await rowOf(own)).toMatchObject({ phase: 'preparing', finished_at: null });
  });

  it('is done after the first time', async () => {
    await elsewhere.open(key, 'install', SYSTEM_ACTOR);
    expect(await operations.settleAbandoned()).toBe(1);
    expect(await operations.settleAbandoned()).toBe(0);
  });

  it('lets the next operation through', async () => {
    await elsewhere.open(key, 'install', SYSTEM_ACTOR);
    await expect(operations.open(key, 'install', SYSTEM_ACTOR)).rejects.toEqual(refusal);
    await operations.settleAbandoned();
    await expect(operations.open(key, 'install', SYSTEM_ACTOR)).resolves.toMatchObject({ key });
  });

  it('stands, whatever a process that was taken for dead says later', async () => {
    const operation = await elsewhere.open(key, 'install', SYSTEM_ACTOR);
    await operations.settleAbandoned();
    await elsewhere.finish(operation, 'done', { version: '1.0.0' });
    expect(await rowOf(operation)).toMatchObject({
      phase: 'aborted',
      result: { reason: 'the host process ended' },
    });
  });
});
