import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostRequest } from '../src/facade/host-http.js';
import type { Authenticate } from '../src/http/dispatch.js';
import { ROUTES } from '../src/http/route-table.js';
import { startTestHost, type TestHost } from '../src/testing/index.js';

let test: TestHost;
let authenticate: Authenticate;
const admin = { tenant: 'acme', user: { id: 1 }, isAdmin: true };
beforeAll(async () => {
  test = await startTestHost({
    authenticate: (request) => authenticate(request),
    limits: { authenticateMs: 200 },
  });
  authenticate = () => admin;
  await test.enable(
    'acme',
    'present',
    `module.exports = { routes(r) { r.all('/it', (q, s) => s.json({ method: q.method, user: q.user })); } };`,
    { config: { note: { type: 'string' } } },
  );
});
afterAll(() => test.close());

const concrete = (path: string): string => path.replace(':id', 'present');
const as = async (identity: unknown, method: string, path: string) => {
  authenticate = () => identity as never;
  try {
    return await test.request('acme', method, path);
  } finally {
    authenticate = () => admin;
  }
};
const send = async (method: string, path: string, rawBody: string, headers: Record<string, string> = {}) => {
  const request: HostRequest = {
    method,
    path,
    originalUrl: path,
    query: {},
    headers: { 'content-type': 'application/json', ...headers },
    rawBody: Buffer.from(rawBody),
    ip: '127.0.0.1',
    protocol: 'http',
    signal: new AbortController().signal,
    raw: undefined,
  };
  const { status, headers: sent, body } = await test.host.http.handle(request);
  const value = body.kind === 'json' ? JSON.parse(body.text ?? JSON.stringify(body.value)) : undefined;
  return { status, headers: sent, body: value };
};

describe.each(ROUTES.map((route) => [route.method, route.path, route.access] as const))(
  '%s %s',
  (method, path, access) => {
    const methods = method === 'GET' ? ['GET', 'HEAD'] : [method];
    it.each(methods)('is closed to whoever is not signed in (%s)', async (each) => {
      expect((await as(null, each, concrete(path))).status).toBe(401);
    });

    it.each(access === 'admin' ? methods : [])('is closed to whoever is not an admin (%s)', async (each) => {
      // Also where the body is not even valid: who may not ask learns nothing about the question.
      for (const isAdmin of [false, undefined, 'false', 'no', 1, {}]) {
        const answer = await as({ ...admin, isAdmin }, each, concrete(path));
        expect([answer.status, answer.body.error.code], String(isAdmin)).toEqual([403, 'NOT_ADMIN']);
      }
      const odd = concrete(path).replace('plugins', 'PlUgInS').replace('marketplace', '%6darketplace');
      expect((await as({ ...admin, isAdmin: false }, each, `${odd}/`)).status).toBe(403);
    });

    it('does not answer what it has no method for, and says what it has', async () => {
      const answer = await test.request('acme', 'OPTIONS', concrete(path));
      expect([answer.status, answer.body.error.code]).toEqual([405, 'METHOD_NOT_ALLOWED']);
      expect(String(answer.headers.allow).split(', ')).toContain(method);
      // Nothing is borrowed from Object.prototype, and the case counts.
      for (const unknown of ['TRACE', 'PATCH', 'get', '__proto__', '']) {
        expect((await test.request('acme', unknown, concrete(path))).status, unknown).toBe(405);
      }
    });
  },
);

describe('an application whose authenticate', () => {
  it.each([
    [
      'throws',
      () => {
        throw new Error('secret detail');
      },
    ],
    [
      'rejects',
      async () => {
        throw null;
      },
    ],
    ['hangs', () => new Promise<never>(() => {})],
    ['says nothing', () => undefined],
    ['says true', () => true],
    ['says a text', () => 'acme'],
    ['gives no user', () => ({ tenant: 'acme', isAdmin: true })],
    ['gives a user without id', () => ({ tenant: 'acme', user: {}, isAdmin: true })],
    ['gives an object for an id', () => ({ tenant: 'acme', user: { id: {} }, isAdmin: true })],
    ['gives no tenant', () => ({ user: { id: 1 }, isAdmin: true })],
    ['gives a number for a tenant', () => ({ tenant: 7, user: { id: 1 }, isAdmin: true })],
    [
      'sets a trap',
      () => ({
        get tenant() {
          throw new Error('trap');
        },
        user: { id: 1 },
        isAdmin: true,
      }),
    ],
  ])('%s has nobody signed in', async (_, answer) => {
    authenticate = answer as Authenticate;
    try {
      for (const path of ['/api/plugins', '/api/plugins/present/it', '/api/plugins/ui-extensions']) {
        const { status, body } = await test.request('acme', 'GET', path);
        expect([status, body.error.code]).toEqual([401, 'NOT_SIGNED_IN']);
        expect(JSON.stringify(body)).not.toContain('secret detail');
      }
    } finally {
      authenticate = () => admin;
    }
  });
});

describe('a tenant', () => {
  it.each(['\0', 'a\0b', '\ud800', 'a\udfff'])(
    'that no database could tell from another (%#) is refused',
    async (tenant) => {
      for (const path of ['/api/plugins', '/api/plugins/present/it']) {
        const { status, body } = await as({ ...admin, tenant }, 'GET', path);
        expect([status, body.error.code]).toEqual([400, 'TENANT_INVALID']);
      }
    },
  );
});

describe('a body', () => {
  it.each([
    ['is not JSON', '{"id":', 'BODY_NOT_JSON'],
    ['is empty', '', 'BODY_INVALID'],
    ['is null', 'null', 'BODY_INVALID'],
    ['is a list', '[]', 'BODY_INVALID'],
    ['holds wrong types', '{"id": 7, "downloadUrl": {}, "checksum": null}', 'BODY_INVALID'],
    [
      'holds no id',
      '{"id": "../up", "downloadUrl": "https://github.com/x", "checksum": "sha256:0"}',
      'BODY_INVALID',
    ],
    [
      'holds a NUL',
      '{"id": "a\\u0000b", "downloadUrl": "https://github.com/x", "checksum": "sha256:0"}',
      'BODY_INVALID',
    ],
  ])('that %s is refused', async (_, text, code) => {
    const { status, body } = await send('POST', '/api/plugins/install-from-url', text);
    expect([status, body.error.code]).toEqual([400, code]);
  });

  it('of a plain form is not taken for JSON', async () => {
    const { status } = await send('PUT', '/api/plugins/present/config', 'note=x', {
      'content-type': 'text/plain',
    });
    expect(status).toBe(400);
  });

  it('may be absent where nothing has to be said', async () => {
    const { status } = await send('POST', '/api/plugins/absent/uninstall', '', { 'content-type': '' });
    expect(status).toBe(404);
  });
});

describe('an id', () => {
  it.each([
    'PRESENT',
    '%70resent%20',
    'present%2Fit',
    '..',
    '%2e%2e',
    'a'.repeat(20_000),
    '__proto__',
    'constructor',
    'présent',
    '%F0%9F%92%A9',
  ])('that no plugin has (%#) is not found, whatever is asked of it, and leaves no trace', async (id) => {
    for (const [method, rest] of [
      ['GET', ''],
      ['POST', '/enable'],
      ['POST', '/disable'],
      ['POST', '/uninstall'],
      ['GET', '/config'],
      ['PUT', '/config'],
      ['GET', '/-/errors'],
      ['GET', '/it'],
    ] as const) {
      const { status, body } = await send(method, `/api/plugins/${id}${rest}`, '{}');
      expect([status, body.error.code], `${method} ${rest}`).toEqual([404, expect.any(String)]);
    }
    const { rows } = await test.database.pool.query(
      `SELECT plugin_id FROM plugin_host.plugin_operations WHERE plugin_id <> 'present'`,
    );
    expect(rows).toEqual([]);
  });

  it.each(['%00', '%ff', '%zz', 'a%0Ab'])('that is none (%s) is refused', async (id) => {
    expect((await send('POST', `/api/plugins/${id}/enable`, '{}')).status).toBe(400);
  });
});

describe('an error of the host', () => {
  it('tells the caller neither SQL nor stack', async () => {
    await test.database.pool.query('ALTER TABLE plugin_host.plugin_installations RENAME TO hidden');
    try {
      for (const { method, path } of ROUTES) {
        const { status, body } = await send(method, concrete(path), '{}');
        if (status < 500) continue;
        expect(body.error.code).toBe('INTERNAL');
        expect(JSON.stringify(body)).not.toMatch(/select|plugin_installations|relation|\.ts|at /i);
      }
    } finally {
      await test.database.pool.query('ALTER TABLE plugin_host.hidden RENAME TO plugin_installations');
    }
  });
});

describe('the pages’ extensions', () => {
  it('of one plugin that breaks do not break the others’', async () => {
    await test.enable(
      'acme',
      'broken-ui',
      `let reads = 0; module.exports = { get uiExtensions() { if (++reads > 1) throw new Error('no ui'); return {}; } };`,
    );
    await test.enable('acme', 'good-ui', `module.exports = { uiExtensions: { page: { title: 'Good' } } };`);
    const { status, body } = await test.request('acme', 'GET', '/api/plugins/ui-extensions');
    expect([status, body.data.pages]).toEqual([200, [{ title: 'Good', pluginId: 'good-ui' }]]);
    const errors = await test.host.tenant('acme').plugins.errors('broken-ui');
    expect(errors).toMatchObject([{ kind: 'contained', callback: 'uiExtensions', message: 'no ui' }]);
  });
});
