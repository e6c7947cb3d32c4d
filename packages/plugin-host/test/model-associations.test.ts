import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHost, type TestHost } from '../src/testing/index.js';
import { ModelPlugin } from './fixtures/model-plugin.js';

let test: TestHost;
const plugin = new ModelPlugin(() => test, 'acme', 'blog');
beforeAll(async () => {
  test = await startTestHost();
  await plugin.enable(`
    const { models } = context;
    models.define('Post', { title: { type: 'STRING' }, authorId: { type: 'INTEGER', references: { model: 'Author', key: 'id' } } }, { timestamps: false });
    models.define('Author', { name: { type: 'STRING' } }, { timestamps: false });
    models.define('Comment', { text: { type: 'STRING' }, postId: { type: 'INTEGER' } }, { timestamps: false, paranoid: true });
    models.define('Cover', { url: { type: 'STRING' }, postId: { type: 'INTEGER', unique: true } }, { timestamps: false });
    models.define('Tag', { label: { type: 'STRING' } }, { timestamps: false });
    models.define('PostTag', { postId: { type: 'INTEGER', primaryKey: true }, tagId: { type: 'INTEGER', primaryKey: true } }, { timestamps: false });
    models.associate('Post', 'belongsTo', 'Author', { as: 'author' });
    models.associate('Author', 'hasMany', 'Post', { foreignKey: 'authorId', as: 'posts' });
    models.associate('Post', 'hasMany', 'Comment');
    models.associate('Post', 'hasOne', 'Cover', { as: 'cover' });
    models.associate('Post', 'belongsToMany', 'Tag', { through: 'PostTag', as: 'tags' });
    models.associate('Tag', 'belongsToMany', 'Post', { through: 'PostTag', as: 'posts' });
    await models.sync();
    const [ada] = await models.get('Author').bulkCreate([{ name: 'Ada' }, { name: 'Bob' }]);
    await models.get('Post').bulkCreate([{ title: 'one', authorId: ada.id }, { title: 'two', authorId: ada.id }, { title: 'none' }]);
    await models.get('Comment').bulkCreate([{ text: 'a', postId: 1 }, { text: 'b', postId: 1 }, { text: 'gone', postId: 2 }]);
    await models.get('Comment').destroy({ where: { text: 'gone' } });
    await models.get('Cover').create({ url: 'x', postId: 2 });
    await models.get('Tag').bulkCreate([{ label: 'red' }, { label: 'blue' }]);
    await models.get('PostTag').bulkCreate([{ postId: 1, tagId: 1 }, { postId: 1, tagId: 2 }, { postId: 2, tagId: 2 }]);
  `);
});
afterAll(() => test.close());

const posts = (options: string) =>
  plugin.run(
    `return context.models.get('Post').findAll({ attributes: ['title'], order: ['id'], ...${options} });`,
  );

describe('include', () => {
  it('brings the one a row belongs to', async () => {
    expect(await posts(`{ include: [{ model: 'Author', attributes: ['name'] }] }`)).toEqual([
      { title: 'one', author: { name: 'Ada' } },
      { title: 'two', author: { name: 'Ada' } },
      { title: 'none', author: null },
    ]);
  });

  it('brings the one and the many that belong to a row, without those deleted', async () => {
    expect(
      await posts(
        `{ include: ['cover', { model: 'Comment', attributes: ['text'] }], where: { title: ['one', 'two'] } }`,
      ),
    ).toEqual([
      { title: 'one', cover: null, Comment: [{ text: 'a' }, { text: 'b' }] },
      { title: 'two', cover: { id: 1, url: 'x', postId: 2, tenant: 'acme' }, Comment: [] },
    ]);
  });

  it('brings the many through a model in between, from both sides', async () => {
    expect(await posts(`{ include: [{ model: 'Tag', attributes: ['label'] }] }`)).toEqual([
      { title: 'one', tags: [{ label: 'red' }, { label: 'blue' }] },
      { title: 'two', tags: [{ label: 'blue' }] },
      { title: 'none', tags: [] },
    ]);
    expect(
      await plugin.run(
        `return context.models.get('Tag').findAll({ attributes: ['label'], order: ['id'], include: [{ model: 'posts', attributes: ['title'] }] });`,
      ),
    ).toEqual([
      { label: 'red', posts: [{ title: 'one' }] },
      { label: 'blue', posts: [{ title: 'one' }, { title: 'two' }] },
    ]);
  });

  it('with where leaves out rows without it, also from pages and counts', async () => {
    expect(
      await posts(`{ include: [{ model: 'Tag', where: { label: 'red' }, attributes: ['label'] }] }`),
    ).toEqual([{ title: 'one', tags: [{ label: 'red' }] }]);
    expect(
      await posts(`{ include: [{ model: 'Comment', required: true, attributes: ['text'] }], limit: 1 }`),
    ).toEqual([{ title: 'one', Comment: [{ text: 'a' }, { text: 'b' }] }]);
    expect(
      await plugin.run(
        `const { rows, count } = await context.models.get('Post').findAndCountAll({ include: [{ model: 'Author', where: { name: 'Ada' } }], limit: 1 }); return [rows.length, count];`,
      ),
    ).toEqual([1, 2]);
    expect(
      await posts(
        `{ include: [{ model: 'Author', where: { name: 'Bob' }, required: false }], where: { title: 'one' } }`,
      ),
    ).toEqual([{ title: 'one', author: null }]);
  });

  it('gives rows that can be changed, each its own', async () => {
    expect(
      await plugin.run(`
        const [one, two] = await context.models.get('Post').findAll({ include: ['author'], order: ['id'] });
        const apart = one.author !== two.author;
        await one.author.update({ name: 'Ada L.' });
        one.title = 'first';
        await one.save();
        const again = await context.models.get('Post').findByPk(one.id, { include: ['author'] });
        const result = [apart, again.title, again.author.name];
        await again.author.update({ name: 'Ada' });
        await again.update({ title: 'one' });
        return result;`),
    ).toEqual([true, 'first', 'Ada L.']);
  });

  it.each([
    `['Nobody']`,
    `['Post']`,
    `'author'`,
    `[5]`,
    `[{ model: 'Author', through: 'x' }]`,
    `[{ model: 'Author', as: 'writer' }]`,
    `[{ model: 'Author', attributes: ['password'] }]`,
    `[{ model: 'Author', where: { nosuch: 1 } }]`,
    `['author', 'Author']`,
  ])('refuses %s', async (include) => {
    expect(
      await plugin.attempt(`return context.models.get('Post').findAll({ include: ${include} });`),
    ).toMatchObject({ error: { code: 'MODEL_QUERY_INVALID' } });
  });

  it('of a model that is not there says so', async () => {
    expect(
      await plugin.attempt(`
        context.models.associate('Post', 'belongsTo', 'Risk', { foreignKey: 'authorId', as: 'risk' });
        return context.models.get('Post').findAll({ include: ['risk'] });`),
    ).toMatchObject({ error: { code: 'MODEL_NOT_FOUND', details: { model: 'Risk' } } });
  });
});
