import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTEXT_MEMBERS, type ContextMember } from '../src/foundation/permissions.js';
import { startTestHost, type TestHost } from '../src/testing/index.js';

let test: TestHost;
beforeAll(async () => {
  test = await startTestHost();
});
afterAll(() => test.close());

/** Calls one member of the context by its path and answers how that went. */
const PROBE = `
  module.exports = {
    routes(router, context) {
      router.post('/call', async (req, res) => {
        const { member, args } = req.body;
        const path = member.split('.');
        const target = path.slice(0, -1).reduce((object, name) => object[name], context);
        let sync = true;
        try {
          const handlers = args.map((arg) => (arg === 'FUNCTION' ? () => {} : arg));
          const promise = target[path.at(-1)](...handlers);
          sync = false;
          await promise;
          res.json({ allowed: true });
        } catch (error) {
          res.json({ allowed: false, name: error.name, code: error.code, hint: error.hint, sync });
        }
      });
    },
  };`;

/** Arguments under which each member succeeds once it is allowed. */
const ARGUMENTS: Readonly<Partial<Record<ContextMember, readonly unknown[]>>> = {
  'db.query': ['SELECT 1'],
  'db.transaction': ['FUNCTION'],
  'config.get': ['greeting'],
  'config.set': ['greeting', 'Hi'],
  emit: ['custom:event', {}],
  on: ['risk:created', 'FUNCTION'],
  off: ['risk:created', 'FUNCTION'],
  addFilter: ['risk:before_save', 'FUNCTION'],
  removeFilter: ['risk:before_save', 'FUNCTION'],
  applyFilters: ['risk:before_save', {}],
  'metadata.set': ['system', 0, 'a', 1],
  'metadata.setMany': ['system', 0, { a: 1 }],
  'metadata.get': ['system', 0, 'a'],
  'metadata.delete': ['system', 0, 'a'],
  'metadata.getAll': ['system', 0],
  'metadata.deleteAll': ['system', 0],
  'metadata.findByKey': ['system', 'a', 1],
  'metadata.findByKeyPrefix': ['system', 'a'],
  'models.define': ['Note', { text: { type: 'STRING' } }],
  'models.dropAll': [{ allowDataLoss: true }],
  'models.associate': ['Note', 'belongsTo', 'Note', { foreignKey: 'id', as: 'self' }],
  getPlugin: ['nobody'],
  isPluginEnabled: ['nobody'],
};
const call = async (id: string, member: ContextMember) =>
  (await test.request('acme', 'POST', `/api/plugins/${id}/call`, { member, args: ARGUMENTS[member] ?? [] }))
    .body;

const config = { greeting: { type: 'string', default: 'Hello' } };
const members = Object.keys(CONTEXT_MEMBERS) as ContextMember[];
const guarded = members.filter((member) => CONTEXT_MEMBERS[member].anyOf.length > 0);
const free = members.filter((member) => CONTEXT_MEMBERS[member].anyOf.length === 0);

describe('a plugin with no permissions', () => {
  beforeAll(async () => {
    await test.enable('acme', 'nosy', PROBE, { permissions: [], config });
  });

  it.each(guarded)('is denied %s and stays enabled', async (member) => {
    expect(await call('nosy', member)).toEqual({
      allowed: false,
      name: 'PermissionDeniedError',
      code: 'PERMISSION_DENIED',
      hint: expect.stringContaining(CONTEXT_MEMBERS[member].anyOf[0] ?? ''),
      // Members that answer with a promise refuse with one.
      sync: CONTEXT_MEMBERS[member].returns === 'value',
    });
    expect((await test.request('acme', 'GET', '/api/plugins/nosy')).body.data).toMatchObject({
      state: 'enabled',
      lastError: null,
    });
  });

  it.each(free)('may use %s', async (member) => {
    expect(await call('nosy', member)).toEqual({ allowed: true });
  });

  it('has each denial logged, with plugin, member and count', () => {
    const denials = test.logs.filter(
      ({ data }) => data.code === 'PERMISSION_DENIED' && data.pluginId === 'nosy',
    );
    expect(new Set(denials.map(({ data }) => data.member))).toEqual(new Set(guarded));
  });

  it('stays enabled when onEnable lets the refusal pass', async () => {
    const { plugin } = await test.enable(
      'acme',
      'careless',
      `module.exports = { onEnable(context) { context.on('risk:created', () => {}); } };`,
    );
    expect(plugin.state).toBe('enabled');
    expect(await test.host.tenant('acme').plugins.errors('careless')).toMatchObject([
      { code: 'PERMISSION_DENIED', callback: 'onEnable' },
    ]);
  });

  it('runs without the handlers it declared and may not have', async () => {
    const { plugin } = await test.enable(
      'acme',
      'declaring',
      `module.exports = { eventHandlers: () => ({ 'risk:created': async () => { throw new Error('must not run'); } }) };`,
    );
    expect(plugin.state).toBe('enabled');
    await test.host.tenant('acme').events.emit('risk:created', { riskId: 1, projectId: 1, risk: {} });
    expect(await test.host.tenant('acme').plugins.errors('declaring')).toMatchObject([
      { code: 'PERMISSION_DENIED' },
    ]);
  });
});

describe('a plugin that declares what it needs', () => {
  it('is allowed every member', async () => {
    const permissions = [...new Set(members.flatMap((member) => CONTEXT_MEMBERS[member].anyOf))];
    await test.enable('acme', 'modest', PROBE, { permissions, config });
    for (const member of members)
      expect([member, await call('modest', member)]).toEqual([member, { allowed: true }]);
  });

  it('may use the older names of a permission', async () => {
    await test.enable('acme', 'older', PROBE, { permissions: ['events:subscribe', 'events:publish'] });
    expect(await call('older', 'on')).toEqual({ allowed: true });
    expect(await call('older', 'emit')).toEqual({ allowed: true });
  });

  it('gains nothing from a permission nobody knows', async () => {
    await test.enable('acme', 'inventive', PROBE, { permissions: ['everything:all', 'database'] });
    expect(await call('inventive', 'db.query')).toMatchObject({ code: 'PERMISSION_DENIED' });
    const { body } = await test.request('acme', 'GET', '/api/plugins/inventive');
    expect(body.data.permissions).toEqual(['everything:all', 'database']);
  });

  it('is told of a permission it misspelt, in the log', async () => {
    await test.install('acme', 'misspelt', 'module.exports = {};', { permissions: ['event:listen'] });
    expect(test.logs).toContainEqual({
      level: 'warn',
      message: expect.stringContaining('manifest of plugin "misspelt": /permissions/0'),
      data: expect.objectContaining({ hint: expect.stringContaining('events:listen') }),
    });
  });
});

describe('the context', () => {
  it('offers exactly the members of the permission table', async () => {
    await test.enable(
      'acme',
      'curious',
      `module.exports = { routes(router, context) { router.get('/it', (req, res) => {
         const names = (object) => { const all = new Set(); for (const name in object) all.add(name); return [...all]; };
         const found = names(context).flatMap((name) =>
           typeof context[name] === 'function' ? [name]
           : ['db', 'config', 'metadata', 'models', 'logger'].includes(name) ? names(context[name]).map((member) => name + '.' + member)
           : []);
         res.json(found.sort());
       }); } };`,
    );
    expect((await test.request('acme', 'GET', '/api/plugins/curious/it')).body).toEqual([...members].sort());
  });

  it('refuses everything once the plugin is gone', async () => {
    await test.enable(
      'acme',
      'ghost',
      `module.exports = { onLoad(context) { module.exports.late = () => context.metadata.set('system', 0, 'late', true); },
         routes(router) { router.get('/it', (req, res) => res.json({})); } };`,
    );
    const peer = await test.enable(
      'acme',
      'keeper',
      `let kept; module.exports = {
         routes(router, context) {
           router.get('/keep', (req, res) => { kept = context.getPlugin('ghost').late; res.json({}); });
           router.get('/use', async (req, res) => { try { await kept(); res.json({ written: true }); } catch (error) { res.json({ code: error.code }); } });
         } };`,
    );
    expect(peer.plugin.state).toBe('enabled');
    await test.request('acme', 'GET', '/api/plugins/keeper/keep');
    await test.host.tenant('acme').plugins.uninstall('ghost');
    expect((await test.request('acme', 'GET', '/api/plugins/keeper/use')).body).toEqual({
      code: 'CONTEXT_REVOKED',
    });
  });

  it('in warn mode lets pass what is not declared, and logs it', async () => {
    const lenient = await startTestHost({ permissions: 'warn' });
    try {
      await lenient.enable('acme', 'older', PROBE, { permissions: [] });
      const { body } = await lenient.request('acme', 'POST', '/api/plugins/older/call', {
        member: 'db.query',
        args: ['SELECT 1'],
      });
      expect(body).toEqual({ allowed: true });
      expect(lenient.logs).toContainEqual(
        expect.objectContaining({
          data: expect.objectContaining({ code: 'PERMISSION_DENIED', member: 'db.query' }),
        }),
      );
    } finally {
      await lenient.close();
    }
  });
});
