import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { HostBody } from '../../facade/host-http.js';
import { notAdmin } from '../../foundation/errors/index.js';
import { type ClientResponse, exchange } from './http-client.js';
import { type MountHost, respond, text, withHost } from './mounted-host.js';

/** What HTTP itself needs on every answer. */
const OF_THE_CONNECTION = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'transfer-encoding',
]);

const ownHeaders = ({ headers }: ClientResponse) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_THE_CONNECTION.has(name)));

/** What an adapter sends of what the host answers. */
export function responseContract(mount: MountHost): void {
  describe('an answer', () => {
    const bodies: [string, () => HostBody, string][] = [
      ['json', () => ({ kind: 'json', value: { é: [1, null] } }), '{"é":[1,null]}'],
      ['json already serialised', () => ({ kind: 'json', value: {}, text: '{ "a": 1 }' }), '{ "a": 1 }'],
      ['text', () => ({ kind: 'text', text: 'Grüße ✓' }), 'Grüße ✓'],
      ['bytes', () => ({ kind: 'bytes', bytes: Buffer.from('bytes') }), 'bytes'],
      [
        'a stream',
        () => ({ kind: 'stream', stream: Readable.from(['one ', 'two'], { objectMode: false }) }),
        'one two',
      ],
      ['an empty text', () => ({ kind: 'text', text: '' }), ''],
      ['nothing', () => ({ kind: 'empty' }), ''],
    ];

    it.each(bodies)(
      'carries %s, with its status and its headers and no others',
      async (_name, body, expected) => {
        const sets: Record<string, string>[] = [
          {},
          { 'content-type': 'application/json', 'x-one': '1' },
          { 'content-type': 'text/html', etag: '"a"' },
        ];
        for (const headers of sets) {
          await withHost(
            mount,
            () => respond(body(), headers, 201),
            async (url) => {
              const answer = await exchange(url, '/api/plugins/demo');
              expect(answer.status).toBe(201);
              expect(answer.text).toBe(expected);
              expect(ownHeaders(answer)).toEqual(headers);
            },
          );
        }
      },
    );

    it('in one piece says how long it is, whatever the host said', async () => {
      await withHost(
        mount,
        () => respond({ kind: 'text', text: 'äöü' }, { 'content-type': 'text/plain', 'content-length': '2' }),
        async (url) => {
          const answer = await exchange(url, '/api/plugins/demo');
          expect(answer).toMatchObject({ status: 200, text: 'äöü', headers: { 'content-length': '6' } });
        },
      );
    });

    it('sends a list of cookies as a line each', async () => {
      const cookies = ['a=1; Path=/', 'b=2; Expires=Thu, 01 Jan 2026 00:00:00 GMT', 'c=3'];
      await withHost(
        mount,
        () => respond({ kind: 'empty' }, { 'set-cookie': cookies, 'x-list': ['p', 'q'] }),
        async (url) => {
          const { headers, rawHeaders } = await exchange(url, '/api/plugins/demo');
          expect(headers['set-cookie']).toEqual(cookies);
          expect(headers['x-list']).toBe('p, q');
          expect(rawHeaders.filter((line) => line.toLowerCase() === 'set-cookie')).toHaveLength(3);
        },
      );
    });

    it('to HEAD has the headers of GET and no body', async () => {
      await withHost(
        mount,
        () => text('12345'),
        async (url) => {
          const answer = await exchange(url, '/api/plugins/demo', { method: 'HEAD' });
          expect(answer).toMatchObject({
            status: 200,
            text: '',
            headers: { 'content-length': '5', 'content-type': 'text/plain' },
          });
        },
      );
    });

    it('to HEAD may say by itself how long the body would be', async () => {
      await withHost(
        mount,
        () => respond({ kind: 'empty' }, { 'content-length': '77' }),
        async (url) => {
          const answer = await exchange(url, '/api/plugins/demo', { method: 'HEAD' });
          expect(answer.headers['content-length']).toBe('77');
        },
      );
    });

    it('to HEAD lets go of a stream', async () => {
      const stream = new Readable({ read() {} });
      await withHost(
        mount,
        () => respond({ kind: 'stream', stream }, { 'content-type': 'text/csv' }),
        async (url) => {
          const answer = await exchange(url, '/api/plugins/demo', { method: 'HEAD' });
          expect(answer).toMatchObject({ status: 200, text: '', headers: { 'content-type': 'text/csv' } });
          expect(stream.destroyed).toBe(true);
        },
      );
    });

    it.each([204, 304])('of status %i has no body', async (status) => {
      const stream = new Readable({ read() {} });
      const kinds: HostBody[] = [{ kind: 'text', text: 'x' }, { kind: 'empty' }, { kind: 'stream', stream }];
      for (const body of kinds) {
        await withHost(
          mount,
          () => respond(body, { etag: '"a"' }, status),
          async (url) => {
            const answer = await exchange(url, '/api/plugins/demo');
            expect(answer).toMatchObject({ status, text: '' });
            expect(ownHeaders(answer)).toEqual({ etag: '"a"' });
            expect(answer.headers['content-length']).toBeUndefined();
          },
        );
      }
      expect(stream.destroyed).toBe(true);
    });

    it('is the standard error where the host fails, and tells nothing of it', async () => {
      const failing = async () => {
        throw new Error('password is hunter2');
      };
      await withHost(mount, failing, async (url) => {
        const answer = await exchange(url, '/api/plugins/demo');
        expect(answer.status).toBe(500);
        expect(JSON.parse(answer.text)).toMatchObject({ success: false, error: { code: 'INTERNAL' } });
        expect(answer.text).not.toContain('hunter2');
      });
    });

    it('is an error of the catalogue where the host throws one', async () => {
      await withHost(
        mount,
        async () => Promise.reject(notAdmin({})),
        async (url) => {
          const answer = await exchange(url, '/api/plugins/demo');
          expect(answer.status).toBe(403);
          expect(JSON.parse(answer.text).error).toEqual({
            code: 'NOT_ADMIN',
            message: expect.any(String),
            hint: expect.any(String),
          });
        },
      );
    });

    it.each([
      [
        'a header that would break its line',
        () => respond({ kind: 'empty' }, { 'x-evil': 'a\r\nset-cookie: b=1' }),
      ],
      ['a header name that is none', () => respond({ kind: 'text', text: 'x' }, { 'x evil': 'a' })],
      ['a value JSON cannot hold', () => respond({ kind: 'json', value: 1n })],
    ])('that cannot be sent is 500: %s', async (_name, answer) => {
      let broken = true;
      await withHost(
        mount,
        () => (broken ? answer() : text('fine')),
        async (url) => {
          const refused = await exchange(url, '/api/plugins/demo');
          expect(refused.status).toBe(500);
          expect(refused.headers['set-cookie']).toBeUndefined();
          broken = false;
          expect(await exchange(url, '/api/plugins/demo')).toMatchObject({ status: 200, text: 'fine' });
        },
      );
    });
  });
}
