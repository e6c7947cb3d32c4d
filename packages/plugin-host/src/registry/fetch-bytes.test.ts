import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { urlNotAllowed } from '../foundation/errors/index.js';
import { failed, fetch, KB, NO_NAME } from './fixtures/fetching.js';
import { closeServers, serve, serveSocket } from './fixtures/loopback-server.js';

// Each test ends only once the client has closed every connection.
afterEach(closeServers);

describe('fetching', () => {
  it('gives the bytes as they are', async () => {
    const bytes = Buffer.from(Array.from({ length: 60 * KB }, (_, n) => n % 251));
    const server = await serve((_, response) => response.end(bytes));
    expect((await fetch(server.url('/x.zip'))).equals(bytes)).toBe(true);
    expect(server.requests).toEqual(['GET /x.zip']);
  });

  it('gives bytes that come in pieces, and none at all', async () => {
    const server = await serve(async (request, response) => {
      if (request.url === '/pieces') {
        for (const piece of ['one ', 'two ', 'three']) {
          response.write(piece);
          await new Promise(setImmediate);
        }
      }
      response.end();
    });
    expect(String(await fetch(server.url('/pieces')))).toBe('one two three');
    expect(await fetch(server.url('/empty'))).toHaveLength(0);
  });

  it.each([
    ['gzip', gzipSync],
    ['X-GZIP', gzipSync],
    ['br', brotliCompressSync],
    ['identity', (bytes: Buffer) => bytes],
  ])('decodes %s', async (encoding, encode) => {
    const server = await serve((_, response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(encode(Buffer.from('decoded'))),
    );
    expect(String(await fetch(server.url()))).toBe('decoded');
  });

  it.each([400, 401, 403, 404, 410, 429, 500, 502, 503, 304])(
    'fails with what the server answered: %s',
    async (status) => {
      const server = await serve((_, response) => response.writeHead(status).end());
      await expect(fetch(server.url())).rejects.toMatchObject(failed(`answered ${status}`));
    },
  );

  it('fails where nobody listens', async () => {
    const server = await serve(() => {});
    const url = server.url();
    await closeServers();
    await expect(fetch(url)).rejects.toMatchObject(failed('ECONNREFUSED'));
  });

  it('fails where the name is none', async () => {
    await expect(fetch(NO_NAME)).rejects.toMatchObject(failed('ENOTFOUND'));
  });

  it('fails where the server does not speak HTTP', async () => {
    const server = await serveSocket((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'));
    await expect(fetch(server.url())).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
  });

  it('fails where the server does not speak TLS', async () => {
    const server = await serve((_, response) => response.end());
    const url = new URL(`https://127.0.0.1:${server.port}/`);
    await expect(fetch(url)).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
    expect(server.requests).toEqual([]);
  });

  it('never shows a login', async () => {
    const server = await serve((_, response) => response.writeHead(404).end());
    const url = new URL(`http://user:hunter2@127.0.0.1:${server.port}/`);
    const error: unknown = await fetch(url).catch((each: unknown) => each);
    expect(error).toMatchObject({ code: 'DOWNLOAD_FAILED', details: { url: server.url().href } });
  });
});

describe('an answer that is not whole', () => {
  it('fails where the connection is reset', async () => {
    const server = await serveSocket((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf of it');
        setImmediate(() => socket.resetAndDestroy());
      });
    });
    await expect(fetch(server.url())).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
  });

  it('fails where it is shorter than it says', async () => {
    const server = await serveSocket((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf of it'));
    });
    await expect(fetch(server.url())).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
  });

  it('fails where its last chunk is missing', async () => {
    const server = await serveSocket((socket) => {
      socket.once('data', () =>
        socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n'),
      );
    });
    await expect(fetch(server.url())).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
  });

  it('is never more than it says', async () => {
    const server = await serveSocket((socket) => {
      socket.once('data', () =>
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nfour and more'),
      );
    });
    const outcome = await fetch(server.url()).then(String, (error: { code: string }) => error.code);
    expect(['four', 'DOWNLOAD_FAILED']).toContain(outcome);
  });

  it('fails where what is compressed is cut short, or is not compressed at all', async () => {
    const whole = gzipSync(Buffer.from('x'.repeat(1000)));
    const server = await serve((request, response) =>
      response
        .writeHead(200, { 'content-encoding': 'gzip' })
        .end(request.url === '/short' ? whole.subarray(0, whole.length - 10) : 'plain'),
    );
    await expect(fetch(server.url('/short'))).rejects.toMatchObject(failed('unexpected end of file'));
    await expect(fetch(server.url('/plain'))).rejects.toMatchObject(failed('incorrect header check'));
  });

  it.each(['zstd', 'gzip, gzip', 'deflate', 'aes128gcm'])(
    'fails in an encoding nobody asked for: %s',
    async (encoding) => {
      const server = await serve((_, response) =>
        response.writeHead(200, { 'content-encoding': encoding }).end('x'),
      );
      await expect(fetch(server.url())).rejects.toMatchObject(failed(`sent it as ${encoding}`));
    },
  );
});

describe('a file', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'fetch-bytes-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string) => pathToFileURL(join(folder, name));
  const write = (name: string, bytes: Buffer) => {
    writeFileSync(join(folder, name), bytes);
    return file(name);
  };

  it('is read', async () => {
    const bytes = Buffer.from([0, 1, 255]);
    expect((await fetch(write('x y.zip', bytes))).equals(bytes)).toBe(true);
    expect(await fetch(write('empty', Buffer.alloc(0)))).toHaveLength(0);
    expect(await fetch(write('full', Buffer.alloc(64 * KB)))).toHaveLength(64 * KB);
  });

  it('is checked like any address', async () => {
    const check = () => {
      throw urlNotAllowed({ url: 'file:', reason: 'no' });
    };
    await expect(fetch(file('x'), { check })).rejects.toMatchObject({ code: 'URL_NOT_ALLOWED' });
  });

  it('may be as large as a download, and no larger', async () => {
    const url = write('large', Buffer.alloc(64 * KB + 1));
    await expect(fetch(url)).rejects.toMatchObject({ code: 'DOWNLOAD_TOO_LARGE' });
  });

  it.skipIf(process.platform === 'win32')('must be one: no folder, no device without an end', async () => {
    await expect(fetch(new URL('file:///dev/zero'))).rejects.toMatchObject(failed('not a file'));
    await expect(fetch(pathToFileURL(tmpdir()))).rejects.toMatchObject(failed('not a file'));
  });

  it('must be there', async () => {
    await expect(fetch(file('missing'))).rejects.toMatchObject(failed('ENOENT'));
  });
});
