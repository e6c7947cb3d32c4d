import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Plugin, PluginContext, Router } from '@verifywise/plugin-types';
import createRouter from 'router';
import { describe, expect, it } from 'vitest';
import { createPluginRoutes } from '../../capabilities/routes/plugin-routes.js';
import type { HostHttp, Identity } from '../../facade/host-http.js';
import { pathBelow, splitPath } from '../../facade/path-segments.js';
import type { Fault } from '../../foundation/faults.js';
import { Scope } from '../../foundation/scope.js';
import { exchange, openExchange, readAll } from './http-client.js';
import { type MountHost, withHost } from './mounted-host.js';

const identity: Identity = {
  tenant: 'acme',
  user: { id: 7, email: 'ada@acme.test', name: 'Ada', role: 'Admin' },
  isAdmin: true,
};
const context = { pluginId: 'demo', tenant: 'acme' } as PluginContext;

/** A host that knows one plugin, `demo`. */
function pluginHttp(routes: NonNullable<Plugin['routes']>): { http: HostHttp; faults: Fault[] } {
  const faults: Fault[] = [];
  const served = createPluginRoutes({
    plugin: { manifest: {}, routes } as Plugin,
    owner: { key: { tenant: 'acme', pluginId: 'demo' }, scope: new Scope(), active: true, context },
    faults: { report: (fault) => faults.push(fault), denied: () => {} },
    limits: { routeMs: 20_000 },
  });
  const http: HostHttp = {
    handle: (request) => served.handle(request, identity, pathBelow(splitPath(request.path), 3)),
  };
  return { http, faults };
}

/** `router` hands out routers of its own; an author gets them from a bundled copy of Express or `router`. */
const nestedRouter = (options?: Parameters<typeof createRouter>[0]) =>
  createRouter(options) as unknown as Router;

/** Routes a plugin would write for Express, through the façade and the adapter. */
export function pluginRoutesContract(mount: MountHost): void {
  const withPlugin = async (
    routes: NonNullable<Plugin['routes']>,
    use: (url: string, faults: readonly Fault[]) => Promise<void>,
  ) => {
    const { http, faults } = pluginHttp(routes);
    await withHost(mount, http, (url) => use(`${url}`, faults));
  };

  describe('a plugin’s routes', () => {
    it('have parameters, wildcards and methods', async () => {
      await withPlugin(
        (router) => {
          router.get('/items/:id', (req, res) => res.json({ get: req.params }));
          router
            .route('/items')
            .get((_req, res) => res.json([]))
            .post((req, res) => res.status(201).json(req.body));
          router.all('/any', (req, res) => res.send(req.method));
          router.get('/files/*path', (req, res) => res.json(req.params));
        },
        async (url) => {
          expect((await exchange(url, '/api/plugins/demo/items/a%2Fb%20%C3%A9')).text).toBe(
            '{"get":{"id":"a/b é"}}',
          );
          expect((await exchange(url, '/api/plugins/demo/items/')).text).toBe('[]');
          const headers = { 'content-type': 'application/json' };
          const created = await exchange(url, '/api/plugins/demo/items', {
            method: 'POST',
            headers,
            body: '{"n":[1]}',
          });
          expect([created.status, created.text]).toEqual([201, '{"n":[1]}']);
          expect((await exchange(url, '/api/plugins/demo/any', { method: 'PATCH' })).text).toBe('PATCH');
          expect((await exchange(url, '/api/plugins/demo/files/a/b')).text).toBe('{"path":["a","b"]}');
        },
      );
    });

    it('answer HEAD and OPTIONS from what is registered', async () => {
      await withPlugin(
        (router) => {
          router.get('/items', (_req, res) => res.json([1]));
          router.put('/items', (_req, res) => res.end());
        },
        async (url) => {
          const head = await exchange(url, '/api/plugins/demo/items', { method: 'HEAD' });
          expect(head).toMatchObject({ status: 200, text: '', headers: { 'content-length': '3' } });
          const options = await exchange(url, '/api/plugins/demo/items', { method: 'OPTIONS' });
          expect(options).toMatchObject({
            status: 200,
            headers: { allow: 'GET, HEAD, PUT' },
            text: 'GET, HEAD, PUT',
          });
        },
      );
    });

    it('run through use, param, nested routers and handlers that pass on', async () => {
      await withPlugin(
        (router) => {
          router.use((req, _res, next) => {
            req.trail = ['use'];
            next();
          });
          router.param('id', (req, _res, next, value, name) => {
            req.trail.push(`${name}=${value}`);
            next();
          });
          const nested = nestedRouter({ mergeParams: true });
          nested.get(
            '/notes/:note',
            (req, _res, next) => {
              req.trail.push('first');
              next();
            },
            async (req, res) => {
              const { baseUrl, url, path, originalUrl, params, trail } = req;
              res.json({ baseUrl, url, path, originalUrl, params, trail });
            },
          );
          router.use('/projects/:id', nested);
        },
        async (url) => {
          const answer = await exchange(url, '/api/plugins/demo/projects/5/notes/x?q=1');
          expect(JSON.parse(answer.text)).toEqual({
            baseUrl: '/api/plugins/demo/projects/5',
            url: '/notes/x?q=1',
            path: '/notes/x',
            originalUrl: '/api/plugins/demo/projects/5/notes/x?q=1',
            params: { id: '5', note: 'x' },
            trail: ['use', 'id=5', 'first'],
          });
        },
      );
    });

    it('see who asks, from where, and with what', async () => {
      await withPlugin(
        (router) => {
          router.post('/me', (req, res) => {
            const {
              user,
              userId,
              role,
              tenant,
              tenantId,
              ip,
              protocol,
              query,
              body,
              rawBody,
              socket,
              headers,
            } = req;
            const raw = String(rawBody);
            const names = [
              req.get('X-Sent'),
              req.get('x-sent'),
              headers['x-sent'],
              req.get('absent') ?? null,
            ];
            res.json({ user, userId, role, tenant, tenantId, ip, protocol, query, body, raw, socket, names });
          });
        },
        async (url) => {
          const headers = {
            'content-type': 'application/x-www-form-urlencoded',
            'x-sent': 'yes',
            'x-tenant': 'globex',
          };
          const answer = await exchange(url, '/api/plugins/demo/me?a=1&a=2', {
            method: 'POST',
            headers,
            body: 'k=v&k=w&é=%C3%A9',
          });
          expect(JSON.parse(answer.text)).toEqual({
            user: identity.user,
            userId: 7,
            role: 'Admin',
            tenant: 'acme',
            tenantId: 'acme',
            ip: '127.0.0.1',
            protocol: 'http',
            query: { a: ['1', '2'] },
            body: { k: ['v', 'w'], é: 'é' },
            raw: 'k=v&k=w&é=%C3%A9',
            socket: { remoteAddress: '127.0.0.1', encrypted: false },
            names: ['yes', 'yes', 'yes', null],
          });
        },
      );
    });

    it('answer in every way Express has', async () => {
      await withPlugin(
        (router) => {
          router.get('/text', (_req, res) => res.send('grüße'));
          router.get('/buffer', (_req, res) => res.send(Buffer.from([0, 255])));
          router.get('/object', (_req, res) => res.send({ a: 1 }));
          router.get('/csv', (_req, res) => res.type('csv').send('a;b'));
          router.get('/status', (_req, res) => res.sendStatus(418));
          router.get('/moved', (_req, res) =>
            res.redirect(301, '/api/plugins/demo/text?x=ü\r\nset-cookie: a=1'),
          );
          router.get('/report', (_req, res) => res.attachment('größe "1".pdf').send(Buffer.from('%PDF')));
          router.get('/end', (_req, res) => {
            res.statusCode = 202;
            res.setHeader('X-Raw', ['a', 'b']);
            res.end('raw');
          });
          router.get('/headers', (_req, res) => {
            res
              .set({ 'X-One': '1', 'X-Number': 2 })
              .header('Content-Type', 'text/plain')
              .vary(['Accept', 'accept', 'Cookie']);
            res
              .status(203)
              .json({ read: [res.get('x-one'), res.get('content-type')], sent: res.headersSent });
          });
        },
        async (url) => {
          const get = (path: string) => exchange(url, `/api/plugins/demo${path}`);
          expect(await get('/text')).toMatchObject({
            text: 'grüße',
            headers: { 'content-type': 'text/html; charset=utf-8' },
          });
          const buffer = await get('/buffer');
          expect([[...buffer.body], buffer.headers['content-type']]).toEqual([
            [0, 255],
            'application/octet-stream',
          ]);
          expect(await get('/object')).toMatchObject({
            text: '{"a":1}',
            headers: { 'content-type': 'application/json; charset=utf-8' },
          });
          expect(await get('/csv')).toMatchObject({
            text: 'a;b',
            headers: { 'content-type': 'text/csv; charset=utf-8' },
          });
          expect(await get('/status')).toMatchObject({ status: 418, text: "I'm a Teapot" });
          const moved = await get('/moved');
          expect(moved.headers.location).toBe('/api/plugins/demo/text?x=%C3%BC%0D%0Aset-cookie:%20a=1');
          expect([moved.status, moved.headers['set-cookie']]).toEqual([301, undefined]);
          const report = await get('/report');
          expect(report.headers['content-type']).toBe('application/pdf');
          expect(report.headers['content-disposition']).toBe(
            `attachment; filename="gr??e \\"1\\".pdf"; filename*=UTF-8''gr%C3%B6%C3%9Fe%20%221%22.pdf`,
          );
          expect(await get('/end')).toMatchObject({ status: 202, text: 'raw', headers: { 'x-raw': 'a, b' } });
          const headers = await get('/headers');
          expect(headers).toMatchObject({
            status: 203,
            headers: { 'x-one': '1', 'x-number': '2', vary: 'Accept, Cookie' },
          });
          expect(JSON.parse(headers.text)).toEqual({ read: ['1', 'text/plain; charset=utf-8'], sent: false });
        },
      );
    });

    it('set several cookies', async () => {
      await withPlugin(
        (router) => {
          router.get('/login', (_req, res) => {
            res.setHeader('Set-Cookie', ['a=1', 'b=2']);
            res.json({});
          });
        },
        async (url) => {
          const { headers } = await exchange(url, '/api/plugins/demo/login');
          expect(headers['set-cookie']).toEqual(['a=1', 'b=2']);
        },
      );
    });

    it('hand errors to handlers of four arguments, and past them to the host', async () => {
      await withPlugin(
        (router) => {
          router.get('/thrown', () => {
            throw new Error('thrown');
          });
          router.get('/rejected', async () => Promise.reject(new Error('rejected')));
          router.get('/passed', (_req, _res, next) => next(new Error('passed')));
          router.get('/unhandled', () => {
            throw new Error('hunter2');
          });
          router.use(
            (
              error: Error,
              req: { path: string },
              res: { status(code: number): { json(body: unknown): void } },
              next: (error: unknown) => void,
            ) => {
              if (req.path === '/unhandled') next(error);
              else res.status(422).json({ caught: error.message });
            },
          );
        },
        async (url, faults) => {
          for (const how of ['thrown', 'rejected', 'passed']) {
            const answer = await exchange(url, `/api/plugins/demo/${how}`);
            expect([answer.status, answer.text]).toEqual([422, `{"caught":"${how}"}`]);
          }
          expect(faults).toEqual([]);
          const unhandled = await exchange(url, '/api/plugins/demo/unhandled');
          expect(unhandled.status).toBe(500);
          expect(JSON.parse(unhandled.text)).toMatchObject({
            success: false,
            error: { code: 'PLUGIN_ERROR' },
          });
          expect(unhandled.text).not.toContain('hunter2');
          expect(faults).toMatchObject([
            { kind: 'contained', callback: 'GET /unhandled', error: { message: 'hunter2' } },
          ]);
        },
      );
    });

    it('not there are 404, malformed addresses and bodies 400', async () => {
      await withPlugin(
        (router) => router.post('/items', (_req, res) => res.end()),
        async (url, faults) => {
          const codeOf = async (path: string, method = 'GET', body = '') => {
            const headers = { 'content-type': 'application/json' };
            const { status, text } = await exchange(url, `/api/plugins/demo${path}`, {
              method,
              headers,
              body,
            });
            return [status, JSON.parse(text).error.code];
          };
          expect(await codeOf('/nothing')).toEqual([404, 'ROUTE_NOT_FOUND']);
          expect(await codeOf('/items')).toEqual([404, 'ROUTE_NOT_FOUND']);
          expect(await codeOf('/items', 'POST', '{"a":')).toEqual([400, 'BODY_NOT_JSON']);
          expect((await exchange(url, '/api/plugins/demo/%zz')).status).toBe(400);
          expect(faults).toEqual([]);
        },
      );
    });

    it('stream with write and end, and with pipe', async () => {
      const size = 4 * 1024 * 1024;
      await withPlugin(
        (router) => {
          router.get('/written', async (_req, res) => {
            res.type('txt');
            for (const piece of ['one', 'two', 'three']) {
              if (!res.write(`${piece} `)) await once(res, 'drain');
            }
            res.end('end');
          });
          router.get('/piped', async (_req, res) => {
            res.set({ 'content-type': 'application/octet-stream', 'content-length': size });
            const chunks = Array.from({ length: size / 65_536 }, (_, index) => Buffer.alloc(65_536, index));
            await pipeline(Readable.from(chunks), res as unknown as NodeJS.WritableStream);
          });
        },
        async (url, faults) => {
          const written = await exchange(url, '/api/plugins/demo/written');
          expect(written).toMatchObject({
            text: 'one two three end',
            headers: { 'transfer-encoding': 'chunked' },
          });
          const piped = await exchange(url, '/api/plugins/demo/piped');
          expect(piped.headers['content-length']).toBe(String(size));
          expect(piped.body.every((byte, index) => byte === (index >> 16) % 256)).toBe(true);
          expect(piped.body.length).toBe(size);
          expect(faults).toEqual([]);
        },
      );
    });

    it('break off a stream that fails, or that is not as long as it promised', async () => {
      await withPlugin(
        (router) => {
          router.get('/fails', (_req, res) => {
            res.write('first');
            throw new Error('half-way');
          });
          router.get('/short', (_req, res) => {
            res.set('content-length', '10');
            res.write('first');
            res.end();
          });
          router.get('/long', (_req, res) => {
            res.set('content-length', '3');
            res.write('first');
            res.end();
          });
          router.get('/fine', (_req, res) => res.send('fine'));
        },
        async (url, faults) => {
          for (const path of ['/fails', '/short', '/long']) {
            await expect(exchange(url, `/api/plugins/demo${path}`)).rejects.toThrow();
          }
          expect(faults.map(({ callback }) => callback)).toEqual(['GET /fails', 'GET /short', 'GET /long']);
          expect(await exchange(url, '/api/plugins/demo/fine')).toMatchObject({ status: 200, text: 'fine' });
        },
      );
    });

    it('learn that the client has left, and may go on writing into the void', async () => {
      let closed: (value: string[]) => void = () => {};
      const seen = new Promise<string[]>((resolve) => {
        closed = resolve;
      });
      await withPlugin(
        (router) => {
          router.get('/events', (req, res) => {
            const events: string[] = [];
            const note = (name: string) => {
              events.push(name);
              if (events.length < 2) return;
              res.write('void');
              res.json({ also: 'void' });
              res.end('void');
              closed(events.sort());
            };
            (req as unknown as NodeJS.EventEmitter).on('close', () => note('req'));
            res.on('close', () => note('res'));
            res.write('data: 1\n\n');
          });
        },
        async (url, faults) => {
          const message = await openExchange(url, '/api/plugins/demo/events');
          await once(message, 'data');
          message.destroy();
          expect(await seen).toEqual(['req', 'res']);
          expect(faults).toEqual([]);
        },
      );
    });

    it('answered twice keep the first answer, and the second is a fault', async () => {
      await withPlugin(
        (router) => {
          router.get('/twice', (_req, res) => {
            res.json({ first: true });
            res.json({ second: true });
          });
          router.get('/next', (_req, res, next) => {
            res.json({ first: true });
            next();
          });
        },
        async (url, faults) => {
          expect(await exchange(url, '/api/plugins/demo/twice')).toMatchObject({
            status: 200,
            text: '{"first":true}',
          });
          expect(faults).toMatchObject([
            { callback: 'GET /twice', error: { code: 'ERR_HTTP_HEADERS_SENT' } },
          ]);
          expect(await exchange(url, '/api/plugins/demo/next')).toMatchObject({
            status: 200,
            text: '{"first":true}',
          });
          expect(faults).toHaveLength(1);
        },
      );
    });

    it('refuse a header that would break its line', async () => {
      await withPlugin(
        (router) => {
          router.get('/inject', (req, res) => {
            res.set('x-name', String(req.query.name));
            res.end();
          });
        },
        async (url, faults) => {
          const answer = await exchange(url, '/api/plugins/demo/inject?name=a%0D%0Aset-cookie:%20b=1');
          expect(answer.status).toBe(500);
          expect(answer.headers['set-cookie']).toBeUndefined();
          expect(faults).toMatchObject([{ error: { code: 'ERR_INVALID_CHAR' } }]);
        },
      );
    });

    it('send server-sent events before there is one', async () => {
      let stop: () => void = () => {};
      await withPlugin(
        (router) => {
          router.get('/sse', (_req, res) => {
            stop = () => res.end();
            const { flushHeaders } = res as unknown as { flushHeaders(): void };
            res.set({ 'content-type': 'text/event-stream', connection: 'keep-alive' });
            flushHeaders.call(res);
          });
        },
        async (url) => {
          const message = await openExchange(url, '/api/plugins/demo/sse');
          expect(message.headers['content-type']).toBe('text/event-stream; charset=utf-8');
          stop();
          expect((await readAll(message)).length).toBe(0);
        },
      );
    });
  });
}
