import type { Router } from '@verifywise/plugin-types';
import createRouter from 'router';
import { describe, expect, it } from 'vitest';
import { exchange } from './http-client.js';
import type { MountHost } from './mounted-host.js';
import { identity, withPlugin } from './plugin-http.js';

/** `router` hands out routers of its own; an author gets them from a bundled copy of Express or `router`. */
const nestedRouter = (options?: Parameters<typeof createRouter>[0]) =>
  createRouter(options) as unknown as Router;

/** Routing a plugin would write for Express, through the façade and the adapter. */
export function pluginRoutesContract(mount: MountHost): void {
  describe('a plugin’s routes', () => {
    it('have parameters, wildcards and methods', async () => {
      await withPlugin(
        mount,
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
        mount,
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
        mount,
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
        mount,
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

    it('hand errors to handlers of four arguments, and past them to the host', async () => {
      await withPlugin(
        mount,
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
        mount,
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
  });
}
