import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { HostRequest } from '../../facade/host-http.js';
import { exchange, openExchange, readAll } from './http-client.js';
import { type MountHost, respond, text, withHost } from './mounted-host.js';

const MB = 1024 * 1024;

/** How an adapter behaves while a connection lasts, and when it does not. */
export function connectionContract(mount: MountHost): void {
  describe('a connection', () => {
    it('gets the headers of a stream before its first byte, and every piece as it comes', async () => {
      const stream = new PassThrough();
      await withHost(
        mount,
        () => respond({ kind: 'stream', stream }, { 'content-type': 'text/event-stream' }),
        async (url) => {
          const message = await openExchange(url, '/api/plugins/demo/events');
          expect(message.headers['content-type']).toBe('text/event-stream');
          for (const piece of ['data: 1\n\n', 'data: 2\n\n']) {
            stream.write(piece);
            const [chunk] = await once(message, 'data');
            expect(String(chunk)).toBe(piece);
          }
          stream.end();
          await readAll(message);
        },
      );
    });

    it('that the client closes while the host thinks aborts the signal', async () => {
      let arrived: (request: HostRequest) => void = () => {};
      const arrival = new Promise<HostRequest>((resolve) => {
        arrived = resolve;
      });
      let finish: () => void = () => {};
      const held = new Promise<void>((resolve) => {
        finish = resolve;
      });
      const answer = async (request: HostRequest) => {
        arrived(request);
        await held;
        return text('too late');
      };
      await withHost(mount, answer, async (url) => {
        const client = new AbortController();
        const lost = fetch(`${url}/api/plugins/demo`, { signal: client.signal }).catch(
          (error: unknown) => error,
        );
        const { signal } = await arrival;
        expect(signal.aborted).toBe(false);
        const aborted = once(signal, 'abort');
        client.abort();
        await aborted;
        await lost;
        finish();
      });
    });

    it('that carried its answer to the end leaves the signal alone', async () => {
      await withHost(
        mount,
        () => text('done'),
        async (url, seen) => {
          await exchange(url, '/api/plugins/demo');
          await exchange(url, '/api/plugins/demo', { method: 'POST', body: 'x' });
          await delay(20);
          expect(seen.map(({ signal }) => signal.aborted)).toEqual([false, false]);
        },
      );
    });

    it('that the client closes in the middle of a stream destroys it', async () => {
      const stream = new PassThrough();
      await withHost(
        mount,
        () => respond({ kind: 'stream', stream }),
        async (url, seen) => {
          const message = await openExchange(url, '/api/plugins/demo');
          stream.write('first');
          await once(message, 'data');
          const closed = once(stream, 'close').catch(() => {});
          message.destroy();
          await closed;
          expect(stream.destroyed).toBe(true);
          expect(seen[0]?.signal.aborted).toBe(true);
        },
      );
    });

    it('breaks where a stream fails half-way, so that the half is not taken for the whole', async () => {
      let stream = new PassThrough();
      await withHost(
        mount,
        () => respond({ kind: 'stream', stream }),
        async (url) => {
          const message = await openExchange(url, '/api/plugins/demo');
          stream.write('first');
          await once(message, 'data');
          stream.destroy(new Error('the disk is gone'));
          await expect(readAll(message)).rejects.toThrow();

          stream = new PassThrough();
          stream.end('next');
          expect(await exchange(url, '/api/plugins/demo')).toMatchObject({ status: 200, text: 'next' });
        },
      );
    });

    it('survives a stream that had failed before it was sent', async () => {
      const broken = () => {
        const stream = new Readable({ read() {} });
        stream.on('error', () => {});
        stream.destroy(new Error('never opened'));
        return stream;
      };
      let answer = () => respond({ kind: 'stream', stream: broken() });
      await withHost(
        mount,
        () => answer(),
        async (url) => {
          await expect(exchange(url, '/api/plugins/demo')).rejects.toThrow();
          answer = () => text('next');
          expect(await exchange(url, '/api/plugins/demo')).toMatchObject({ status: 200, text: 'next' });
        },
      );
    });

    it('that reads slowly holds the stream back', async () => {
      const total = 64 * MB;
      let produced = 0;
      const stream = new Readable({
        read() {
          const size = Math.min(64 * 1024, total - produced);
          produced += size;
          this.push(size === 0 ? null : Buffer.alloc(size, 'x'));
        },
      });
      await withHost(
        mount,
        () => respond({ kind: 'stream', stream }),
        async (url) => {
          const message = await openExchange(url, '/api/plugins/demo');
          message.pause();
          for (let before = -1; before !== produced; ) {
            before = produced;
            await delay(200);
          }
          expect(produced).toBeLessThan(total / 2);
          let received = 0;
          for await (const chunk of message) received += (chunk as Buffer).length;
          expect(received).toBe(total);
        },
      );
    });

    it('is one of a hundred at a time, none of which gets another’s answer', async () => {
      const echo = async ({ path, rawBody }: HostRequest) => {
        await delay(rawBody.length % 7);
        return respond({ kind: 'bytes', bytes: Buffer.concat([Buffer.from(path), rawBody]) });
      };
      await withHost(mount, echo, async (url) => {
        const numbers = Array.from({ length: 100 }, (_, number) => number);
        const answers = await Promise.all(
          numbers.map(async (number) => {
            const body = `:${'b'.repeat(number)}`;
            const response = await fetch(`${url}/api/plugins/demo/${number}`, { method: 'POST', body });
            return response.text();
          }),
        );
        expect(answers).toEqual(numbers.map((number) => `/api/plugins/demo/${number}:${'b'.repeat(number)}`));
      });
    });

    it('stays open after a body was refused', async () => {
      await withHost(
        mount,
        () => text('ok'),
        async (url) => {
          for (let round = 0; round < 3; round += 1) {
            const refused = await fetch(`${url}/api/plugins/demo`, {
              method: 'POST',
              body: Buffer.alloc(2 * MB),
            });
            expect(refused.status).toBe(413);
            await refused.arrayBuffer();
            const served = await fetch(`${url}/api/plugins/demo`, { method: 'POST', body: 'small' });
            expect(await served.text()).toBe('ok');
          }
        },
      );
    });
  });
}
