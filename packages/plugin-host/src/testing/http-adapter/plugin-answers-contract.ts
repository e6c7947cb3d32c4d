import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { exchange, openExchange, readAll } from './http-client.js';
import type { MountHost } from './mounted-host.js';
import { withPlugin } from './plugin-http.js';

/** Answers a plugin would write for Express, through the façade and the adapter. */
export function pluginAnswersContract(mount: MountHost): void {
  describe('a plugin’s answers', () => {
    it('come in every way Express has', async () => {
      await withPlugin(
        mount,
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

    it('may set several cookies', async () => {
      await withPlugin(
        mount,
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

    it('may be streamed with write and end, and with pipe', async () => {
      const size = 4 * 1024 * 1024;
      await withPlugin(
        mount,
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

    it('that stream break off where the stream fails, or that is not as long as it promised', async () => {
      await withPlugin(
        mount,
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

    it('that stream learn that the client has left, and may go on into the void', async () => {
      let closed: (value: string[]) => void = () => {};
      const seen = new Promise<string[]>((resolve) => {
        closed = resolve;
      });
      await withPlugin(
        mount,
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

    it('given twice are the first, and the second is a fault', async () => {
      await withPlugin(
        mount,
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

    it('cannot have a header that would break its line', async () => {
      await withPlugin(
        mount,
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

    it('may begin before there is a first event', async () => {
      let stop: () => void = () => {};
      await withPlugin(
        mount,
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
