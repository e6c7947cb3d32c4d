import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readRawBody } from './raw-body.js';

describe('readRawBody', () => {
  it('reads a stream that yields text as well as one that yields bytes', async () => {
    const stream = new PassThrough({ encoding: 'utf8' });
    stream.end('grüße');
    expect(String(await readRawBody(stream, { headers: {}, limit: 100 }))).toBe('grüße');
  });

  it('counts bytes, not characters', async () => {
    const stream = new PassThrough({ encoding: 'utf8' });
    stream.end('ü'.repeat(6));
    await expect(readRawBody(stream, { headers: {}, limit: 11 })).rejects.toMatchObject({
      code: 'BODY_TOO_LARGE',
    });
  });

  it('does not wait for a stream that is already gone', async () => {
    const stream = new PassThrough();
    stream.destroy();
    await once(stream, 'close');
    await expect(readRawBody(stream, { headers: {}, limit: 1 })).rejects.toThrow('went away');
  });

  it('does not wait for a client that leaves in the middle', async () => {
    const stream = new PassThrough();
    const body = readRawBody(stream, { headers: {}, limit: 10 });
    stream.write('half');
    stream.destroy(new Error('ECONNRESET'));
    await expect(body).rejects.toThrow('went away');
  });

  it('cuts off a client that goes on sending after it was refused', async () => {
    const server = createServer(async (message, out) => {
      const error = await readRawBody(message, { headers: message.headers, limit: 10, lingerMs: 30 }).catch(
        String,
      );
      out.end(error);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n');
    const chunk = `400\r\n${'x'.repeat(1024)}\r\n`;
    const sending = setInterval(() => socket.write(chunk), 1);
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toContain('larger than 10 bytes');
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(sending);
    server.close();
    await once(server, 'close');
  });
});
