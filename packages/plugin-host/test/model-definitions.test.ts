import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHost, type TestHost } from '../src/testing/index.js';
import { ModelPlugin } from './fixtures/model-plugin.js';

let test: TestHost;
const plugin = new ModelPlugin(() => test, 'acme', 'hostile');
beforeAll(async () => {
  test = await startTestHost();
  await plugin.enable(
    `context.models.define('There', { text: { type: 'TEXT' } }); await context.models.sync();`,
  );
});
afterAll(() => test.close());

const INJECTION = `x"); DROP TABLE plugin_hostile_there; --`;
const ok = `{ a: { type: 'TEXT' } }`;

describe('define refuses', () => {
  it.each<[string, string]>([
    // Names of models
    [`'', ${ok}`, 'name'],
    [`'1st', ${ok}`, 'name'],
    [`'A B', ${ok}`, 'name'],
    [`'${INJECTION}', ${ok}`, 'name'],
    [`'Ünit', ${ok}`, 'name'],
    [`'A.B', ${ok}`, 'name'],
    [`'__proto__', ${ok}`, 'name'],
    [`undefined, ${ok}`, 'name'],
    [`{ toString: () => 'Fine' }, ${ok}`, 'name'],
    [`'there', ${ok}`, 'name'],
    // Attributes
    [`'M', {}`, 'attributes'],
    [`'M', undefined`, 'attributes'],
    [`'M', []`, 'attributes'],
    [`'M', { [Symbol('a')]: { type: 'TEXT' } }`, 'attributes'],
    [`'M', { '${INJECTION}': { type: 'TEXT' } }`, INJECTION],
    [`'M', { 'a b': { type: 'TEXT' } }`, 'a b'],
    [`'M', { 'a\\0': { type: 'TEXT' } }`, 'a\0'],
    [`'M', { 'ä': { type: 'TEXT' } }`, 'ä'],
    [`'M', JSON.parse('{"__proto__": {"type": "TEXT"}}')`, '__proto__'],
    [`'M', { constructor: { type: 'TEXT' } }`, 'constructor'],
    [`'M', { save: { type: 'TEXT' } }`, 'save'],
    [`'M', { or: { type: 'TEXT' } }`, 'or'],
    [`'M', { xmin: { type: 'TEXT' } }`, 'xmin'],
    [`'M', { a: 'TEXT' }`, 'a'],
    [`'M', { a: null }`, 'a'],
    [`'M', { a: { type: 'TEXT', fieldName: 'b' } }`, 'a.fieldName'],
    [`'M', { a: { type: 'TEXT', allowNull: 'no' } }`, 'a.allowNull'],
    [`'M', { a: { type: 'TEXT', unique: 'group' } }`, 'a.unique'],
    [`'M', { id: { type: 'INTEGER' } }`, 'id.primaryKey'],
    [`'M', { createdAt: { type: 'TEXT' }, a: { type: 'TEXT' } }`, 'createdAt.type'],
    // Types
    [`'M', { a: {} }`, 'a.type'],
    [`'M', { a: { type: 'MONEY' } }`, 'a.type'],
    [`'M', { a: { type: 'TEXT); DROP TABLE x; --' } }`, 'a.type'],
    [`'M', { a: { type: 'STRING(5); DROP TABLE x' } }`, 'a.type'],
    [`'M', { a: { type: 'STRING(0)' } }`, 'a.type'],
    [`'M', { a: { type: 'DECIMAL(5,9)' } }`, 'a.type'],
    [`'M', { a: { type: 'INTEGER(5)' } }`, 'a.type'],
    [`'M', { a: { type: 'constructor' } }`, 'a.type'],
    [`'M', { a: { type: ['TEXT'] } }`, 'a.type'],
    // Values
    [`'M', { a: { type: 'ENUM' } }`, 'a.values'],
    [`'M', { a: { type: 'ENUM', values: [] } }`, 'a.values'],
    [`'M', { a: { type: 'ENUM', values: 'ab' } }`, 'a.values'],
    [`'M', { a: { type: 'ENUM', values: [1] } }`, 'a.values'],
    [`'M', { a: { type: 'ENUM', values: ['a', 'a'] } }`, 'a.values'],
    [`'M', { a: { type: 'ENUM', values: ['a\\0'] } }`, 'a.values'],
    [`'M', { a: { type: 'ENUM', values: ['\\ud800'] } }`, 'a.values'],
    [`'M', { a: { type: 'TEXT', values: ['a'] } }`, 'a.values'],
    // Defaults
    [`'M', { a: { type: 'INTEGER', defaultValue: '1); DROP TABLE x' } }`, 'a.defaultValue'],
    [`'M', { a: { type: 'INTEGER', defaultValue: () => 1 } }`, 'a.defaultValue'],
    [`'M', { a: { type: 'INTEGER', defaultValue: 'NOW' } }`, 'a.defaultValue'],
    [`'M', { a: { type: 'DATE', defaultValue: 'pg_sleep(9)' } }`, 'a.defaultValue'],
    [`'M', { a: { type: 'UUID', defaultValue: 'version()' } }`, 'a.defaultValue'],
    [`'M', { a: { type: 'BOOLEAN', defaultValue: 'yes' } }`, 'a.defaultValue'],
    [`'M', { a: { type: 'STRING', defaultValue: {} } }`, 'a.defaultValue'],
    [`'M', { a: { type: 'STRING', defaultValue: 'a\\0' } }`, 'a.defaultValue'],
    [`'M', { a: { type: 'ENUM', values: ['a'], defaultValue: 'b' } }`, 'a.defaultValue'],
    [`'M', { a: { type: 'JSONB', defaultValue: { n: NaN } } }`, 'a.defaultValue'],
    // Counting
    [`'M', { a: { type: 'TEXT', autoIncrement: true } }`, 'a.autoIncrement'],
    [`'M', { a: { type: 'INTEGER', autoIncrement: true, defaultValue: 1 } }`, 'a.defaultValue'],
    [
      `'M', { a: { type: 'INTEGER', autoIncrement: true, primaryKey: true }, b: { type: 'BIGINT', autoIncrement: true } }`,
      'attributes',
    ],
    // References
    [`'M', { a: { type: 'INTEGER', references: 'users' } }`, 'a.references.model'],
    [
      `'M', { a: { type: 'INTEGER', references: { model: 'users(id); --', key: 'id' } } }`,
      'a.references.model',
    ],
    [
      `'M', { a: { type: 'INTEGER', references: { model: 'public.users', key: 'id' } } }`,
      'a.references.model',
    ],
    [`'M', { a: { type: 'INTEGER', references: { model: 'users', key: 'id") --' } } }`, 'a.references.key'],
    [
      `'M', { a: { type: 'INTEGER', references: { model: 'users', key: 'id', deferrable: true } } }`,
      'a.references',
    ],
    [
      `'M', { a: { type: 'INTEGER', references: { model: 'users', key: 'id' }, onDelete: 'CASCADE; DROP TABLE x' } }`,
      'a.onDelete',
    ],
    [`'M', { a: { type: 'INTEGER', references: { model: 'users', key: 'id' }, onUpdate: 5 } }`, 'a.onUpdate'],
    [
      `'M', { a: { type: 'INTEGER', allowNull: false, references: { model: 'users', key: 'id' }, onDelete: 'SET NULL' } }`,
      'a.onDelete',
    ],
    [`'M', { a: { type: 'INTEGER', onDelete: 'CASCADE' } }`, 'a.references'],
    // Options
    [`'M', ${ok}, 'none'`, 'options'],
    [`'M', ${ok}, { tableName: 'users' }`, 'options.tableName'],
    [`'M', ${ok}, { timestamps: 'yes' }`, 'options.timestamps'],
    [`'M', ${ok}, { paranoid: 1 }`, 'options.paranoid'],
    [`'M', ${ok}, { indexes: {} }`, 'options.indexes'],
    [`'M', ${ok}, { indexes: ['a'] }`, 'indexes[0]'],
    [`'M', ${ok}, { indexes: [{ fields: [] }] }`, 'indexes[0].fields'],
    [`'M', ${ok}, { indexes: [{ fields: ['a'] }, { fields: ['lower(a)'] }] }`, 'indexes[1].fields'],
    [`'M', ${ok}, { indexes: [{ fields: ['a', 'a'] }] }`, 'indexes[0].fields'],
    [`'M', ${ok}, { indexes: [{ fields: ['a'], unique: 'yes' }] }`, 'indexes[0].unique'],
    [`'M', ${ok}, { indexes: [{ fields: ['a'], where: 'true' }] }`, 'indexes[0].where'],
    [`'M', ${ok}, { indexes: [{ fields: ['a'], name: '${INJECTION}' }] }`, 'indexes[0].name'],
  ])('%s', async (call, field) => {
    expect(await plugin.attempt(`context.models.define(${call});`)).toMatchObject({
      error: { code: 'MODEL_INVALID', details: { field } },
    });
    expect(await plugin.run(`return context.models.list();`)).toEqual(['There']);
  });

  it.each([
    `'${'M'.repeat(60)}', ${ok}`,
    `'M', { ${'a'.repeat(64)}: { type: 'TEXT' } }`,
    `'M', ${ok}, { indexes: [{ fields: ['a'], name: '${'i'.repeat(63)}' }] }`,
  ])('names of more than 63 bytes: %s', async (call) => {
    expect(await plugin.attempt(`context.models.define(${call});`)).toMatchObject({
      error: { code: 'IDENTIFIER_TOO_LONG' },
    });
  });

  it.each<[string, string]>([
    [`'Nobody', 'belongsTo', 'There'`, 'MODEL_NOT_FOUND'],
    [`'There', 'hasSome', 'There'`, 'MODEL_INVALID'],
    [`'There', 'belongsTo', '${INJECTION}'`, 'MODEL_INVALID'],
    [`'There', 'belongsTo', 'There'`, 'MODEL_INVALID'],
    [`'There', 'belongsTo', 'There', { foreignKey: '${INJECTION}' }`, 'MODEL_INVALID'],
    [`'There', 'belongsTo', 'There', { foreignKey: 'nosuch' }`, 'MODEL_INVALID'],
    [`'There', 'belongsTo', 'There', { foreignKey: 'id', as: 'text' }`, 'MODEL_INVALID'],
    [`'There', 'belongsTo', 'There', { foreignKey: 'id', as: '__proto__' }`, 'MODEL_INVALID'],
    [`'There', 'belongsTo', 'There', { foreignKey: 'id', scope: {} }`, 'MODEL_INVALID'],
    [`'There', 'belongsToMany', 'There', {}`, 'MODEL_INVALID'],
  ])('the association %s', async (call, code) => {
    expect(await plugin.attempt(`context.models.associate(${call});`)).toMatchObject({ error: { code } });
  });
});

describe('define takes', () => {
  it.each([
    ['AuditLog', 'audit_log'],
    ['HTTPLog2', 'http_log2'],
    ['issueMapping', 'issue_mapping'],
    ['already_snake', 'already_snake'],
  ])('%s for the table %s', async (model, table) => {
    await plugin.run(`context.models.define('${model}', ${ok}); await context.models.sync();`);
    expect(await plugin.tables()).toContain(`plugin_hostile_${table}`);
  });

  it('values, defaults and names that look like SQL, as what they are', async () => {
    const quoted = [
      `it's`,
      `a"b`,
      `x'); DROP TABLE plugin_hostile_there; --`,
      'back\\slash',
      '$1',
      '%s',
      'ünï',
    ];
    const list = JSON.stringify(quoted);
    expect(
      await plugin.run(`
        const M = context.models.define('Quoted', { select: { type: 'ENUM', values: ${list}, defaultValue: ${list}[2] }, From: { type: 'TEXT', defaultValue: ${list}[3] }, from: { type: 'JSONB', defaultValue: ${list} } });
        await context.models.sync();
        const made = [await M.create({})];
        for (const select of ${list}) made.push(await M.create({ select }));
        return made.map(({ select, From, from }) => [select, From, from]);`),
    ).toEqual([quoted[2], ...quoted].map((value) => [value, 'back\\slash', quoted]));
    expect(await plugin.tables()).toContain('plugin_hostile_there');
  });

  it('composite keys, unique indexes and references among the plugin’s own models, in any order', async () => {
    expect(
      await plugin.run(`
        context.models.define('Child', { parent: { type: 'BIGINT', allowNull: false, references: { model: 'Parent', key: 'code' }, onDelete: 'CASCADE' }, n: { type: 'INTEGER' } }, { indexes: [{ unique: true, fields: ['parent', 'n'] }] });
        context.models.define('Parent', { code: { type: 'BIGINT', primaryKey: true } });
        context.models.define('Pair', { a: { type: 'INTEGER', primaryKey: true }, b: { type: 'STRING(3)', primaryKey: true } });
        await context.models.sync();
        const { Child, Parent, Pair } = Object.fromEntries(['Child', 'Parent', 'Pair'].map((name) => [name, context.models.get(name)]));
        const orphan = await Child.create({ parent: 1 }).catch((error) => error.code);
        await Parent.create({ code: '9007199254740993' });
        await Child.create({ parent: 9007199254740993n, n: 1 });
        const twice = await Child.create({ parent: '9007199254740993', n: 1 }).catch((error) => error.code);
        await Parent.destroy({ where: {} });
        const pair = await Pair.create({ a: 1, b: 'x' });
        await pair.update({ b: 'y' });
        const long = await Pair.create({ a: 1, b: 'long' }).catch((error) => error.code);
        const byPk = await Pair.findByPk(1).catch((error) => error.code);
        return [orphan, twice, await Child.count(), (await Pair.findAll()).map(({ a, b }) => a + b), long, byPk];`),
    ).toEqual(['QUERY_FAILED', 'QUERY_FAILED', 0, ['1y'], 'QUERY_FAILED', 'MODEL_QUERY_INVALID']);
  });

  it('no reference to what is not unique', async () => {
    expect(
      await plugin.attempt(`
        context.models.define('Wrong', { a: { type: 'TEXT', references: { model: 'There', key: 'text' } } });
        await context.models.sync();`),
    ).toMatchObject({ error: { code: 'MODEL_INVALID', details: { field: 'a.references.key' } } });
    expect(await plugin.tables()).not.toContain('plugin_hostile_wrong');
  });
});
