import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHost, type TestHost } from '../src/testing/index.js';
import { ModelPlugin } from './fixtures/model-plugin.js';

let test: TestHost;
beforeAll(async () => {
  test = await startTestHost({
    coreModels: {
      User: { table: 'users', attributes: ['id', 'name'] },
      Country: { table: 'countries', attributes: ['code', 'label'], primaryKey: 'code', tenantColumn: null },
    },
  });
  await test.database.pool.query(`
    CREATE TABLE public.users (id int PRIMARY KEY, name text, password text, tenant text NOT NULL);
    INSERT INTO public.users VALUES (1, 'Ada', 'x', 'acme'), (2, 'Bob', 'y', 'acme'), (3, 'Cleo', 'z', 'globex');
    CREATE TABLE public.countries (code text PRIMARY KEY, label text);
    INSERT INTO public.countries VALUES ('CA', 'Canada');
  `);
});
afterAll(() => test.close());

/** §22.1, word for word. */
const AUDIT_LOG = `
  // Define a model with Sequelize-like syntax
  context.models.define('AuditLog', {
    id: { type: 'INTEGER', primaryKey: true, autoIncrement: true },
    entityType: { type: 'STRING', allowNull: false },
    entityId: { type: 'INTEGER', allowNull: false },
    action: { type: 'STRING', allowNull: false },
    userId: { type: 'INTEGER', references: { model: 'users', key: 'id' } },
    details: { type: 'JSONB' },
    tenant: { type: 'STRING', allowNull: false }
  }, {
    timestamps: true,
    indexes: [
      { fields: ['entityType', 'entityId'] },
      { fields: ['userId'] }
    ]
  });

  // Sync models to database (creates tables)
  await context.models.sync();
`;

const audit = new ModelPlugin(() => test, 'acme', 'audit-trail');

describe('the model of §22.1', () => {
  it('is defined, synced and used as the specification writes it', async () => {
    await audit.enable(AUDIT_LOG);
    expect(await audit.tables()).toEqual(['plugin_audit_trail_audit_log']);
    const row = await audit.run(
      `const AuditLog = context.models.get('AuditLog');
       return AuditLog.create({ entityType: 'risk', entityId: 7, action: 'created', userId: 1, details: { a: [1] } });`,
    );
    expect(row).toEqual({
      id: 1,
      entityType: 'risk',
      entityId: 7,
      action: 'created',
      userId: 1,
      details: { a: [1] },
      tenant: 'acme',
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: row.createdAt,
    });
  });

  it('has its indexes, and a foreign key that lets the application delete', async () => {
    const { rows: indexes } = await test.database.pool.query(
      `SELECT indexname FROM pg_indexes WHERE schemaname = 'plugins_acme' AND tablename = 'plugin_audit_trail_audit_log' ORDER BY 1`,
    );
    expect(indexes.map((row) => row.indexname)).toEqual([
      'plugin_audit_trail_audit_log_entity_type_entity_id',
      'plugin_audit_trail_audit_log_pkey',
      'plugin_audit_trail_audit_log_user_id',
    ]);
    const count = (where: string) =>
      audit.run(`return context.models.get('AuditLog').count({ where: ${where} });`);
    await audit.run(
      `await context.models.get('AuditLog').create({ entityType: 'x', entityId: 1, action: 'y', userId: 2 });`,
    );
    await test.database.pool.query('DELETE FROM public.users WHERE id = 2');
    expect(await count('{ userId: null }')).toBe(1);
    expect(
      await audit.attempt(
        `await context.models.get('AuditLog').create({ entityType: 'x', entityId: 1, action: 'y', userId: 99 });`,
      ),
    ).toMatchObject({ error: { code: 'QUERY_FAILED' } });
  });

  it('reads the application’s models, and is associated with them (§22.6)', async () => {
    const found = await audit.run(
      `const UserModel = context.models.getCoreModel('User');
       const users = [];
       if (UserModel) {
         const user = await UserModel.findByPk(1);
         users.push(user, await UserModel.findByPk(3));
       }
       // Create association with core model
       context.models.associate('AuditLog', 'belongsTo', 'User', {
         foreignKey: 'userId',
         as: 'user'
       });
       const AuditLog = context.models.get('AuditLog');
       const logs = await AuditLog.findAll({ attributes: ['entityId'], order: ['id'], include: ['user'] });
       const by = await AuditLog.count({ where: { userId: 1 } });
       const required = await AuditLog.findAll({ include: [{ model: 'User', where: { name: 'Ada' } }], attributes: ['id'] });
       const none = await AuditLog.findAll({ include: [{ model: 'User', where: { name: 'Cleo' } }] });
       return { users, logs, by, required, none, unknown: context.models.getCoreModel('Risk') ?? null };`,
    );
    expect(found).toEqual({
      users: [{ id: 1, name: 'Ada' }, null],
      logs: [
        { entityId: 7, user: { id: 1, name: 'Ada' } },
        { entityId: 1, user: null },
      ],
      by: 1,
      required: [{ id: 1, user: { id: 1, name: 'Ada' } }],
      none: [],
      unknown: null,
    });
  });

  it('is there after a restart, without onInstall', async () => {
    await test.restart();
    expect(
      await audit.run(
        `return [context.models.list(), context.models.has('AuditLog'), await context.models.get('AuditLog').count()];`,
      ),
    ).toEqual([['AuditLog'], true, 2]);
  });
});

describe('a tenant', () => {
  it('has models of its own: its rows, its core rows, its tenant in every row', async () => {
    const other = new ModelPlugin(() => test, 'globex', 'audit-trail');
    await other.enable(AUDIT_LOG);
    expect(
      await other.run(
        `const AuditLog = context.models.get('AuditLog');
         const { id, tenant } = await AuditLog.create({ entityType: 'risk', entityId: 7, action: 'created', userId: 3 });
         const User = context.models.getCoreModel('User');
         return { id, tenant, count: await AuditLog.count(), users: await User.findAll() };`,
      ),
    ).toEqual({ id: 1, tenant: 'globex', count: 1, users: [{ id: 3, name: 'Cleo' }] });
    expect(await audit.run(`return context.models.get('AuditLog').count();`)).toBe(2);
  });

  it('sees core models without a tenant column as all do, and no column the host does not list', async () => {
    expect(await audit.run(`return context.models.getCoreModel('Country').findByPk('CA');`)).toEqual({
      code: 'CA',
      label: 'Canada',
    });
    for (const options of [
      `{ attributes: ['password'] }`,
      `{ where: { password: 'x' } }`,
      `{ order: ['password'] }`,
    ]) {
      expect(
        await audit.attempt(`return context.models.getCoreModel('User').findAll(${options});`),
      ).toMatchObject({ error: { code: 'MODEL_QUERY_INVALID' } });
    }
  });

  it('cannot change what the application’s models hold', async () => {
    expect(
      await audit.attempt(
        `const user = await context.models.getCoreModel('User').findByPk(1); await user.update({ name: 'Eve' });`,
      ),
    ).toMatchObject({ error: { code: 'MODEL_QUERY_INVALID' } });
    expect(await audit.run(`return typeof context.models.getCoreModel('User').create;`)).toBe('undefined');
  });
});

describe('a plugin of the tenant', () => {
  it('cannot take the table of another whose name runs into it', async () => {
    const jiraSync = new ModelPlugin(() => test, 'acme', 'jira-sync');
    await jiraSync.enable(
      `context.models.define('Log', { text: { type: 'TEXT' } }); await context.models.sync();`,
    );
    const jira = new ModelPlugin(() => test, 'acme', 'jira');
    await jira.enable();
    const define = `context.models.define('SyncLog', { text: { type: 'TEXT' } });`;
    expect(await jira.attempt(`${define} await context.models.sync();`)).toMatchObject({
      error: { code: 'TABLE_NOT_OWNED' },
    });
    expect(
      await jira.attempt(`${define} await context.models.sync({ force: true, allowDataLoss: true });`),
    ).toMatchObject({
      error: { code: 'TABLE_NOT_OWNED' },
    });
    expect(await jiraSync.run(`return context.models.get('Log').count();`)).toBe(0);
  });

  it('loses its models with its data, and not without', async () => {
    const plugin = new ModelPlugin(() => test, 'acme', 'leaving');
    const NOTE = `context.models.define('Note', { text: { type: 'TEXT' } }); await context.models.sync();`;
    await plugin.enable(NOTE);
    await plugin.run(`await context.models.get('Note').create({ text: 'kept' });`);
    const { plugins } = test.host.tenant('acme');
    await plugins.uninstall('leaving');
    await plugin.enable(NOTE);
    expect(await plugin.run(`return context.models.get('Note').count();`)).toBe(1);
    await plugins.uninstall('leaving', { deleteData: true });
    expect(await plugin.tables()).toEqual([]);
    const { rows } = await test.database.pool.query(
      `SELECT 1 FROM plugin_host.plugin_models WHERE plugin_id = 'leaving'`,
    );
    expect(rows).toEqual([]);
  });

  it('leaves nothing of its models when its installation fails after the hook', async () => {
    const plugin = new ModelPlugin(() => test, 'acme', 'unlucky');
    await expect(
      test.install(
        'acme',
        'unlucky',
        `module.exports = {
           async onInstall(context) { context.models.define('Note', { text: { type: 'TEXT' } }); await context.models.sync(); },
           onLoad() { throw new Error('no'); } };`,
        { permissions: ['models:define'] },
      ),
    ).rejects.toMatchObject({ code: 'HOOK_FAILED' });
    expect(await plugin.tables()).toEqual([]);
    const { rows } = await test.database.pool.query(
      `SELECT name FROM plugin_host.plugin_models WHERE plugin_id = 'unlucky' UNION ALL SELECT name FROM plugin_host.plugin_tables WHERE plugin_id = 'unlucky'`,
    );
    expect(rows).toEqual([]);
  });
});

describe('a foreign key to the application', () => {
  const LOG = `context.models.define('Log', { userId: { type: 'INTEGER', references: { model: 'User', key: 'id' } } }, { timestamps: false });`;

  it('does not lock the application’s table while the hook goes on', async () => {
    const plugin = new ModelPlugin(() => test, 'acme', 'slow');
    const installing = plugin.enable(
      `${LOG} await context.models.sync(); await context.models.sync({ force: true });
       context.logger.info('synced');
       while (!(await context.models.getCoreModel('Country').findByPk('GO'))) await new Promise((resolve) => setTimeout(resolve, 20));`,
    );
    const synced = () => test.logs.some(({ message }) => message === 'synced');
    while (!synced()) await new Promise((resolve) => setTimeout(resolve, 5));
    const locks = await test.database.pool.query(
      `SELECT mode FROM pg_locks WHERE relation = 'public.users'::regclass AND mode LIKE '%Exclusive%'`,
    );
    await test.database.pool.query(`INSERT INTO public.countries VALUES ('GO', 'Go')`);
    await installing;
    expect(locks.rows).toEqual([]);
    const { rows } = await test.database.pool.query(
      `SELECT confdeltype AS "onDelete", confrelid::regclass::text AS "to" FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid WHERE contype = 'f' AND relname = 'plugin_slow_log'`,
    );
    expect(rows).toEqual([{ onDelete: 'n', to: 'users' }]);
  });

  it('is made by a sync outside onInstall, too, and leaves the tenant’s role no right on the table', async () => {
    const plugin = new ModelPlugin(() => test, 'acme', 'late');
    await plugin.enable();
    await plugin.run(`${LOG} await context.models.sync();`);
    expect(await plugin.attempt(`await context.models.get('Log').create({ userId: 404 });`)).toMatchObject({
      error: { code: 'QUERY_FAILED', details: { sqlState: '23503' } },
    });
    const { rows } = await test.database.pool.query(
      `SELECT role FROM plugin_host.plugin_tenants WHERE tenant = 'acme' AND has_any_column_privilege(role, 'public.users', 'REFERENCES')`,
    );
    expect(rows).toEqual([]);
  });

  it('is not made where the hook took the table back', async () => {
    const plugin = new ModelPlugin(() => test, 'acme', 'wavering');
    await plugin.enable(
      `${LOG} await context.db.transaction(async () => { await context.models.sync(); throw new Error('no'); }).catch(() => {});`,
    );
    expect(await plugin.tables()).toEqual([]);
  });
});

describe('permissions', () => {
  const DEFINE = `context.models.define('Note', { text: { type: 'TEXT' } }); await context.models.sync();`;
  const denied = expect.objectContaining({ error: expect.objectContaining({ code: 'PERMISSION_DENIED' }) });

  it('defining alone lets tables be made, and no row be read or written', async () => {
    const plugin = new ModelPlugin(() => test, 'acme', 'definer');
    await plugin.enable(DEFINE, { permissions: ['models:define'] });
    expect(await plugin.tables()).toEqual(['plugin_definer_note']);
    for (const call of [
      `findAll()`,
      `findByPk(1)`,
      `findOne()`,
      `findAndCountAll()`,
      `count()`,
      `create({ text: 'a' })`,
      `bulkCreate([{ text: 'a' }])`,
      `update({ text: 'a' }, { where: {} })`,
      `destroy({ where: {} })`,
      `upsert({ text: 'a' })`,
    ]) {
      expect(await plugin.attempt(`return context.models.get('Note').${call};`), call).toEqual(denied);
    }
    expect((await test.request('acme', 'GET', '/api/plugins/definer')).body.data.state).toBe('enabled');
    expect(test.logs).toContainEqual(
      expect.objectContaining({
        data: expect.objectContaining({ code: 'PERMISSION_DENIED', member: 'models.upsert' }),
      }),
    );
  });

  it('writing is not reading: what was written comes back, nothing else', async () => {
    const plugin = new ModelPlugin(() => test, 'acme', 'writer');
    await plugin.enable(DEFINE, { permissions: ['models:define', 'database:write'] });
    expect(
      await plugin.run(
        `const Note = context.models.get('Note');
         const note = await Note.create({ text: 'a' });
         await note.update({ text: 'b' });
         return [note.text, await Note.update({ text: 'c' }, { where: { id: note.id } }), await Note.destroy({ where: {} })];`,
      ),
    ).toEqual(['b', [1], 1]);
    expect(await plugin.attempt(`return context.models.get('Note').findAll();`)).toEqual(denied);
  });

  it('reading is not writing, in or outside a transaction', async () => {
    const plugin = new ModelPlugin(() => test, 'acme', 'reader');
    await plugin.enable(DEFINE, { permissions: ['models:define', 'database:read'] });
    expect(await plugin.run(`return context.models.get('Note').findAll();`)).toEqual([]);
    expect(await plugin.attempt(`return context.models.get('Note').create({ text: 'a' });`)).toEqual(denied);
    expect(
      await plugin.attempt(
        `return context.db.transaction(() => context.models.get('Note').destroy({ where: {} }));`,
      ),
    ).toEqual(denied);
  });

  it('end with the plugin: a model kept by somebody else does nothing more', async () => {
    await test.enable(
      'acme',
      'lender',
      `module.exports = {
         async onInstall(context) { ${DEFINE} },
         onLoad(context) { module.exports.lent = context.models.get('Note'); } };`,
      { permissions: ['models:define', 'database:read', 'database:write'] },
    );
    const keeper = new ModelPlugin(() => test, 'acme', 'keeper');
    await keeper.enable();
    await keeper.run(`globalThis.lent = context.getPlugin('lender').lent; return lent.count();`);
    await test.host.tenant('acme').plugins.uninstall('lender');
    expect(await keeper.attempt(`return globalThis.lent.count();`)).toMatchObject({
      error: { code: 'CONTEXT_REVOKED' },
    });
  });
});
