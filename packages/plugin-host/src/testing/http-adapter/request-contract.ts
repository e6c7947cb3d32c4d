import { describe, expect, it } from 'vitest';
import { exchange } from './http-client.js';
import { type MountHost, text, withHost } from './mounted-host.js';

const MB = 1024 * 1024;
const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const ok = () => text('ok');

/** What an adapter hands to the host. */
export function requestContract(mount: MountHost): void {
  describe('a request', () => {
    it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
      'arrives with its method: %s',
      async (method) => {
        await withHost(
          mount,
          ({ method: seen }) => text(seen),
          async (url) => {
            const { status, text } = await exchange(url, '/api/plugins/demo/items', { method });
            expect([status, text]).toEqual([200, method]);
          },
        );
      },
    );

    it.each([
      '/api/plugins',
      '/api/plugins/',
      '/api/plugins/demo/a%20b/%C3%A9',
      '/api/plugins/demo/x%2Fy',
      '/api/plugins/demo//twice',
      '/api/plugins/demo/../demo/./x',
      '/api/plugins/demo/semi;colon=1',
      `/api/plugins/demo/${'long'.repeat(500)}`,
      '/API/Plugins/demo/items',
      '/api/marketplace',
      '/api/marketplace/updates/',
      '/Api/MARKETPLACE/x',
    ])('keeps its path as it was sent: %s', async (path) => {
      await withHost(mount, ok, async (url, seen) => {
        expect((await exchange(url, `${path}?a=%26&b`)).status).toBe(200);
        expect(seen[0]?.path).toBe(path);
        expect(seen[0]?.originalUrl).toBe(`${path}?a=%26&b`);
        expect({ ...seen[0]?.query }).toEqual({ a: '&', b: '' });
      });
    });

    it('asked for by its full address, as of a proxy, is the same request', async () => {
      await withHost(mount, ok, async (url, seen) => {
        expect((await exchange(url, `${url}/api/plugins/demo/x?a=1`)).status).toBe(200);
        expect(seen[0]).toMatchObject({
          path: '/api/plugins/demo/x',
          originalUrl: '/api/plugins/demo/x?a=1',
        });
      });
    });

    it('lists a query parameter that is repeated, and takes no parameter for more than data', async () => {
      await withHost(mount, ok, async (url, seen) => {
        await exchange(url, '/api/plugins/demo?tag=a&tag=b&tag=c&one=1&__proto__=x&broken=%zz');
        expect(seen[0]?.query.tag).toEqual(['a', 'b', 'c']);
        expect(seen[0]?.query.one).toBe('1');
        expect(Object.keys(seen[0]?.query ?? {})).toContain('__proto__');
        expect(({} as Record<string, unknown>).x).toBeUndefined();
      });
    });

    it('has its headers by lower-case name, repeated ones joined', async () => {
      await withHost(mount, ok, async (url, seen) => {
        await exchange(url, '/api/plugins/demo', { headers: { 'X-Twice': ['a', 'b'], 'X-Plugin': 'ü' } });
        expect(seen[0]?.headers['x-twice']).toBe('a, b');
        expect(seen[0]?.headers['x-plugin']).toBe('ü');
      });
    });

    it('says where it came from', async () => {
      await withHost(mount, ok, async (url, seen) => {
        await exchange(url, '/api/plugins/demo');
        expect(seen[0]).toMatchObject({ ip: '127.0.0.1', protocol: 'http', host: new URL(url).host });
        expect(seen[0]?.raw).toBeTypeOf('object');
      });
    });

    it('does not believe a forwarding header nobody has vouched for', async () => {
      await withHost(mount, ok, async (url, seen) => {
        const headers = {
          'x-forwarded-for': '203.0.113.9',
          'x-forwarded-proto': 'https',
          'x-forwarded-host': 'evil',
        };
        await exchange(url, '/api/plugins/demo', { headers });
        expect(seen[0]).toMatchObject({ ip: '127.0.0.1', protocol: 'http', host: new URL(url).host });
      });
    });

    it.each([
      'application/json',
      'application/json; charset=utf-8',
      'application/x-www-form-urlencoded',
      'text/plain',
      'multipart/form-data; boundary=x',
      'application/octet-stream',
      undefined,
    ])('brings the exact bytes of its body: %s', async (type) => {
      await withHost(mount, ok, async (url, seen) => {
        const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
        await exchange(url, '/api/plugins/demo', { method: 'POST', headers, body: everyByte });
        await exchange(url, '/api/plugins/demo', { method: 'PUT', headers, body: [everyByte, everyByte] });
        expect(seen[0]?.rawBody.equals(everyByte)).toBe(true);
        expect(seen[1]?.rawBody.equals(Buffer.concat([everyByte, everyByte]))).toBe(true);
        expect(seen.map(({ bodyConsumed }) => bodyConsumed ?? false)).toEqual([false, false]);
      });
    });

    it('may have a body whatever its method', async () => {
      await withHost(mount, ok, async (url, seen) => {
        await exchange(url, '/api/plugins/demo', {
          method: 'DELETE',
          headers: { 'content-type': 'text/plain' },
          body: 'd',
        });
        await exchange(url, '/api/plugins/demo', {
          method: 'GET',
          headers: { 'content-type': 'text/plain' },
          body: ['g'],
        });
        expect(seen.map(({ rawBody }) => rawBody.toString())).toEqual(['d', 'g']);
      });
    });

    it('has no bytes where none were sent', async () => {
      await withHost(mount, ok, async (url, seen) => {
        await exchange(url, '/api/plugins/demo', { method: 'POST' });
        await exchange(url, '/api/plugins/demo', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '',
        });
        await exchange(url, '/api/plugins/demo');
        expect(seen.map(({ rawBody }) => rawBody.length)).toEqual([0, 0, 0]);
        expect(seen.map(({ bodyConsumed }) => bodyConsumed ?? false)).toEqual([false, false, false]);
      });
    });

    it('may bring 1 MB, and is refused with 413 beyond it', async () => {
      await withHost(mount, ok, async (url, seen) => {
        const post = (body: Buffer | Buffer[]) =>
          exchange(url, '/api/plugins/demo', { method: 'POST', body });
        expect((await post(Buffer.alloc(MB, 'a'))).status).toBe(200);
        expect((await post([Buffer.alloc(MB / 2, 'a'), Buffer.alloc(MB / 2, 'a')])).status).toBe(200);
        expect(seen.map(({ rawBody }) => rawBody.length)).toEqual([MB, MB]);

        const refused = [
          await post(Buffer.alloc(MB + 1, 'a')),
          await post([Buffer.alloc(MB, 'a'), Buffer.alloc(1, 'a')]),
          await post(Buffer.alloc(8 * MB, 'a')),
          await post(Array.from({ length: 8 }, () => Buffer.alloc(MB, 'a'))),
        ];
        for (const { status, headers, text } of refused) {
          expect(status).toBe(413);
          expect(headers['content-type']).toBe('application/json; charset=utf-8');
          expect(JSON.parse(text)).toMatchObject({
            success: false,
            error: { code: 'BODY_TOO_LARGE', details: { limit: MB } },
          });
        }
        expect(seen).toHaveLength(2);
        expect((await post(Buffer.from('x'))).status).toBe(200);
      });
    });

    it('may bring as much as the host says', async () => {
      const limits = new Map([['/api/plugins/upload', 2 * MB]]);
      const host = {
        handle: async () => ok(),
        bodyLimit: ({ path }: { path: string }) => limits.get(path) ?? 10,
      };
      await withHost(mount, host, async (url, seen) => {
        const post = (path: string, size: number) =>
          exchange(url, path, { method: 'POST', body: Buffer.alloc(size) });
        expect((await post('/api/plugins/upload', 2 * MB)).status).toBe(200);
        expect((await post('/api/plugins/demo', 10)).status).toBe(200);
        expect((await post('/api/plugins/demo', 11)).status).toBe(413);
        expect(seen.map(({ rawBody }) => rawBody.length)).toEqual([2 * MB, 10]);
      });
    });

    it.each(['/api/plugins/demo/%zz', '/api/plugins/%ff/x', '/api/plugins/demo/%'])(
      'with a malformed address is refused with 400, and the next one is served: %s',
      async (path) => {
        await withHost(mount, ok, async (url) => {
          expect((await exchange(url, path)).status).toBe(400);
          expect((await exchange(url, '/api/plugins/demo')).status).toBe(200);
        });
      },
    );

    it('under another path is the application’s', async () => {
      await withHost(mount, ok, async (url, seen) => {
        expect(await exchange(url, '/application')).toMatchObject({ status: 200, text: 'application' });
        const headers = { 'content-type': 'application/json' };
        const posted = await exchange(url, '/application', { method: 'POST', headers, body: '{"a":1}' });
        expect(JSON.parse(posted.text)).toEqual({ received: { a: 1 } });
        for (const path of [
          '/',
          '/api',
          '/api/plugin',
          '/api/pluginsx',
          '/api/plugins-x/y',
          '/x/api/plugins',
        ]) {
          expect((await exchange(url, path)).status).toBe(404);
        }
        // No wider than the framework's own matching: what guards `/api/plugins` there must not be bypassed.
        for (const path of ['//api/plugins/demo', '/api//plugins/demo', '/api%2Fplugins/demo']) {
          expect((await exchange(url, path)).status).toBe(404);
        }
        expect(seen).toEqual([]);
      });
    });
  });
}
