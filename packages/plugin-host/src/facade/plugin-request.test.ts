import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { currentFrame, runAttributed } from '../foundation/attribution.js';
import type { HostRequest, Identity } from './host-http.js';
import { createPluginRequest } from './plugin-request.js';

const identity: Identity = { tenant: 'acme', user: { id: 'u7', role: 'Editor' }, isAdmin: false };

const hostRequest = (more: Partial<HostRequest> = {}): HostRequest => ({
  method: 'GET',
  path: '/api/plugins/demo/a',
  originalUrl: '/api/plugins/demo/a?q=1',
  query: { q: '1' },
  headers: {
    host: 'plugins.test:8080',
    referer: 'http://from.test/',
    'x-list': 'a, b',
    'set-cookie': ['a', 'b'],
  },
  rawBody: Buffer.from('raw'),
  ip: '10.0.0.1',
  protocol: 'https',
  signal: new AbortController().signal,
  raw: {},
  ...more,
});
const create = (more?: Partial<HostRequest>) =>
  createPluginRequest(hostRequest(more), {
    url: '/a?q=1',
    baseUrl: '/api/plugins/demo',
    identity,
    body: { b: 1 },
  });

describe('a plugin’s request', () => {
  it('has what Express’ has', () => {
    expect(create()).toMatchObject({
      method: 'GET',
      url: '/a?q=1',
      path: '/a',
      originalUrl: '/api/plugins/demo/a?q=1',
      baseUrl: '/api/plugins/demo',
      params: {},
      body: { b: 1 },
      rawBody: Buffer.from('raw'),
      ip: '10.0.0.1',
      protocol: 'https',
      secure: true,
      hostname: 'plugins.test',
      socket: { remoteAddress: '10.0.0.1', encrypted: true },
      user: { id: 'u7', role: 'Editor' },
      userId: 'u7',
      role: 'Editor',
      tenant: 'acme',
      tenantId: 'acme',
    });
    expect({ ...create().query }).toEqual({ q: '1' });
  });

  it('finds a header whatever its case, and both spellings of referrer', () => {
    const request = create();
    expect([
      request.get('HOST'),
      request.header('Referrer'),
      request.get('Referer'),
      request.get('Set-Cookie'),
      request.get('none'),
    ]).toEqual(['plugins.test:8080', 'http://from.test/', 'http://from.test/', 'a, b', undefined]);
  });

  it.each([
    ['[::1]:3000', '[::1]'],
    ['plain', 'plain'],
    ['', ''],
  ])('of host %s has the hostname %s', (host, hostname) => {
    expect(create({ host }).hostname).toBe(hostname);
  });

  it('is the plugin’s own: what it writes there reaches neither the host’s request nor the identity', () => {
    const host = hostRequest();
    const request = createPluginRequest(host, { url: '/', baseUrl: '', identity, body: undefined });
    Object.assign(request, { extra: 1 });
    request.headers.authorization = 'forged';
    request.query.q = 'forged';
    Object.assign(request.user ?? {}, { role: 'Admin' });
    expect([host.headers.authorization, host.query.q, identity.user.role]).toEqual([
      undefined,
      '1',
      'Editor',
    ]);
  });

  it('of nobody names nobody', () => {
    const request = createPluginRequest(hostRequest(), { url: '/', baseUrl: '', body: undefined });
    expect([request.user, request.userId, request.role, request.tenant]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('yields its bytes as a stream', async () => {
    let text = '';
    for await (const chunk of create()) text += chunk;
    expect(text).toBe('raw');
    let nothing = '';
    for await (const chunk of create({ rawBody: Buffer.alloc(0) })) nothing += chunk;
    expect(nothing).toBe('');
  });

  it('closes, in the plugin’s frame, when the client goes away', async () => {
    const client = new AbortController();
    const frame = { key: { tenant: 'acme', pluginId: 'demo' }, callback: 'GET /', depth: 0 };
    let seen: unknown;
    const request = runAttributed(frame, () => {
      const opened = create({ signal: client.signal });
      opened.on('close', () => {
        seen = currentFrame();
      });
      return opened;
    });
    const closed = once(request, 'close');
    client.abort();
    await closed;
    expect(seen).toBe(frame);
    expect(request.signal.aborted).toBe(true);
  });
});
