import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestRegistry } from '@verifywise/plugin-host/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExampleHost } from './support/example-host.js';

// In a process of its own: what escapes a plugin would otherwise reach vitest's handlers, not the host's.
let folder: string;
let host: ExampleHost;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plugin-host-faults-'));
  const registry = new TestRegistry(join(folder, 'registry'));
  await registry.publish(
    'bystander',
    `module.exports = { routes(r) { r.get('/it', (q, s) => s.json({ ok: true })); } };`,
  );
  await registry.publish('faulty', FAULTY, { permissions: ['events:listen', 'events:emit', 'filters:add'] });
  await registry.publish(
    'bad-hook',
    `module.exports = { onEnable() { throw new Error('boom in onEnable'); } };`,
  );
  await registry.publish(
    'bad-end',
    `module.exports = { onDisable() { throw new Error('boom in onDisable'); }, onUnload() { throw new Error('boom in onUnload'); } };`,
  );
  host = await ExampleHost.start('express', {
    DATA_DIR: join(folder, 'data'),
    PLUGIN_REGISTRY_URL: registry.url,
  });
  for (const id of ['bystander', 'faulty', 'bad-hook', 'bad-end']) await install(id);
  for (const id of ['bystander', 'faulty', 'bad-end']) await admin('POST', `/api/plugins/${id}/enable`);
});
afterAll(async () => {
  expect(await host.stop()).toBe(0);
  rmSync(folder, { recursive: true, force: true });
});

const admin = (method: string, path: string, body?: unknown) =>
  host.request('admin-acme', method, path, body);
const plugin = async (id: string) => (await admin('GET', `/api/plugins/${id}`)).body.data;
const errors = async (id: string) => (await admin('GET', `/api/plugins/${id}/-/errors`)).body.data;

async function install(id: string): Promise<void> {
  const { body } = await admin('GET', `/api/marketplace/${id}`);
  const { download, checksum, version } = body.data;
  const answer = await admin('POST', '/api/plugins/install-from-url', {
    id,
    version,
    downloadUrl: download,
    checksum,
  });
  expect(answer.body).toMatchObject({ success: true });
}

async function expectHostUnharmed(): Promise<void> {
  expect((await host.request(undefined, 'GET', '/healthz')).status).toBe(200);
  expect((await admin('GET', '/api/plugins/bystander/it')).body).toEqual({ ok: true });
}

const FAULTY = `
const { EventEmitter } = require('node:events');
const boom = (where) => { throw new Error('boom in ' + where); };
const ways = {
  timer: () => setTimeout(() => boom('timer'), 1),
  interval: () => setInterval(() => boom('interval'), 1),
  immediate: () => setImmediate(() => boom('immediate')),
  microtask: () => queueMicrotask(() => boom('microtask')),
  tick: () => process.nextTick(() => boom('tick')),
  promise: () => { (async () => { await null; boom('promise'); })(); },
  rejection: () => { Promise.reject(new Error('boom in rejection')); },
  emitter: () => { const emitter = new EventEmitter(); setTimeout(() => emitter.emit('error', new Error('boom in emitter')), 1); },
  'stream': () => { const { Readable } = require('node:stream'); new Readable({ read() { this.destroy(new Error('boom in stream')); } }).resume(); },
};
module.exports = {
  eventHandlers: () => ({
    'risk:created': async () => boom('event'),
    'risk:deleted': () => { boom('event without a promise'); },
  }),
  filterHandlers: () => ({ 'project:before_save': async (data) => { if (data.project.name === 'filtered') boom('filter'); return data; } }),
  routes(router, context) {
    router.get('/throw', () => boom('route'));
    router.get('/reject', async () => boom('async route'));
    router.get('/next', (req, res, next) => next(new Error('boom in next')));
    router.get('/string', () => { throw 'boom as a string'; });
    router.get('/late', (req, res) => { res.json({ ok: true }); boom('route after its answer'); });
    router.get('/escape/:way', (req, res) => { ways[req.params.way](); res.json({ ok: true }); });
  },
};`;

describe('a plugin that throws', () => {
  const contained: readonly (readonly [
    where: string,
    callback: string,
    act: () => Promise<number>,
    status: number,
  ])[] = [
    [
      'event',
      'event risk:created',
      async () => (await admin('POST', '/api/risks', { title: 'R', severity: 'high' })).status,
      201,
    ],
    [
      'filter',
      'filter project:before_save',
      async () => (await admin('POST', '/api/projects', { name: 'filtered' })).status,
      201,
    ],
    ['route', 'GET /throw', async () => (await admin('GET', '/api/plugins/faulty/throw')).status, 500],
    [
      'async route',
      'GET /reject',
      async () => (await admin('GET', '/api/plugins/faulty/reject')).status,
      500,
    ],
    ['next', 'GET /next', async () => (await admin('GET', '/api/plugins/faulty/next')).status, 500],
    ['a string', 'GET /string', async () => (await admin('GET', '/api/plugins/faulty/string')).status, 500],
    [
      'route after its answer',
      'GET /late',
      async () => (await admin('GET', '/api/plugins/faulty/late')).status,
      200,
    ],
  ];

  it.each(contained)('in %s is contained, named and runs on', async (where, callback, act, status) => {
    expect(await act()).toBe(status);
    await expectHostUnharmed();
    const [latest] = await errors('faulty');
    expect(latest).toMatchObject({
      kind: 'contained',
      callback,
      message: `boom ${where === 'a string' ? 'as' : 'in'} ${where}`,
    });
    expect(await plugin('faulty')).toMatchObject({ state: 'enabled' });
  });

  it('says nothing of its insides to the caller of its route', async () => {
    const { body, text } = await admin('GET', '/api/plugins/faulty/throw');
    expect(body.error).toMatchObject({ code: 'PLUGIN_ERROR' });
    expect(text).not.toContain('boom');
    expect(text).not.toContain('index.js');
  });

  it.each([
    'timer',
    'interval',
    'immediate',
    'microtask',
    'tick',
    'promise',
    'rejection',
    'emitter',
    'stream',
  ])('in its %s is disabled, and the host and the others run on', async (way) => {
    const before = host.output.length;
    expect((await admin('GET', `/api/plugins/faulty/escape/${way}`)).status).toBe(200);
    // It is out of service at once; its row says so, and why, a moment later.
    await expect
      .poll(async () => (await plugin('faulty')).lastError?.message, { timeout: 10_000 })
      .toBe(`boom in ${way}`);
    await expectHostUnharmed();
    const { lastError, state } = await plugin('faulty');
    expect(state).toBe('error');
    expect(lastError.stack).toContain('index.js');
    const told = () => host.output.slice(before).join('\n');
    await expect.poll(told).toContain('plugin \\"faulty\\" failed');
    await expect.poll(told).toContain('alert for acme: plugin faulty');
    expect((await admin('GET', '/api/plugins/faulty/throw')).body.error.code).toBe('PLUGIN_NOT_ENABLED');
    expect((await admin('POST', '/api/plugins/faulty/enable')).body.data.plugin).toMatchObject({
      state: 'enabled',
      lastError: null,
    });
  });

  it('in onEnable is refused and stays disabled', async () => {
    const answer = await admin('POST', '/api/plugins/bad-hook/enable');
    expect([answer.status, answer.body.error.code]).toEqual([422, 'HOOK_FAILED']);
    expect(await plugin('bad-hook')).toMatchObject({
      state: 'error',
      lastError: { message: 'boom in onEnable' },
    });
    await expectHostUnharmed();
  });

  it('in onDisable and onUnload is taken down all the same', async () => {
    expect((await admin('POST', '/api/plugins/bad-end/disable')).body.data.plugin.enabled).toBe(false);
    expect((await admin('POST', '/api/plugins/bad-end/uninstall')).status).toBe(200);
    expect((await admin('GET', '/api/plugins/bad-end')).status).toBe(404);
    await expectHostUnharmed();
  });
});
