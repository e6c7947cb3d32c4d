import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Limits } from '../../foundation/limits.js';
import { databaseFloor } from '../../postgres/fixtures/database-floor.js';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.js';
import { MetadataStore } from './metadata-store.js';
import { PluginMetadata } from './plugin-metadata.js';

let database: TestDatabase;
let floor: ReturnType<typeof databaseFloor>;

const store = new MetadataStore();
const jira = { tenant: 'acme', pluginId: 'jira' };

beforeAll(async () => {
  database = await createTestDatabase();
  floor = databaseFloor(database.pool);
});
afterAll(async () => {
  await database.drop();
});
beforeEach(async () => {
  await floor.db.deleteFrom('plugin_metadata').execute();
});

const metadataOf = (key = jira, limits: Partial<Limits> = {}) =>
  new PluginMetadata({
    owner: { key },
    store,
    transactions: floor.transactions,
    limits: { ...floor.limits, ...limits },
  });

describe('context.metadata', () => {
  it.each([
    [null],
    [false],
    [0],
    [''],
    [1.5],
    [-1e-300],
    [1e21],
    [2 ** 53 - 1],
    ['text with "quotes", \\ and \u2028 and 🙂'],
    [[]],
    [{}],
    [[1, [null, { a: [] }]]],
    [{ nested: { list: [1, 'two', null], '': 0, __proto__of: 1 } }],
  ])('gives back %j as it was stored', async (value) => {
    const metadata = metadataOf();
    await metadata.set('risk', 1, 'k', value);
    expect(await metadata.get('risk', 1, 'k')).toEqual(value);
    expect(await metadata.getAll('risk', 1)).toEqual({ k: value });
    expect(await metadata.findByKey('risk', 'k', value)).toEqual([{ entityType: 'risk', entityId: 1 }]);
  });

  it('gives back whatever JSON holds', async () => {
    const metadata = metadataOf();
    const text = fc.string({ unit: 'grapheme' }).filter((s) => !/\0|\p{Surrogate}/u.test(s));
    const value = fc
      .jsonValue({ stringUnit: text, maxDepth: 4 })
      .map((json) => JSON.parse(JSON.stringify(json)));
    await fc.assert(
      fc.asyncProperty(
        value,
        text.filter((s) => s.length > 0),
        async (stored, key) => {
          await metadata.set('any', 0, key, stored);
          expect(await metadata.get('any', 0, key)).toEqual(stored);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('applies toJSON, so that a date is read as an ISO string', async () => {
    const metadata = metadataOf();
    const at = new Date('2026-01-31T12:00:00.123Z');
    await metadata.set('settings', 0, 'lastSync', at);
    expect(await metadata.get('settings', 0, 'lastSync')).toBe('2026-01-31T12:00:00.123Z');
    await metadata.set('settings', 0, 'own', { deep: { toJSON: () => ({ is: 'this' }) } });
    expect(await metadata.get('settings', 0, 'own')).toEqual({ deep: { is: 'this' } });
    expect(await metadata.findByKey('settings', 'lastSync', at)).toEqual([
      { entityType: 'settings', entityId: 0 },
    ]);
  });

  it('has null for what is not there, or is null', async () => {
    const metadata = metadataOf();
    expect(await metadata.get('risk', 1, 'nothing')).toBeNull();
    await metadata.set('risk', 1, 'nothing', null);
    expect(await metadata.get('risk', 1, 'nothing')).toBeNull();
    expect(await metadata.getAll('risk', 1)).toEqual({ nothing: null });
    expect(await metadata.delete('risk', 1, 'nothing')).toBe(true);
    expect(await metadata.delete('risk', 1, 'nothing')).toBe(false);
  });

  it.each([
    [undefined, 'value'],
    [Number.NaN, 'value'],
    [Number.POSITIVE_INFINITY, 'value'],
    [1n, 'value'],
    [() => {}, 'value'],
    [Symbol('s'), 'value'],
    ['a\0b', 'value'],
    ['\ud800', 'value'],
    [{ list: [1, { deep: [undefined] }] }, 'value.list[1].deep[0]'],
    [{ 'a\0': 1 }, 'value["a\\u0000"]'],
    [new Date(Number.NaN), 'value'],
    [new Map(), 'value'],
  ])('refuses %o, and says where it stands', async (value, path) => {
    const metadata = metadataOf();
    await metadata.set('risk', 1, 'k', 'before');
    const refusal = { code: 'VALUE_NOT_STORABLE', details: { path } };
    await expect(metadata.set('risk', 1, 'k', value)).rejects.toMatchObject(refusal);
    await expect(metadata.findByKey('risk', 'k', value)).rejects.toMatchObject(refusal);
    await expect(metadata.setMany('risk', 1, { k: 'after', value })).rejects.toMatchObject(refusal);
    expect(await metadata.getAll('risk', 1)).toEqual({ k: 'before' });
  });

  it('takes 1 MB as JSON text, and not a byte more', async () => {
    const metadata = metadataOf();
    const limit = floor.limits.metadataBytes;
    await metadata.set('risk', 1, 'k', 'x'.repeat(limit - 2));
    await expect(metadata.set('risk', 1, 'k', 'x'.repeat(limit - 1))).rejects.toMatchObject({
      code: 'VALUE_TOO_LARGE',
      details: { bytes: limit + 1, limit },
    });
    const small = metadataOf(jira, { metadataBytes: 10 });
    await expect(small.setMany('risk', 2, { fits: 1, not: 'é'.repeat(5) })).rejects.toMatchObject({
      code: 'VALUE_TOO_LARGE',
      details: { bytes: 12, limit: 10 },
    });
    expect(await metadata.getAll('risk', 2)).toEqual({});
  });

  it('wants entities and keys it can find again', async () => {
    const metadata = metadataOf();
    const calls: [string, Promise<unknown>][] = [
      ['entityType', metadata.get('', 0, 'k')],
      ['entityType', metadata.set('x'.repeat(256), 0, 'k', 1)],
      ['entityType', metadata.findByKey(7 as unknown as string, 'k', 1)],
      ['entityId', metadata.set('risk', -1, 'k', 1)],
      ['entityId', metadata.get('risk', 1.5, 'k')],
      ['entityId', metadata.delete('risk', '1' as unknown as number, 'k')],
      ['entityId', metadata.getAll('risk', Number.NaN)],
      ['entityId', metadata.deleteAll('risk', 2 ** 53)],
      ['key', metadata.set('risk', 0, '', 1)],
      ['key', metadata.get('risk', 0, 'a\0b')],
      ['key', metadata.setMany('risk', 0, { ['x'.repeat(256)]: 1 })],
      ['key', metadata.set('risk', 0, '\udc00', 1)],
      ['data', metadata.setMany('risk', 0, [1])],
      ['data', metadata.setMany('risk', 0, null as unknown as object)],
      ['prefix', metadata.findByKeyPrefix('risk', null as unknown as string)],
    ];
    for (const [field, call] of calls) {
      await expect(call).rejects.toMatchObject({ code: 'METADATA_KEY_INVALID', details: { field } });
    }
    await metadata.set('🙂'.repeat(127), 2 ** 53 - 1, '🙂'.repeat(127), 1);
    expect(await metadata.get('🙂'.repeat(127), 2 ** 53 - 1, '🙂'.repeat(127))).toBe(1);
  });

  it('stores many at once, all or none, and leaves the others', async () => {
    const metadata = metadataOf();
    await metadata.set('risk', 1, 'old', 1);
    await metadata.setMany('risk', 1, { a: 1, b: null, old: 2, toString: 'own', constructor: [] });
    expect(await metadata.getAll('risk', 1)).toEqual({
      a: 1,
      b: null,
      old: 2,
      toString: 'own',
      constructor: [],
    });
    await metadata.setMany('risk', 1, {});
    const own = JSON.parse('{"__proto__": {"polluted": true}}') as object;
    await metadata.setMany('risk', 2, own);
    const read = await metadata.getAll('risk', 2);
    expect(Object.keys(read)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });

  it('finds by value and by prefix, taking %, _ and \\ for themselves', async () => {
    const metadata = metadataOf();
    for (const [id, key] of ['a%b', 'a_b', 'a\\b', 'axb', 'a%', 'b'].entries())
      await metadata.set('risk', id, key, { id });
    await metadata.set('vendor', 9, 'a%b', {});
    const keys = async (prefix: string) =>
      (await metadata.findByKeyPrefix('risk', prefix)).map(({ key }) => key);
    expect(await keys('a%')).toEqual(['a%b', 'a%']);
    expect(await keys('a_')).toEqual(['a_b']);
    expect(await keys('a\\')).toEqual(['a\\b']);
    expect(await keys('a')).toEqual(['a%b', 'a_b', 'a\\b', 'axb', 'a%']);
    expect(await keys('')).toHaveLength(6);
    expect(await metadata.findByKeyPrefix('risk', 'axb')).toEqual([
      { entityType: 'risk', entityId: 3, key: 'axb', value: { id: 3 }, updatedAt: expect.any(Date) },
    ]);
    await metadata.setMany('risk', 10, { status: 'open' });
    await metadata.setMany('risk', 11, { status: 'open', other: 'open' });
    await metadata.setMany('risk', 12, { status: 'closed' });
    expect(await metadata.findByKey('risk', 'status', 'open')).toEqual([
      { entityType: 'risk', entityId: 10 },
      { entityType: 'risk', entityId: 11 },
    ]);
    expect(await metadata.findByKey('risk', 'b', { id: 5 })).toEqual([{ entityType: 'risk', entityId: 5 }]);
  });

  it('counts truly what it deletes', async () => {
    const metadata = metadataOf();
    await metadata.setMany('risk', 0, { a: 1, b: 2 });
    await metadata.setMany('risk', 1, { a: 1, b: 2, c: 3 });
    await metadata.set('vendor', 1, 'a', 1);
    expect(await metadata.deleteAll('risk', 1)).toBe(3);
    expect(await metadata.deleteAll('risk', 1)).toBe(0);
    expect(
      (await metadata.getAllByPlugin()).map(({ entityType, entityId, key }) => [entityType, entityId, key]),
    ).toEqual([
      ['risk', 0, 'a'],
      ['risk', 0, 'b'],
      ['vendor', 1, 'a'],
    ]);
    expect(await metadata.deleteByPlugin()).toBe(3);
    expect(await metadata.getAllByPlugin()).toEqual([]);
  });

  it('is the plugin’s own, and the tenant’s', async () => {
    const others = [
      metadataOf({ tenant: 'globex', pluginId: 'jira' }),
      metadataOf({ tenant: 'acme', pluginId: 'jira-sync' }),
    ];
    await metadataOf().set('risk', 1, 'k', 'mine');
    for (const [n, other] of others.entries()) {
      expect(await other.get('risk', 1, 'k')).toBeNull();
      await other.set('risk', 1, 'k', n);
      expect(await other.findByKey('risk', 'k', 'mine')).toEqual([]);
      expect(await other.deleteByPlugin()).toBe(1);
    }
    expect(await metadataOf().getAll('risk', 1)).toEqual({ k: 'mine' });
    expect(await store.deleteAll(floor.db, jira)).toBe(1);
  });

  it('tells when an entry was last written', async () => {
    const metadata = metadataOf();
    await metadata.set('risk', 1, 'k', 1);
    const [first] = await metadata.getAllByPlugin();
    await metadata.set('risk', 1, 'k', 2);
    const [second] = await metadata.getAllByPlugin();
    expect(second?.updatedAt.getTime()).toBeGreaterThanOrEqual(first?.updatedAt.getTime() ?? Number.NaN);
    expect(second?.value).toBe(2);
  });

  it('loses nothing and locks nobody out when many write the same keys in any order', async () => {
    const keys = Array.from({ length: 30 }, (_, n) => `k${n}`);
    const shuffled = (n: number) => [...keys.slice(n), ...keys.slice(0, n)].sort(() => (n % 2 ? -1 : 1));
    await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        const metadata = metadataOf();
        const data = Object.fromEntries(shuffled(n % 30).map((key) => [key, n]));
        await metadata.setMany('risk', 1, data);
        if (n % 8 === 0) await metadata.deleteAll('risk', 1);
        if (n % 11 === 0) await metadata.deleteByPlugin();
        await metadata.set('risk', 1, keys[n % 30] ?? '', n);
        await metadata.setMany('risk', 1, data);
      }),
    );
    const all = await metadataOf().getAll('risk', 1);
    expect(Object.keys(all).sort()).toEqual([...keys].sort());
    // The last of them wrote all keys in one statement.
    expect(new Set(Object.values(all)).size).toBe(1);
  });

  it('joins the transaction it is called in, and goes back with it', async () => {
    const metadata = metadataOf();
    await metadata.set('risk', 1, 'k', 'before');
    await expect(
      floor.transactions.run(
        async () => {
          await metadata.set('risk', 1, 'k', 'inside');
          expect(await metadata.get('risk', 1, 'k')).toBe('inside');
          expect(await metadataOf({ ...jira, pluginId: 'other' }).getAllByPlugin()).toEqual([]);
          throw new Error('undone');
        },
        { plugin: jira },
      ),
    ).rejects.toThrow('undone');
    expect(await metadata.get('risk', 1, 'k')).toBe('before');
  });

  it('refuses once the transaction it is called in is over', async () => {
    const metadata = metadataOf();
    let late: Promise<void> | undefined;
    let resume = () => {};
    const over = new Promise<void>((resolve) => {
      resume = resolve;
    });
    await floor.transactions.run(async () => {
      late = over.then(() => metadata.set('risk', 1, 'k', 1));
    });
    resume();
    await expect(late).rejects.toMatchObject({ code: 'TRANSACTION_CLOSED' });
  });
});
