import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Scope } from '../foundation/scope.js';
import { PackagesOnDisk } from './fixtures/packages-on-disk.js';
import { RunningPlugin, recordingLoader } from './fixtures/running-plugin.js';

const packages = new PackagesOnDisk();
const server = createServer((_, response) => response.end('hello'));
const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  packages.close();
  server.closeAllConnections();
  server.close();
});

const run = (expression: string, permissions: string[] = []): RunningPlugin =>
  new RunningPlugin(
    recordingLoader().loader,
    packages.add({ 'index.js': `module.exports = { get: (...args) => (${expression}) }` }, { permissions }),
  );

describe('fetch', () => {
  it.each(['fetch', 'globalThis.fetch', 'global.fetch'])(
    'is refused as %s without http:outbound',
    async (name) => {
      const { loader, faults } = recordingLoader();
      const code = `module.exports = { get: (url) => ${name}(url) }`;
      const plugin = new RunningPlugin(loader, packages.add({ 'index.js': code }));
      await expect(plugin.call('get', url())).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
      expect(faults.denials).toMatchObject([{ member: 'fetch', required: ['http:outbound'] }]);
    },
  );

  it('fetches with http:outbound', async () => {
    const plugin = run('fetch(...args).then((response) => response.text())', ['http:outbound']);
    expect(await plugin.call('get', url())).toBe('hello');
  });

  it('fetches as its owner says, once allowed', async () => {
    const { loader } = recordingLoader();
    const source = packages.add({ 'index.js': 'module.exports = { get: (url) => fetch(url) }' });
    const owner = {
      key: { tenant: 'acme', pluginId: 'hello-world' },
      fetch: async () => new Response('through the host'),
    };
    const allowed = { ...owner, permissions: new Set(['http:outbound']), scope: new Scope() };
    const get = (plugin: object): Promise<Response> => (plugin as { get: () => Promise<Response> }).get();
    expect(await (await get(loader.instantiate(source, allowed).plugin)).text()).toBe('through the host');
    const denied = { ...owner, permissions: new Set<string>(), scope: new Scope() };
    await expect(get(loader.instantiate(source, denied).plugin)).rejects.toThrow('http:outbound');
  });
});

describe('clients that connect when constructed', () => {
  it('are refused without http:outbound, and absent where Node has none', () => {
    const plugin = run('typeof WebSocket === "undefined" ? "none" : new WebSocket("ws://127.0.0.1:1")');
    if (typeof WebSocket === 'undefined') expect(plugin.call('get')).toBe('none');
    else expect(() => plugin.call('get')).toThrow('may not use WebSocket');
  });
});

describe('the global object of a plugin', () => {
  it('is one, by all its names', () => {
    const plugin =
      run(`[globalThis === global, globalThis.globalThis === globalThis, globalThis.process === process,
      globalThis.fetch === fetch, globalThis.setTimeout === setTimeout, Object.prototype.toString.call(globalThis)]`);
    expect(plugin.call('get')).toEqual([true, true, true, true, true, '[object global]']);
  });

  it('shows the host’s globals, accessors included', () => {
    const plugin = run(
      '[globalThis.Array === Array, globalThis.crypto.subtle !== undefined, "Map" in globalThis, Object.keys(globalThis).includes("fetch")]',
    );
    expect(plugin.call('get')).toEqual([true, true, true, true]);
  });

  it('keeps what a plugin writes to that plugin', () => {
    const code = `globalThis.polyfilled = 1; global.fetch = () => 'mine'; delete globalThis.crypto;
      Object.defineProperty(globalThis, 'defined', { value: 2, configurable: true });
      module.exports = { get: () => [globalThis.polyfilled, global.defined, globalThis.fetch(), globalThis.crypto] }`;
    const { loader } = recordingLoader();
    const source = packages.add({ 'index.js': code });
    const before = globalThis.fetch;
    expect(new RunningPlugin(loader, source).call('get')).toEqual([1, 2, 'mine', undefined]);
    expect(globalThis).not.toHaveProperty('polyfilled');
    expect(globalThis).not.toHaveProperty('defined');
    expect([globalThis.fetch === before, typeof globalThis.crypto]).toEqual([true, 'object']);

    const other = new RunningPlugin(
      loader,
      packages.add({ 'index.js': 'exports.get = () => globalThis.polyfilled; exports.run = () => {}' }),
    );
    expect(other.call('get')).toBeUndefined();
  });

  it('cannot be frozen, since it is the host’s too', () => {
    expect(() => run('Object.freeze(globalThis)').call('get')).toThrow(TypeError);
  });
});
