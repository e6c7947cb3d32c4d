import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestHost, type TestHost } from '../src/testing/index.js';
import { ModelPlugin } from './fixtures/model-plugin.js';

let test: TestHost;
const plugin = new ModelPlugin(() => test, 'acme', 'shop');
beforeAll(async () => {
  test = await startTestHost();
  await plugin.enable(`
    context.models.define('Item', {
      id: { type: 'integer', primaryKey: true, autoIncrement: true },
      name: { type: 'String', unique: true },
      kind: { type: 'enum', values: ["new", "it's", 'back\\\\slash'], defaultValue: 'new' },
      price: { type: 'DECIMAL(10,2)' },
      stock: { type: 'INTEGER', defaultValue: 3 },
      meta: { type: 'JSON' },
      day: { type: 'DATEONLY' },
    });
    context.models.define('Every', {
      STRING: { type: 'STRING' }, TEXT: { type: 'TEXT' }, INTEGER: { type: 'INTEGER' }, BIGINT: { type: 'BIGINT' },
      FLOAT: { type: 'FLOAT' }, DOUBLE: { type: 'DOUBLE' }, DECIMAL: { type: 'DECIMAL' }, BOOLEAN: { type: 'BOOLEAN' },
      DATE: { type: 'DATE' }, DATEONLY: { type: 'DATEONLY' }, JSON: { type: 'JSON' }, JSONB: { type: 'JSONB' },
      UUID: { type: 'UUID' }, ENUM: { type: 'ENUM', values: ['a', 'b'] },
    }, { timestamps: false });
    context.models.define('Defaults', {
      at: { type: 'DATE', defaultValue: 'NOW' },
      day: { type: 'DATEONLY', defaultValue: 'now' },
      key: { type: 'UUID', defaultValue: 'UUIDV4' },
      now: { type: 'STRING', defaultValue: "NOW'); DROP TABLE x; --" },
      list: { type: 'JSONB', defaultValue: [{ a: "it's" }] },
      on: { type: 'BOOLEAN', defaultValue: true },
      big: { type: 'BIGINT', defaultValue: '9007199254740993' },
    }, { timestamps: false });
    context.models.define('Mark', { text: { type: 'TEXT', unique: true } }, { paranoid: true });
    await context.models.sync();
  `);
});
afterAll(() => test.close());

/** Runs with the models at hand. */
const run = (code: string) => plugin.run(withModels(code));
const attempt = (code: string) => plugin.attempt(withModels(code));
const withModels = (code: string): string =>
  `const { Item, Every, Defaults, Mark } = Object.fromEntries(['Item', 'Every', 'Defaults', 'Mark'].map((name) => [name, context.models.get(name)])); ${code}`;

describe('types', () => {
  it('each take and give back their values', async () => {
    const values = {
      STRING: 's',
      TEXT: 't',
      INTEGER: 1,
      BIGINT: '9007199254740993',
      FLOAT: 0.5,
      DOUBLE: 1.25,
      DECIMAL: '12345678901234567890.123',
      BOOLEAN: false,
      DATE: '2026-01-31T12:00:00.123Z',
      DATEONLY: '2026-01-31',
      JSON: [1, 'two', null],
      JSONB: { a: { b: [true] } },
      UUID: '6f1b0a52-5f2e-4a52-9d3e-1f6f4c1f2a11',
      ENUM: 'a',
    };
    const row = await run(`return Every.create(${JSON.stringify(values)});`);
    expect(row).toEqual({ id: 1, tenant: 'acme', ...values });
    expect(await run(`return Every.findByPk(1);`)).toEqual(row);
    const nothing = Object.fromEntries(Object.keys(values).map((name) => [name, null]));
    expect(await run(`return Every.create({});`)).toEqual({ id: 2, tenant: 'acme', ...nothing });
    expect(
      await run(`const row = await Every.findByPk(1); return [row.DATE instanceof Date, typeof row.FLOAT];`),
    ).toEqual([true, 'number']);
  });

  it.each([
    ['INTEGER', `1.5`],
    ['INTEGER', `'one'`],
    ['INTEGER', `NaN`],
    ['BIGINT', `2 ** 60 + 0.5`],
    ['FLOAT', `Infinity`],
    ['BOOLEAN', `'maybe'`],
    ['DATE', `'soon'`],
    ['DATE', `new Date(NaN)`],
    ['DATEONLY', `'tomorrow'`],
    ['UUID', `"'; DROP TABLE x"`],
    ['ENUM', `'c'`],
    ['STRING', `{}`],
    ['STRING', `['a']`],
    ['STRING', `'a\\0'`],
    ['TEXT', `() => 1`],
    ['JSON', `{ a: NaN }`],
    ['JSONB', `new Map()`],
  ])('%s refuses %s, naming the attribute', async (type, value) => {
    expect(await attempt(`return Every.create({ ${type}: ${value} });`)).toMatchObject({
      error: { code: 'MODEL_QUERY_INVALID', details: { model: 'Every', field: `values.${type}` } },
    });
  });

  it('have defaults, made by the database or taken literally', async () => {
    const row = await run(`return Defaults.create({});`);
    expect(row).toMatchObject({
      now: "NOW'); DROP TABLE x; --",
      list: [{ a: "it's" }],
      on: true,
      big: '9007199254740993',
      key: expect.stringMatching(/^[0-9a-f-]{36}$/),
      day: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      at: expect.stringMatching(/Z$/),
    });
  });
});

describe('finding', () => {
  beforeAll(async () => {
    await run(`
      await Item.destroy({ where: {} });
      await Item.bulkCreate([
        { name: 'Apple', price: 1.5, stock: 5, meta: { a: 1 }, day: '2026-01-01' },
        { name: 'banana', price: '2.25', stock: 0, kind: "it's" },
        { name: 'Cherry', stock: 7, kind: 'back\\\\slash', day: '2026-03-01' },
        { name: 'date_1', price: 10 },
      ]);`);
  });

  const NAMES = `({ name }) => name`;
  const found = (where: string): Promise<string[]> =>
    run(`return (await Item.findAll({ where: ${where}, order: ['id'] })).map(${NAMES});`);

  it.each<[string, string[]]>([
    [`{}`, ['Apple', 'banana', 'Cherry', 'date_1']],
    [`{ name: 'Apple' }`, ['Apple']],
    [`{ name: ['Apple', 'Cherry', "x' OR 1=1"] }`, ['Apple', 'Cherry']],
    [`{ name: [] }`, []],
    [`{ price: null }`, ['Cherry']],
    [`{ stock: { eq: 0 } }`, ['banana']],
    [`{ stock: { ne: 0 } }`, ['Apple', 'Cherry', 'date_1']],
    [`{ price: { ne: null } }`, ['Apple', 'banana', 'date_1']],
    [`{ stock: { gt: 3 } }`, ['Apple', 'Cherry']],
    [`{ stock: { gte: 3 } }`, ['Apple', 'Cherry', 'date_1']],
    [`{ stock: { lt: 3 } }`, ['banana']],
    [`{ stock: { lte: 3, gt: 0 } }`, ['date_1']],
    [`{ stock: { in: [0, 7] } }`, ['banana', 'Cherry']],
    [`{ stock: { notIn: [0, 7] } }`, ['Apple', 'date_1']],
    [`{ stock: { notIn: [] } }`, ['Apple', 'banana', 'Cherry', 'date_1']],
    [`{ name: { like: '%e_1' } }`, ['date_1']],
    [`{ name: { iLike: 'APP%' } }`, ['Apple']],
    [`{ price: { between: [2, '10'] } }`, ['banana', 'date_1']],
    [`{ day: { between: ['2026-02-01', new Date('2026-03-01')] } }`, ['Cherry']],
    [`{ meta: { eq: { a: 1 } } }`, ['Apple']],
    [`{ kind: "it's" }`, ['banana']],
    [`{ kind: 'back\\\\slash' }`, ['Cherry']],
    [`{ or: [{ name: 'Apple' }, { stock: 0 }] }`, ['Apple', 'banana']],
    [`{ or: [] }`, []],
    [
      `{ and: [{ stock: { gt: 0 } }, { or: [{ price: null }, { price: { gt: 5 } }] }], name: { ne: 'x' } }`,
      ['Cherry', 'date_1'],
    ],
    [`{ tenant: 'acme', createdAt: { lte: new Date(Date.now() + 1000) }, stock: 7 }`, ['Cherry']],
  ])('finds by %s', async (where, names) => {
    expect(await found(where)).toEqual(names);
  });

  it.each([
    [`{ nosuch: 1 }`, 'where.nosuch'],
    [`{ 'name" = "name" OR "x': 1 }`, undefined],
    [`{ name: { $ne: 1 } }`, 'where.name.$ne'],
    [`{ name: {} }`, 'where.name'],
    [`{ name: undefined }`, 'where.name'],
    [`{ name: { gt: null } }`, 'where.name.gt'],
    [`{ name: { in: 'a' } }`, 'where.name.in'],
    [`{ stock: { in: [1, null] } }`, 'where.stock.in[1]'],
    [`{ stock: { between: [1] } }`, 'where.stock.between'],
    [`{ stock: { between: [1, 2, 3] } }`, 'where.stock.between'],
    [`{ name: { like: 5 } }`, 'where.name.like'],
    [`{ [Symbol('or')]: [] }`, 'where'],
    [`{ name: { [Symbol('ne')]: 1 } }`, 'where.name'],
    [`{ or: { name: 'a' } }`, 'where.or'],
    [`'1=1'`, 'where'],
    [`[]`, 'where'],
    [`null`, 'where'],
    [`{ meta: { in: [1] } }`, 'where.meta.in'],
    [`JSON.parse('{"__proto__": {"name": "a"}}')`, 'where.__proto__'],
    [`Array.from({ length: 40 }).reduce((inner) => ({ and: [inner] }), {})`, undefined],
  ])('refuses %s and deletes nothing', async (where, field) => {
    for (const call of [`findAll({ where: ${where} })`, `destroy({ where: ${where} })`]) {
      const { error } = await attempt(`return Item.${call};`);
      expect(error?.code).toBe('MODEL_QUERY_INVALID');
      if (field) expect(error.details.field).toBe(field);
    }
    expect(await found('{}')).toHaveLength(4);
  });

  it('orders, limits, skips and picks', async () => {
    expect(
      await run(
        `return Item.findAll({ order: [['stock', 'DESC'], 'name'], limit: 2, offset: 1, attributes: ['name', 'stock'] });`,
      ),
    ).toEqual([
      { name: 'Apple', stock: 5 },
      { name: 'date_1', stock: 3 },
    ]);
    expect(await run(`return Item.findOne({ where: { stock: { gt: 5 } }, attributes: ['name'] });`)).toEqual({
      name: 'Cherry',
    });
    expect(
      await run(
        `return [await Item.findOne({ where: { stock: 99 } }), await Item.findByPk(-1), await Item.findByPk(null)];`,
      ),
    ).toEqual([null, null, null]);
    expect(
      await run(
        `const { rows, count } = await Item.findAndCountAll({ where: { stock: { gt: 0 } }, limit: 1, order: ['id'] }); return [rows.length, count, await Item.count()];`,
      ),
    ).toEqual([1, 3, 4]);
  });

  it.each([
    `{ order: [['name', 'DESC; DROP TABLE x']] }`,
    `{ order: ['name DESC'] }`,
    `{ order: 'name' }`,
    `{ order: [['name', 'ASC', 'NULLS']] }`,
    `{ limit: '1; DROP TABLE x' }`,
    `{ limit: -1 }`,
    `{ offset: 0.5 }`,
    `{ attributes: ['name", password'] }`,
    `{ attributes: [] }`,
    `{ attributes: { exclude: ['name'] } }`,
    `{ raw: true }`,
    `{ include: ['Nobody'] }`,
  ])('refuses the options %s', async (options) => {
    expect(await attempt(`return Item.findAll(${options});`)).toMatchObject({
      error: { code: 'MODEL_QUERY_INVALID' },
    });
  });

  it('takes lists longer than one statement has places for', async () => {
    expect(
      await run(`return Item.count({ where: { stock: Array.from({ length: 70000 }, (_, n) => n) } });`),
    ).toBe(4);
    expect(
      await attempt(
        `return Item.count({ where: { or: Array.from({ length: 70000 }, (_, n) => ({ stock: n })) } });`,
      ),
    ).toMatchObject({ error: { code: 'MODEL_QUERY_INVALID' } });
  });
});

describe('writing', () => {
  beforeEach(() => run('await Item.destroy({ where: {} }); await Mark.destroy({ where: {}, force: true });'));

  it('makes many rows at once, each with its own defaults, in order, all or none', async () => {
    const rows = await run(
      `return Item.bulkCreate([{ name: 'a' }, { name: 'b', stock: 9 }, { stock: null }]);`,
    );
    expect(rows.map(({ name, stock }: { name: string; stock: number }) => [name, stock])).toEqual([
      ['a', 3],
      ['b', 9],
      [null, null],
    ]);
    expect(await run(`return Item.bulkCreate([]);`)).toEqual([]);
    const many = await run(
      `return (await Item.bulkCreate(Array.from({ length: 5000 }, (_, n) => ({ name: 'n' + n })))).length;`,
    );
    expect(many).toBe(5000);
    expect(
      await attempt(
        `await Item.bulkCreate([...Array.from({ length: 5000 }, (_, n) => ({ name: 'm' + n })), { name: 'a' }]);`,
      ),
    ).toMatchObject({ error: { code: 'QUERY_FAILED', details: { sqlState: '23505' } } });
    expect(await run(`return Item.count({ where: { name: { like: 'm%' } } });`)).toBe(0);
  });

  it('changes and deletes by condition, and says how many', async () => {
    await run(`await Item.bulkCreate([{ name: 'a' }, { name: 'b' }, { name: 'c' }]);`);
    expect(await run(`return Item.update({ stock: 1 }, { where: { name: ['a', 'b'] } });`)).toEqual([2]);
    expect(await run(`return Item.update({}, { where: {} });`)).toEqual([0]);
    expect(await run(`return Item.destroy({ where: { stock: 1 } });`)).toBe(2);
    expect(await run(`return Item.count();`)).toBe(1);
  });

  it.each([
    `Item.destroy()`,
    `Item.destroy({})`,
    `Item.destroy({ truncate: true })`,
    `Item.update({ stock: 1 })`,
    `Item.update({ stock: 1 }, {})`,
    `Item.update({ nosuch: 1 }, { where: {} })`,
    `Item.create({ 'name") VALUES (1); --': 1 })`,
    `Item.create(null)`,
    `Item.bulkCreate('a')`,
    `Item.bulkCreate([{ name: 'ok' }, { nosuch: 1 }])`,
  ])('refuses %s', async (call) => {
    await run(`await Item.create({ name: 'there' });`);
    expect(await attempt(`return ${call};`)).toMatchObject({ error: { code: 'MODEL_QUERY_INVALID' } });
    expect(await run(`return Item.count({ where: { stock: 3 } });`)).toBe(1);
  });

  it('inserts or updates by whichever key is given', async () => {
    const result = await run(`
      const [first, isNew] = await Item.upsert({ name: 'a', stock: 1 });
      const [second, isNewToo] = await Item.upsert({ name: 'a', stock: 2 });
      const [third, isNewAgain] = await Item.upsert({ id: first.id, name: 'b' });
      const [alone] = await Item.upsert({ id: first.id });
      return { ids: [first.id === second.id, second.id === third.id], isNew, isNewToo, isNewAgain, stock: third.stock, name: alone.name, keys: Object.keys(alone), count: await Item.count() };`);
    expect(result).toMatchObject({
      ids: [true, true],
      isNew: true,
      isNewToo: false,
      isNewAgain: false,
      stock: 2,
      name: 'b',
      count: 1,
    });
    expect(result.keys).not.toContain('created?');
  });

  it('keeps timestamps: updatedAt moves, createdAt stays', async () => {
    expect(
      await run(`
        const item = await Item.create({ name: 'a' });
        const { createdAt, updatedAt } = item;
        await new Promise((resolve) => setTimeout(resolve, 5));
        await Item.update({ stock: 1 }, { where: { id: item.id } });
        const changed = await Item.findByPk(item.id);
        await new Promise((resolve) => setTimeout(resolve, 5));
        const [again] = await Item.upsert({ id: item.id, stock: 2 });
        return [createdAt.getTime() === updatedAt.getTime(), changed.createdAt.getTime() === createdAt.getTime(), changed.updatedAt > updatedAt,
          again.updatedAt > changed.updatedAt, again.createdAt.getTime() === createdAt.getTime()];`),
    ).toEqual([true, true, true, true, true]);
  });

  it('marks rows of a paranoid model instead of deleting them', async () => {
    expect(
      await run(`
        const mark = await Mark.create({ text: 'a' });
        const counts = [await Mark.destroy({ where: { text: 'a' } }), await Mark.count(), await Mark.destroy({ where: {} })];
        const [there, created] = await Mark.upsert({ text: 'a' });
        const revived = [there.id === mark.id, created, there.deletedAt, await Mark.count()];
        await there.destroy();
        const marked = await Mark.count();
        return { counts, revived, marked, forced: await Mark.destroy({ where: {}, force: true }) };`),
    ).toEqual({ counts: [1, 0, 0], revived: [true, false, null, 1], marked: 0, forced: 1 });
  });

  it('gives plain rows with methods nobody sees', async () => {
    expect(
      await run(`
        const item = await Item.create({ name: 'a', stock: 1, meta: [1] });
        const plain = [Object.getPrototypeOf(item) === Object.prototype, Object.keys(item).includes('save'), 'save' in { ...item }];
        await context.metadata.set('item', 1, 'row', item);
        item.stock = 5;
        const same = (await item.save()) === item;
        const updated = await item.update({ name: 'b' });
        const stored = await Item.findByPk(item.id);
        const { id } = item;
        item.id = id + 1000;
        await item.save();
        const moved = await Item.findByPk(id + 1000);
        await moved.destroy();
        const gone = await moved.save().catch((error) => error.code);
        return { plain, same, name: updated.name, stored: [stored.name, stored.stock, stored.meta], moved: moved.name, gone, count: await Item.count() };`),
    ).toEqual({
      plain: [true, false, false],
      same: true,
      name: 'b',
      stored: ['b', 5, [1]],
      moved: 'b',
      gone: 'MODEL_QUERY_INVALID',
      count: 0,
    });
  });

  it('joins the transaction it is called in', async () => {
    expect(
      await run(`
        const seen = [];
        await context.db.transaction(async () => {
          await Item.create({ name: 'a' });
          seen.push(await Item.count());
          await Item.create({ name: 'b' });
          await context.db.query('DELETE FROM plugin_shop_item WHERE name = $1', ['b']);
          seen.push((await Item.findAll()).length);
          await Item.create({ name: 'a' }).catch((error) => seen.push(error.code));
          throw new Error('back');
        }).catch((error) => seen.push(error.message));
        return [...seen, await Item.count()];`),
    ).toEqual([1, 1, 'QUERY_FAILED', 'back', 0]);
  });
});
