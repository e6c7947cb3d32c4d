import { connect } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import type { HostHttp, HostRequest, HostResponse } from '@verifywise/plugin-host';
import { type FastifyInstance, type FastifyServerOptions, fastify } from 'fastify';
import { describe, expect, it } from 'vitest';
import { httpAdapterContract } from '../../plugin-host/src/testing/http-adapter-contract.js';
import { fastifyPluginHost } from './fastify-adapter.js';

async function listen(app: FastifyInstance) {
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => app.close() };
}

async function mountFastify(http: HostHttp) {
  const app = fastify({ forceCloseConnections: true, routerOptions: { caseSensitive: false } });
  app.get('/application', () => 'application');
  app.post('/application', ({ body }) => ({ received: body }));
  await app.register(fastifyPluginHost, { host: { http } });
  return listen(app);
}

httpAdapterContract('Fastify', mountFastify);

describe('the Fastify adapter', () => {
  const serving = async (
    build: (app: FastifyInstance, http: HostHttp) => Promise<unknown>,
    use: (url: string, seen: readonly HostRequest[]) => Promise<void>,
    options: FastifyServerOptions = {},
  ) => {
    const seen: HostRequest[] = [];
    const response: HostResponse = {
      status: 200,
      headers: { 'content-type': 'text/plain' },
      body: { kind: 'text', text: 'host' },
    };
    const app = fastify({ forceCloseConnections: true, ...options });
    await build(app, {
      async handle(request) {
        seen.push(request);
        return response;
      },
    });
    const { url, close } = await listen(app);
    try {
      await use(url, seen);
    } finally {
      await close();
    }
  };
  const register = async (app: FastifyInstance, http: HostHttp) => {
    await app.register(fastifyPluginHost, { host: { http } });
  };

  it('follows the router’s own mind about case: by default another case is another path', async () => {
    await serving(register, async (url, seen) => {
      expect((await fetch(`${url}/API/plugins/demo`)).status).toBe(404);
      expect((await fetch(`${url}/api/plugins/demo`)).status).toBe(200);
      expect(seen).toHaveLength(1);
    });
  });

  it('takes the client’s address from Fastify, proxy trust included', async () => {
    await serving(
      register,
      async (url, seen) => {
        const headers = {
          'x-forwarded-for': '::ffff:203.0.113.9',
          'x-forwarded-proto': 'https',
          'x-forwarded-host': 'plugins.test',
        };
        await fetch(`${url}/api/plugins/demo`, { headers });
        expect(seen[0]).toMatchObject({ ip: '203.0.113.9', protocol: 'https', host: 'plugins.test' });
      },
      { trustProxy: true },
    );
  });

  it('may be registered with a prefix', async () => {
    await serving(
      async (app, http) => {
        await app.register(fastifyPluginHost, { host: { http }, prefix: '/tenant-area' });
      },
      async (url, seen) => {
        await fetch(`${url}/tenant-area/api/plugins/demo?a=1`);
        expect(seen[0]).toMatchObject({
          path: '/api/plugins/demo',
          originalUrl: '/tenant-area/api/plugins/demo?a=1',
        });
        expect((await fetch(`${url}/api/plugins/demo`)).status).toBe(404);
      },
    );
  });

  it('leaves body parsers and error bodies of the application as they are', async () => {
    await serving(
      async (app, http) => {
        app.post('/own', { bodyLimit: 10 }, ({ body }) => body);
        await register(app, http);
        app.post('/after', ({ body }) => body);
      },
      async (url) => {
        const json = { method: 'POST', headers: { 'content-type': 'application/json' } };
        expect(await (await fetch(`${url}/own`, { ...json, body: '{"a":1}' })).json()).toEqual({ a: 1 });
        expect(await (await fetch(`${url}/after`, { ...json, body: '{"a":2}' })).json()).toEqual({ a: 2 });
        const tooLarge = await (await fetch(`${url}/own`, { ...json, body: '{"a":"long enough"}' })).json();
        expect(tooLarge).toMatchObject({ code: 'FST_ERR_CTP_BODY_TOO_LARGE' });
        const unknown = await fetch(`${url}/own`, {
          method: 'POST',
          headers: { 'content-type': 'a/b' },
          body: 'x',
        });
        expect(unknown.status).toBe(415);
      },
    );
  });

  it('runs the application’s hooks, which may refuse, add headers and change the body', async () => {
    await serving(
      async (app, http) => {
        app.addHook('onRequest', async (request, reply) => {
          reply.header('x-frame-options', 'DENY').header('set-cookie', 'session=1');
          if (request.headers.authorization === undefined) await reply.code(401).send({ who: 'are you' });
        });
        app.addHook('onSend', async (_request, reply, payload) => {
          reply.header('x-sent', String(Buffer.isBuffer(payload)));
          return Buffer.isBuffer(payload) ? Buffer.from(`${payload} and more`) : payload;
        });
        await register(app, {
          ...http,
          handle: async (request) => ({
            ...(await http.handle(request)),
            headers: { 'set-cookie': ['a=1', 'b=2'] },
          }),
        });
      },
      async (url, seen) => {
        expect((await fetch(`${url}/api/plugins/demo`)).status).toBe(401);
        expect(seen).toHaveLength(0);
        const answer = await fetch(`${url}/api/plugins/demo`, { headers: { authorization: 'yes' } });
        expect(await answer.text()).toBe('host and more');
        expect(answer.headers.get('x-frame-options')).toBe('DENY');
        expect(answer.headers.get('x-sent')).toBe('true');
        expect(answer.headers.get('content-type')).toBeNull();
        expect(answer.headers.getSetCookie()).toEqual(['session=1', 'a=1', 'b=2']);
      },
    );
  });

  it('reads what a preParsing hook has made of the body', async () => {
    await serving(
      async (app, http) => {
        app.addHook('preParsing', async (_request, _reply, payload) => {
          const through = new PassThrough();
          through.write('prefixed ');
          return payload.pipe(through);
        });
        await register(app, http);
      },
      async (url, seen) => {
        await fetch(`${url}/api/plugins/demo`, { method: 'POST', body: 'body' });
        expect(seen[0]?.rawBody.toString()).toBe('prefixed body');
        expect(seen[0]?.bodyConsumed ?? false).toBe(false);
      },
    );
  });

  it('speaks HTTP/2', async () => {
    const app = fastify({ http2: true }) as unknown as FastifyInstance;
    await register(app, {
      handle: async ({ method, host, rawBody }) => ({
        status: 200,
        headers: {},
        body: {
          kind: 'stream',
          stream: Readable.from([`${method} ${host} ${rawBody}`], { objectMode: false }),
        },
      }),
    });
    const { url, close } = await listen(app);
    const session = connect(url);
    const ask = async (method: string, body?: string) => {
      const stream = session.request({ ':method': method, ':path': '/api/plugins/demo' });
      stream.end(body);
      let text = '';
      for await (const chunk of stream) text += chunk;
      return text;
    };
    expect(await ask('GET')).toBe(`GET ${new URL(url).host} `);
    expect(await ask('POST', 'body')).toBe(`POST ${new URL(url).host} body`);
    session.close();
    await close();
  });
});
