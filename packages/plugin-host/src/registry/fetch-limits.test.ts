import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { fetch, KB, redirect } from './fixtures/fetching.js';
import { closeServers, serve } from './fixtures/loopback-server.js';

// Each test ends only once the client has closed every connection.
afterEach(closeServers);

describe('an answer that is too large', () => {
  const tooLarge = { code: 'DOWNLOAD_TOO_LARGE', status: 502, details: { limit: 64 * KB } };

  it('may be exactly as large as allowed', async () => {
    const server = await serve((_, response) => response.end(Buffer.alloc(64 * KB)));
    expect(await fetch(server.url())).toHaveLength(64 * KB);
  });

  it('is refused by one byte', async () => {
    const server = await serve((_, response) => {
      response.write(Buffer.alloc(64 * KB));
      response.end('x');
    });
    await expect(fetch(server.url())).rejects.toMatchObject(tooLarge);
  });

  it('is refused by what it says of itself, before it is sent', async () => {
    const server = await serve((_, response) =>
      response.writeHead(200, { 'content-length': 50_000_000 }).flushHeaders(),
    );
    await expect(fetch(server.url())).rejects.toMatchObject(tooLarge);
  });

  it('is cut off where it never ends', async () => {
    let closed: Promise<unknown> | undefined;
    const server = await serve((_, response) => {
      closed = once(response, 'close');
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(16 * KB)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    await expect(fetch(server.url())).rejects.toMatchObject(tooLarge);
    await closed;
  });

  it('is cut off where it grows on the way: 50 MB of zeros in 50 kB', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    expect(bomb.length).toBeLessThan(64 * KB);
    const server = await serve((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    );
    await expect(fetch(server.url())).rejects.toMatchObject(tooLarge);
  });

  it('is cut off after a redirect as well', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/') redirect(response, '/large');
      else response.end(Buffer.alloc(65 * KB));
    });
    await expect(fetch(server.url())).rejects.toMatchObject(tooLarge);
  });
});

describe('an answer that takes too long', () => {
  const timeout = (ms: number) => ({ code: 'DOWNLOAD_TIMEOUT', status: 504, details: { ms } });

  it('is given up where it never begins', async () => {
    const server = await serve(() => {});
    await expect(fetch(server.url(), { idleMs: 50 })).rejects.toMatchObject(timeout(50));
  });

  it('is given up where it stands still half-way', async () => {
    const server = await serve((_, response) => void response.write('half of it'));
    await expect(fetch(server.url(), { idleMs: 50 })).rejects.toMatchObject(timeout(50));
  });

  it('is given up where it comes in drops, each in time', async () => {
    const server = await serve((_, response) => {
      const drip = setInterval(() => response.write('.'), 5);
      response.on('close', () => clearInterval(drip));
    });
    await expect(fetch(server.url(), { totalMs: 100 })).rejects.toMatchObject(timeout(100));
  });

  it('is given up where it redirects in time, again and again', async () => {
    const server = await serve((request, response) => {
      setTimeout(() => redirect(response, `${request.url}x`), 5);
    });
    await expect(fetch(server.url(), { totalMs: 100, redirects: 1_000 })).rejects.toMatchObject(timeout(100));
  });

  it('is waited for where it goes on: drops take longer in all than it may stand still', async () => {
    const server = await serve((_, response) => {
      let left = 8;
      const drip = setInterval(() => {
        left -= 1;
        if (left > 0) response.write('.');
        else response.end('.');
      }, 250);
      response.on('close', () => clearInterval(drip));
    });
    expect(String(await fetch(server.url(), { idleMs: 1_500 }))).toBe('........');
  });
});
