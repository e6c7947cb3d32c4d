import { once } from 'node:events';
import { request as openRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HostHttp, HostRequest, HostResponse } from '@verifywise/plugin-host';
import express, { type Express } from 'express';
import { describe, expect, it } from 'vitest';
import { httpAdapterContract } from '../../plugin-host/src/testing/http-adapter-contract.js';
import { createExpressAdapter } from './express-adapter.js';

async function listen(app: Express) {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function mountExpress(http: HostHttp) {
  const app = express().disable('x-powered-by');
  app.use(createExpressAdapter({ http }).routes);
  app.use(express.json());
  app.get('/application', (_req, res) => {
    res.send('application');
  });
  app.post('/application', (req, res) => {
    res.json({ received: req.body });
  });
  return listen(app);
}

httpAdapterContract('Express', mountExpress);

describe('the Express adapter', () => {
  const serving = async (
    build: (app: Express, http: HostHttp) => void,
    use: (url: string, seen: readonly HostRequest[]) => Promise<void>,
  ) => {
    const seen: HostRequest[] = [];
    const response: HostResponse = {
      status: 200,
      headers: { 'content-type': 'text/plain' },
      body: { kind: 'text', text: 'host' },
    };
    const app = express();
    build(app, {
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

  it('says so where a body parser came first', async () => {
    await serving(
      (app, http) => app.use(express.json(), createExpressAdapter({ http }).routes),
      async (url, seen) => {
        const headers = { 'content-type': 'application/json' };
        await fetch(`${url}/api/plugins/demo`, { method: 'POST', headers, body: '{"a":1}' });
        await fetch(`${url}/api/plugins/demo`, {
          method: 'POST',
          headers: { 'content-type': 'text/plain' },
          body: 'unparsed',
        });
        await fetch(`${url}/api/plugins/demo`);
        expect(seen.map(({ bodyConsumed }) => bodyConsumed ?? false)).toEqual([true, false, false]);
        expect(seen.map(({ rawBody }) => rawBody.toString())).toEqual(['', 'unparsed', '']);
      },
    );
  });

  it('takes the client’s address from Express, proxy trust included', async () => {
    await serving(
      (app, http) => app.set('trust proxy', true).use(createExpressAdapter({ http }).routes),
      async (url, seen) => {
        const headers = {
          'x-forwarded-for': '::ffff:203.0.113.9',
          'x-forwarded-proto': 'https',
          'x-forwarded-host': 'plugins.test',
        };
        await fetch(`${url}/api/plugins/demo`, { headers });
        expect(seen[0]).toMatchObject({ ip: '203.0.113.9', protocol: 'https', host: 'plugins.test' });
      },
    );
  });

  it('shows an IPv4 client of a dual-stack socket as IPv4', async () => {
    await serving(
      (app, http) => {
        app.use((req, _res, next) => {
          Object.defineProperty(req.socket, 'remoteAddress', { value: '::ffff:10.1.2.3' });
          next();
        }, createExpressAdapter({ http }).routes);
      },
      async (url, seen) => {
        await fetch(`${url}/api/plugins/demo`);
        expect(seen[0]?.ip).toBe('10.1.2.3');
      },
    );
  });

  it('may be mounted below a prefix', async () => {
    await serving(
      (app, http) => app.use('/tenant-area', createExpressAdapter({ http }).routes),
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

  it('keeps the headers the application has set before it', async () => {
    await serving(
      (app, http) => {
        app.use((_req, res, next) => {
          res.set('x-frame-options', 'DENY').cookie('session', '1');
          next();
        }, createExpressAdapter({ http }).routes);
      },
      async (url) => {
        const { headers } = await fetch(`${url}/api/plugins/demo`);
        expect([headers.get('x-frame-options'), headers.get('content-type')]).toEqual(['DENY', 'text/plain']);
        expect(headers.getSetCookie()).toEqual(['session=1; Path=/']);
      },
    );
  });

  it('puts nothing on requests and responses that are not the host’s', async () => {
    const before: PropertyKey[][] = [];
    const after: PropertyKey[][] = [];
    const keys = (...objects: object[]) => objects.flatMap((object) => Reflect.ownKeys(object));
    await serving(
      (app, http) => {
        app.use((req, res, next) => {
          before.push(keys(req, res));
          next();
        });
        app.use(createExpressAdapter({ http }).routes);
        app.use((req, res) => {
          after.push(keys(req, res));
          res.end();
        });
      },
      async (url) => {
        await fetch(`${url}/api/projects/7?x=1`, { method: 'POST', body: 'left unread' });
        expect(after).toEqual(before);
      },
    );
  });

  it('does not answer twice where something else has answered meanwhile', async () => {
    await serving(
      (app, http) => {
        const slow: HostHttp = {
          handle: async (request) => {
            (request.raw as { res: { end(text: string): void } }).res.end('first');
            return http.handle(request);
          },
        };
        app.use(createExpressAdapter({ http: slow }).routes);
      },
      async (url) => {
        expect(await (await fetch(`${url}/api/plugins/demo`)).text()).toBe('first');
        expect(await (await fetch(`${url}/api/plugins/demo`)).text()).toBe('first');
      },
    );
  });

  it('keeps to itself that a client left while it was sending', async () => {
    await serving(
      (app, http) => app.use(createExpressAdapter({ http }).routes),
      async (url, seen) => {
        const { hostname, port } = new URL(url);
        const client = openRequest({
          hostname,
          port,
          path: '/api/plugins/demo',
          method: 'POST',
          headers: { 'content-length': 100 },
        });
        client.on('error', () => {});
        client.write('half');
        await once(client, 'socket').then(([socket]) => once(socket, 'connect'));
        await new Promise((resolve) => setImmediate(resolve));
        client.destroy();
        expect((await fetch(`${url}/api/plugins/demo`)).status).toBe(200);
        expect(seen).toHaveLength(1);
      },
    );
  });
});
