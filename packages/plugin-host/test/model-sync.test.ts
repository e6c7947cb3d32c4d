import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHost, type TestHost } from '../src/testing/index.js';
import { ModelPlugin } from './fixtures/model-plugin.js';

let test: TestHost;
beforeAll(async () => {
  test = await startTestHost();
});
afterAll(() => test.close());

let count = 0;
/** A plugin of its own for a test, installed with this hook. */
async function installed(onInstall = ''): Promise<ModelPlugin> {
  count += 1;
  const plugin = new ModelPlugin(() => test, 'acme', `notes-${count}`);
  await plugin.enable(onInstall);
  return plugin;
}
const define = (attributes: string, options = '{}') =>
  `context.models.define('Note', ${attributes}, ${options});`;
const FIRST = define(`{ text: { type: 'TEXT' }, kind: { type: 'ENUM', values: ['a'] } }`);
const SECOND = define(
  `{ text: { type: 'TEXT' }, kind: { type: 'ENUM', values: ['a', 'b'] }, stars: { type: 'INTEGER', allowNull: false, defaultValue: 5 }, parentId: { type: 'INTEGER', references: { model: 'Note', key: 'id' }, onDelete: 'cascade' } }`,
  `{ indexes: [{ fields: ['stars'], name: 'by_stars' }] }`,
);
const SYNC = 'await context.models.sync();';
const columnsOf = async ({ tenant, id }: ModelPlugin): Promise<string[]> => {
  const { rows } = await test.database.pool.query(
    `SELECT attname AS column_name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = $2 AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [`plugins_${tenant}`, `plugin_${id.replaceAll('-', '_')}_note`],
  );
  return rows.map((row) => row.column_name);
};
const indexesOf = async ({ tenant, id }: ModelPlugin): Promise<string[]> => {
  const { rows } = await test.database.pool.query(
    'SELECT indexname FROM pg_indexes WHERE schemaname = $1 AND tablename = $2 ORDER BY 1',
    [`plugins_${tenant}`, `plugin_${id.replaceAll('-', '_')}_note`],
  );
  return rows.map((row) => row.indexname);
};

describe('sync', () => {
  it('makes what is missing, and leaves what is there, however often', async () => {
    const plugin = await installed(
      `${FIRST} ${SYNC} await context.models.get('Note').create({ text: 'kept' }); ${SYNC}`,
    );
    expect(await columnsOf(plugin)).toEqual(['id', 'text', 'kind', 'tenant', 'createdAt', 'updatedAt']);
    await plugin.run(`${SECOND} ${SYNC}`);
    expect(await columnsOf(plugin)).toHaveLength(6);
    expect(await plugin.run(`${FIRST} return context.models.get('Note').count();`)).toBe(1);
  });

  it('with alter adds columns with their keys, indexes and values, and removes none', async () => {
    const plugin = await installed(`${FIRST} ${SYNC}`);
    await plugin.run(`await context.models.get('Note').create({ text: 'kept' });`);
    await plugin.run(`${SECOND} await context.models.sync({ alter: true });`);
    expect(await columnsOf(plugin)).toEqual([
      'id',
      'text',
      'kind',
      'tenant',
      'createdAt',
      'updatedAt',
      'stars',
      'parentId',
    ]);
    expect(await indexesOf(plugin)).toContain(`plugin_notes_${count}_note_by_stars`);
    expect(
      await plugin.run(
        `const Note = context.models.get('Note');
         const [kept] = await Note.findAll();
         await Note.create({ kind: 'b', parentId: kept.id });
         await kept.destroy();
         return [kept.stars, await Note.count()];`,
      ),
    ).toEqual([5, 0]);
    await plugin.run(`${define(`{ text: { type: 'TEXT' } }`)} await context.models.sync({ alter: true });`);
    expect(await columnsOf(plugin)).toHaveLength(8);
  });

  it('with alter keeps everything as it was where a column cannot be added', async () => {
    const plugin = await installed(`${FIRST} ${SYNC} await context.models.get('Note').create({});`);
    expect(
      await plugin.attempt(
        `${define(`{ text: { type: 'TEXT' }, a: { type: 'TEXT' }, b: { type: 'TEXT', allowNull: false } }`)} await context.models.sync({ alter: true });`,
      ),
    ).toMatchObject({ error: { code: 'QUERY_FAILED', details: { sqlState: '23502' } } });
    expect(await columnsOf(plugin)).toHaveLength(6);
  });

  it('with force deletes nothing outside onInstall unless told to, and says how many rows it would have', async () => {
    const plugin = await installed(`${FIRST} ${SYNC} await context.models.get('Note').bulkCreate([{}, {}]);`);
    const table = `plugin_notes_${count}_note`;
    for (const call of [`sync({ force: true })`, `dropAll()`]) {
      expect(await plugin.attempt(`await context.models.${call};`)).toMatchObject({
        error: {
          code: 'SYNC_DESTRUCTIVE',
          details: { rows: { [table]: 2 } },
          message: expect.stringContaining(`${table} (2)`),
        },
      });
    }
    expect(await plugin.run(`return context.models.get('Note').count();`)).toBe(2);
    expect(
      await plugin.run(
        `await context.models.sync({ force: true, allowDataLoss: true }); return context.models.get('Note').count();`,
      ),
    ).toBe(0);
    expect(test.logs).toContainEqual(
      expect.objectContaining({ level: 'warn', data: expect.objectContaining({ rows: { [table]: 2 } }) }),
    );
    await plugin.run(`await context.models.dropAll({ allowDataLoss: true });`);
    expect(await plugin.tables()).toEqual([]);
    await plugin.run(SYNC);
    expect(await plugin.tables()).toEqual([table]);
  });

  it('with force is free in onInstall, and dropAll in onUninstall', async () => {
    const plugin = await installed(
      `${FIRST} ${SYNC} await context.models.get('Note').create({}); await context.models.sync({ force: true });`,
    );
    expect(await plugin.run(`return context.models.get('Note').count();`)).toBe(0);
    await test.enable(
      'acme',
      'leaver',
      `module.exports = { async onInstall(context) { ${FIRST} ${SYNC} }, onUninstall: (context) => context.models.dropAll() };`,
      { permissions: ['models:define'] },
    );
    await test.host.tenant('acme').plugins.uninstall('leaver');
    expect(await new ModelPlugin(() => test, 'acme', 'leaver').tables()).toEqual([]);
  });

  it.each([`sync({ drop: true })`, `sync({ force: 'yes' })`, `sync('force')`, `dropAll({ force: true })`])(
    'refuses %s',
    async (call) => {
      const plugin = await installed(`${FIRST} ${SYNC}`);
      expect(await plugin.attempt(`await context.models.${call};`)).toMatchObject({
        error: { code: 'MODEL_QUERY_INVALID' },
      });
      expect(await plugin.tables()).toHaveLength(1);
    },
  );

  it('is undone with the hook or the transaction it ran in', async () => {
    const plugin = await installed();
    expect(
      await plugin.attempt(
        `await context.db.transaction(async () => { ${FIRST} ${SYNC} throw new Error('back'); });`,
      ),
    ).toMatchObject({ error: { message: 'back' } });
    expect(await plugin.tables()).toEqual([]);
    await plugin.run(SYNC);
    expect(await plugin.tables()).toHaveLength(1);
  });

  it('by many at once makes each table once', async () => {
    const plugin = await installed();
    await plugin.run(`${FIRST} await Promise.all([1, 2, 3, 4, 5].map(() => context.models.sync()));`);
    expect(await plugin.tables()).toHaveLength(1);
  });

  it('outside onInstall makes tables that are the plugin’s, also for its own SQL, and outlive a restart', async () => {
    const plugin = await installed();
    const table = `plugin_notes_${count}_note`;
    await plugin.run(`${FIRST} ${SYNC} await context.models.get('Note').create({ text: 'a' });`);
    expect((await plugin.run(`return context.db.query('SELECT text FROM ${table}');`)).rows).toEqual([
      { text: 'a' },
    ]);
    await test.restart();
    expect(await plugin.run(`return (await context.models.get('Note').findAll()).length;`)).toBe(1);
    await test.host.tenant('acme').plugins.uninstall(plugin.id, { deleteData: true });
    expect(await plugin.tables()).toEqual([]);
  });

  it('keeps what onInstall defined, also without it', async () => {
    const plugin = await installed(
      `${FIRST} context.models.associate('Note', 'belongsTo', 'Note', { foreignKey: 'id', as: 'self' });`,
    );
    await test.restart();
    expect(await plugin.run(`return context.models.list();`)).toEqual(['Note']);
    expect(
      await plugin.run(
        `${SYNC} const Note = context.models.get('Note'); await Note.create({ text: 'a' }); return Note.findOne({ attributes: ['text'], include: [{ model: 'Note', attributes: ['text'] }] });`,
      ),
    ).toEqual({ text: 'a', self: { text: 'a' } });
  });

  it('makes no foreign key to a table the host does not offer, and says so', async () => {
    const plugin = await installed(
      `${define(`{ userId: { type: 'INTEGER', references: { model: 'users', key: 'id' } } }`)} ${SYNC}`,
    );
    expect(await plugin.run(`return (await context.models.get('Note').create({ userId: 77 })).userId;`)).toBe(
      77,
    );
    expect(test.logs).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        data: expect.objectContaining({ pluginId: plugin.id, attribute: 'userId' }),
      }),
    );
  });
});
