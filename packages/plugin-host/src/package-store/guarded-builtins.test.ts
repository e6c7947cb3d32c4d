import { createServer } from 'node:http';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { PackagesOnDisk } from './fixtures/packages-on-disk.js';
import { RunningPlugin, recordingLoader, refusal } from './fixtures/running-plugin.js';

const packages = new PackagesOnDisk();
afterAll(() => packages.close());

const code =
  'module.exports = { load: (id) => require(id), builtin: (id) => globalThis.process.getBuiltinModule(id) }';

describe('the built-in modules a plugin may require', () => {
  it('gives the harmless ones as they are, by either name', () => {
    const plugin = new RunningPlugin(recordingLoader().loader, packages.add({ 'index.js': code }));
    expect(plugin.call('load', 'path')).toBe(path);
    expect(plugin.call('load', 'node:path')).toBe(path);
    for (const id of [
      'crypto',
      'events',
      'util',
      'stream/promises',
      'zlib',
      'async_hooks',
      'assert',
      'url',
    ]) {
      expect(plugin.call('load', id)).toBe(process.getBuiltinModule(id));
    }
  });

  it.each([
    ...[
      'child_process',
      'vm',
      'worker_threads',
      'cluster',
      'inspector',
      'inspector/promises',
      'module',
      'repl',
      'v8',
    ],
    ...['wasi', 'trace_events', 'domain', 'node:test', '_http_client'],
  ])('refuses %s, whatever the manifest says', (id) => {
    const { loader } = recordingLoader('warn');
    const permissions = ['http:outbound', 'filesystem:read', 'filesystem:write'];
    const source = packages.add({ 'index.js': `require('${id}')` }, { permissions });
    expect(refusal(loader, source)).toMatchObject({ code: 'MODULE_FORBIDDEN', details: { request: id } });
    const plugin = new RunningPlugin(loader, packages.add({ 'index.js': code }, { permissions }));
    expect(() => plugin.call('builtin', id)).toThrow('may not use');
  });

  it('knows no module that Node does not have', () => {
    const plugin = new RunningPlugin(recordingLoader().loader, packages.add({ 'index.js': code }));
    expect(() => plugin.call('load', 'node:nonsense')).toThrow('Cannot find');
    expect(plugin.call('builtin', 'nonsense')).toBeUndefined();
  });

  it.each(['http', 'https', 'http2', 'net', 'tls', 'dgram', 'dns', 'dns/promises'])(
    'gives %s to plugins with http:outbound only',
    (id) => {
      const { loader, faults } = recordingLoader();
      const without = new RunningPlugin(loader, packages.add({ 'index.js': code }));
      expect(() => without.call('load', id)).toThrow(
        expect.objectContaining({ name: 'PermissionDeniedError' }),
      );
      expect(() => without.call('builtin', `node:${id}`)).toThrow(`require('node:${id}')`);
      const denial = {
        key: { tenant: 'acme', pluginId: 'hello-world' },
        member: `require('node:${id}')`,
        required: ['http:outbound'],
      };
      expect(faults.denials).toEqual([denial, denial]);

      const allowed = new RunningPlugin(
        loader,
        packages.add({ 'index.js': code }, { permissions: ['http:outbound'] }),
      );
      expect(allowed.call('load', id)).toBe(allowed.call('builtin', id));
      expect(faults.denials).toHaveLength(2);
    },
  );

  it('keeps a denied plugin running, and names the code when the entry itself is denied', () => {
    const { loader } = recordingLoader();
    const error = refusal(loader, packages.add({ 'index.js': 'require("node:net")' }));
    expect(error).toMatchObject({ code: 'PERMISSION_DENIED', details: { member: "require('node:net')" } });
  });

  it('reports and lets pass where permissions are only warned about', () => {
    const { loader, faults } = recordingLoader('warn');
    const plugin = new RunningPlugin(loader, packages.add({ 'index.js': code }));
    expect(plugin.call('load', 'net')).toHaveProperty('connect');
    expect(faults.denials).toHaveLength(1);
  });

  it('keeps what a plugin patches to that plugin', () => {
    const patching =
      'const net = require("net"); net.connect = 1; module.exports = { connect: () => require("net").connect }';
    const source = packages.add({ 'index.js': patching }, { permissions: ['http:outbound'] });
    const plugin = new RunningPlugin(recordingLoader().loader, source);
    expect(plugin.call('connect')).toBe(1);
    expect(process.getBuiltinModule('net').connect).toBeTypeOf('function');
  });
});

describe('what a plugin opens on the network', () => {
  const networking = `
    const http = require('node:http'), net = require('node:net'), dgram = require('node:dgram');
    module.exports = {
      serve: () => new Promise((resolve) => {
        const server = http.createServer((req, res) => res.end('hi')).listen(0, '127.0.0.1', () => resolve(server));
      }),
      connect: (port) => new Promise((resolve) => {
        const socket = new net.Socket().connect(port, '127.0.0.1', () => resolve(socket));
      }),
      request: (port) => http.request({ port, host: '127.0.0.1' }).end(),
      get: (port) => new Promise((resolve, reject) => http.get({ port, host: '127.0.0.1', agent: false }, (res) => {
        res.on('end', () => resolve(res.statusCode)).resume();
      }).on('error', reject)),
      bind: () => new Promise((resolve) => {
        const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1', () => resolve(socket));
      }),
      isSocket: (value) => value instanceof net.Socket,
    }`;
  const running = (): { plugin: RunningPlugin; faults: ReturnType<typeof recordingLoader>['faults'] } => {
    const { loader, faults } = recordingLoader();
    const source = packages.add({ 'index.js': networking }, { permissions: ['http:outbound'] });
    return { plugin: new RunningPlugin(loader, source), faults };
  };
  const closed = (emitter: { once: (event: string, listener: () => void) => unknown }): Promise<void> =>
    new Promise((resolve) => {
      emitter.once('close', resolve);
    });

  it('is closed with the plugin: servers, sockets and requests on their way', async () => {
    const { plugin, faults } = running();
    const server = await plugin.call<Promise<import('node:http').Server>>('serve');
    const { port } = server.address() as import('node:net').AddressInfo;
    expect(await plugin.call('get', port)).toBe(200);

    const socket = await plugin.call<Promise<import('node:net').Socket>>('connect', port);
    expect(plugin.call('isSocket', socket)).toBe(true);
    const datagrams = await plugin.call<Promise<import('node:dgram').Socket>>('bind');
    const hanging = createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => hanging.once('listening', resolve));
    const request = plugin.call<import('node:http').ClientRequest>(
      'request',
      (hanging.address() as import('node:net').AddressInfo).port,
    );

    const allClosed = Promise.all([server, socket, datagrams, request].map(closed));
    await plugin.scope.dispose();
    await allClosed;
    hanging.closeAllConnections();
    hanging.close();
    expect(faults.faults).toEqual([]);
  });

  it('leaves the scope when the plugin closes it', async () => {
    const { plugin } = running();
    const before = plugin.scope.size;
    const server = await plugin.call<Promise<import('node:http').Server>>('serve');
    expect(plugin.scope.size).toBe(before + 1);
    const end = closed(server);
    server.close();
    await end;
    expect(plugin.scope.size).toBe(before);
  });
});
