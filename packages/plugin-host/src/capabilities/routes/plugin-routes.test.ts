import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Plugin, PluginContext, Router } from '@verifywise/plugin-types';
import { describe, expect, it } from 'vitest';
import type { HostRequest, HostResponse, Identity } from '../../facade/host-http.js';
import { currentFrame } from '../../foundation/attribution.js';
import { commitUnknown, databaseUnavailable, permissionDenied } from '../../foundation/errors/index.js';
import type { Fault } from '../../foundation/faults.js';
import { Scope } from '../../foundation/scope.js';
import { createPluginRoutes } from './plugin-routes.js';

const key = { tenant: 'acme', pluginId: 'demo' };
const context = { pluginId: 'demo' } as PluginContext;
const identity: Identity = { tenant: 'acme', user: { id: 1, name: 'Ada' }, isAdmin: false };

const get = (path: string, more: Partial<HostRequest> = {}): HostRequest => ({
  method: 'GET',
  path: `/api/plugins/demo${path}`,
  originalUrl: `/api/plugins/demo${path}`,
  query: {},
  headers: {},
  rawBody: Buffer.alloc(0),
  ip: '10.0.0.1',
  protocol: 'http',
  signal: new AbortController().signal,
  raw: {},
  ...more,
});

function serve(routes: Plugin['routes'], { routeMs = 20_000 } = {}) {
  const faults: Fault[] = [];
  const frames: unknown[] = [];
  const owner = { key, scope: new Scope(), active: true, context };
  const served = createPluginRoutes({
    plugin: { routes } as Plugin,
    owner,
    faults: {
      report: (fault) => {
        faults.push(fault);
        frames.push(currentFrame());
      },
      denied: () => {},
    },
    limits: { routeMs },
  });
  const call = (path: string, more?: Partial<HostRequest>) => served.handle(get(path, more), identity, path);
  return { served, call, faults, frames, owner };
}

const codeOf = ({ status, body }: HostResponse) => [
  status,
  body.kind === 'json' ? (body.value as { error?: { code: string } }).error?.code : body.kind,
];

describe('a plugin’s routes', () => {
  it('are registered, with the context, in the plugin’s frame', () => {
    const seen: unknown[] = [];
    const { faults } = serve((_router, given) => seen.push(given, currentFrame()));
    expect(seen).toEqual([context, { key, callback: 'routes', depth: 0 }]);
    expect(faults).toEqual([]);
  });

  it('run in a frame that names the request, and all they start with them', async () => {
    const { call } = serve((router) => {
      router.get('/items/:id', async (_req, res) => {
        await delay(1);
        res.json(currentFrame());
      });
    });
    expect(await call('/items/5')).toMatchObject({
      body: { value: { key, callback: 'GET /items/5', depth: 0, triggeredBy: { userId: 1, name: 'Ada' } } },
    });
  });

  it('refuse to be built where routes() throws', () => {
    const cause = new TypeError('router.fetch is not a function');
    const build = () =>
      serve(() => {
        throw cause;
      });
    expect(build).toThrow(
      expect.objectContaining({
        code: 'HOOK_FAILED',
        cause,
        details: expect.objectContaining({ hook: 'routes' }),
      }),
    );
  });

  it('serve what was registered before a permission was refused', async () => {
    const denied = permissionDenied({ pluginId: 'demo', member: 'db.query', required: ['database:read'] });
    const { call, faults } = serve((router) => {
      router.get('/before', (_req, res) => res.json(1));
      throw denied;
    });
    expect((await call('/before')).status).toBe(200);
    expect(faults).toEqual([{ key, kind: 'contained', callback: 'routes', error: denied }]);
  });

  it('report what an asynchronous routes() rejects with', async () => {
    const { faults } = serve((async () => {
      throw new Error('too late');
    }) as unknown as (router: Router) => void);
    await delay(0);
    expect(faults).toMatchObject([{ kind: 'contained', callback: 'routes', error: { message: 'too late' } }]);
  });

  it('of a plugin without any are all 404', async () => {
    const { call } = serve(undefined);
    expect(codeOf(await call('/anything'))).toEqual([404, 'ROUTE_NOT_FOUND']);
  });

  it('are not there while the plugin is not enabled', async () => {
    let calls = 0;
    const { call, owner } = serve((router) => {
      router.get('/', () => {
        calls += 1;
      });
    });
    owner.active = false;
    expect(codeOf(await call('/'))).toEqual([404, 'PLUGIN_NOT_ENABLED']);
    expect(calls).toBe(0);
  });

  it('contain what they throw, reject or destroy, and report each once, outside the plugin’s frame', async () => {
    const { call, faults, frames } = serve((router) => {
      router.get('/thrown', () => {
        throw new Error('thrown');
      });
      router.get('/rejected', async () => Promise.reject(new Error('rejected')));
      router.get('/text', (_req, _res, next) => next('text'));
      router.get('/destroyed', (_req, res) => {
        res.destroy(new Error('destroyed'));
        throw new Error('and thrown');
      });
    });
    for (const path of ['/thrown', '/rejected', '/text', '/destroyed']) {
      expect(codeOf(await call(path))).toEqual([500, 'PLUGIN_ERROR']);
    }
    await delay(0);
    const errors = faults.map(({ error }) => (error instanceof Error ? error.message : error));
    expect(errors.slice(0, 3)).toEqual(['thrown', 'rejected', 'text']);
    expect(errors).toHaveLength(4);
    expect(frames).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('answer 503 where they let DB_UNAVAILABLE pass, and only then', async () => {
    const away = databaseUnavailable({ reason: 'gone' });
    const { call, faults } = serve((router) => {
      router.get('/thrown', async () => Promise.reject(away));
      router.get('/destroyed', (_req, res) => void res.destroy(away));
      router.get('/uncertain', async () => Promise.reject(commitUnknown({ reason: 'gone' })));
    });
    expect(codeOf(await call('/thrown'))).toEqual([503, 'DB_UNAVAILABLE']);
    expect(codeOf(await call('/destroyed'))).toEqual([503, 'DB_UNAVAILABLE']);
    expect(codeOf(await call('/uncertain'))).toEqual([500, 'PLUGIN_ERROR']);
    expect(faults).toMatchObject([{ error: away }, { error: away }, { kind: 'contained' }]);
  });

  it('that do not answer in time are 504, and what they do later is void', async () => {
    let late: (() => void) | undefined;
    const { call, faults } = serve(
      (router) => {
        router.get('/slow', (_req, res) => {
          late = () => res.status(200).json({ late: true });
        });
      },
      { routeMs: 10 },
    );
    expect(codeOf(await call('/slow'))).toEqual([504, 'PLUGIN_TIMEOUT']);
    expect(late).not.toThrow();
    expect(faults).toMatchObject([
      { kind: 'contained', callback: 'GET /slow', error: { code: 'PLUGIN_TIMEOUT' } },
    ]);
  });

  it('that stream have met their budget with the headers', async () => {
    const { call, faults, served } = serve(
      (router) => {
        router.get('/stream', async (_req, res) => {
          res.write('a');
          await delay(60);
          res.end('b');
        });
      },
      { routeMs: 20 },
    );
    const { body } = await call('/stream');
    if (body.kind !== 'stream') throw new Error('not a stream');
    expect(served.inFlight).toBe(1);
    let text = '';
    for await (const chunk of body.stream) text += chunk;
    expect(text).toBe('ab');
    expect(faults).toEqual([]);
    expect(served.inFlight).toBe(0);
  });

  it('are drained once the last answer is through', async () => {
    const finish: (() => void)[] = [];
    const { call, served } = serve((router) => {
      router.get('/wait', (_req, res) => void finish.push(() => res.end()));
    });
    await served.drained();
    const answers = [call('/wait'), call('/wait')];
    expect(served.inFlight).toBe(2);
    let drained = false;
    const draining = served.drained().then(() => {
      drained = true;
    });
    finish[0]?.();
    await answers[0];
    expect([served.inFlight, drained]).toEqual([1, false]);
    finish[1]?.();
    await draining;
    expect(served.inFlight).toBe(0);
  });

  it('are broken off when the owner’s scope is disposed', async () => {
    const { call, served, owner } = serve((router) => {
      router.get('/wait', () => {});
      router.get('/stream', (_req, res) => void res.write('a'));
    });
    const waiting = call('/wait');
    const { body } = await call('/stream');
    if (body.kind !== 'stream') throw new Error('not a stream');
    const closed = once(body.stream, 'close');
    await owner.scope.dispose();
    expect(codeOf(await waiting)).toEqual([404, 'PLUGIN_NOT_ENABLED']);
    await closed;
    await served.drained();
  });

  it('are not troubled with a client that has already left', async () => {
    let calls = 0;
    const { call, served } = serve((router) => {
      router.use(() => {
        calls += 1;
      });
    });
    expect((await call('/', { signal: AbortSignal.abort() })).status).toBe(499);
    expect([calls, served.inFlight]).toEqual([0, 0]);
  });

  it('may pass on after they have begun to stream', async () => {
    let finish: (() => void) | undefined;
    const { call, faults } = serve((router) => {
      router.get('/stream', (_req, res, next) => {
        res.write('a');
        finish = () => res.end('b');
        next();
      });
    });
    const { body } = await call('/stream');
    if (body.kind !== 'stream') throw new Error('not a stream');
    await delay(1);
    finish?.();
    let text = '';
    for await (const chunk of body.stream) text += chunk;
    expect([text, faults]).toEqual(['ab', []]);
  });

  it('are not blamed for what a client’s leaving does to their streams', async () => {
    const client = new AbortController();
    const failures: unknown[] = [];
    const { call, faults } = serve((router) => {
      router.get('/pipe', async (_req, res) => {
        await pipeline(new Readable({ read() {} }), res as unknown as NodeJS.WritableStream).catch(
          (error) => {
            failures.push(error.code);
            throw error;
          },
        );
      });
    });
    const answer = call('/pipe', { signal: client.signal });
    client.abort();
    expect((await answer).status).toBe(499);
    await delay(20);
    expect(failures).toEqual(['ERR_STREAM_PREMATURE_CLOSE']);
    expect(faults).toEqual([]);
  });

  it('see the request close once it is answered', async () => {
    const closed = new Promise<unknown>((resolve) => {
      const { call } = serve((router) => {
        router.get('/', (req, res) => {
          (req as unknown as NodeJS.EventEmitter).on('close', () => resolve(currentFrame()?.callback));
          res.end();
        });
      });
      void call('/');
    });
    expect(await closed).toBe('GET /');
  });

  it('do not get to see a malformed address', async () => {
    let calls = 0;
    const { call } = serve((router) => {
      router.use(() => {
        calls += 1;
      });
    });
    expect(codeOf(await call('/%zz'))).toEqual([400, 'PATH_MALFORMED']);
    expect(calls).toBe(0);
  });

  it('need the bytes of the body', async () => {
    const { call } = serve((router) => router.all('/', (_req, res) => res.end()));
    expect(codeOf(await call('/', { bodyConsumed: true }))).toEqual([500, 'RAW_BODY_UNAVAILABLE']);
  });

  it('see where the application has mounted them', async () => {
    const { served } = serve((router) => {
      router.use('/deep', (req, res) => res.json([req.originalUrl, req.baseUrl, req.url]));
    });
    const originalUrl = '/v2/api/plugins/demo/deep/x?a=/deep/x';
    const answer = await served.handle(get('/deep/x', { originalUrl }), identity, '/deep/x');
    expect(answer.body).toMatchObject({ value: [originalUrl, '/v2/api/plugins/demo/deep', '/x?a=/deep/x'] });
  });

  it('do not let one request see another’s', async () => {
    const { call } = serve((router) => {
      router.get('/:id', async (req, res) => {
        await delay(Number(req.params.id) % 5);
        res.json(req.params.id);
      });
    });
    const answers = await Promise.all(Array.from({ length: 50 }, (_, id) => call(`/${id}`)));
    expect(answers.map(({ body }) => body.kind === 'json' && body.value)).toEqual(
      answers.map((_, id) => String(id)),
    );
  });
});
