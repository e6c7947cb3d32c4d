import { once } from 'node:events';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { PluginResponse } from '@verifywise/plugin-types';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { currentFrame, runAttributed } from '../foundation/attribution.js';
import { jsonResponse } from './json-response.js';
import { openPluginResponse, type PluginResponseFacade } from './plugin-response.js';

const open = (method = 'GET', signal = new AbortController().signal) =>
  openPluginResponse({ method, signal });

const readText = async (stream: Readable): Promise<string> => {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
};

describe('a plugin’s response', () => {
  it('is what plugin-types promises its authors', () => {
    expectTypeOf<PluginResponseFacade>().toExtend<PluginResponse>();
    expect(open().response.headersSent).toBe(false);
  });

  it.each<[string, (res: PluginResponseFacade) => unknown, object]>([
    [
      'json',
      (res) => res.status(201).json({ a: 1 }),
      { status: 201, body: { kind: 'json', value: { a: 1 }, text: '{"a":1}' } },
    ],
    ['json of undefined', (res) => res.json(undefined), { body: { kind: 'empty' } }],
    [
      'json with a type of its own',
      (res) => res.type('application/hal+json').json([]),
      { headers: { 'content-type': 'application/hal+json' } },
    ],
    [
      'send of text',
      (res) => res.send('é'),
      { headers: { 'content-type': 'text/html; charset=utf-8' }, body: { kind: 'text', text: 'é' } },
    ],
    [
      'send of typed text',
      (res) => res.setHeader('content-type', 'text/css').send('a{}'),
      { headers: { 'content-type': 'text/css; charset=utf-8' } },
    ],
    [
      'send of bytes',
      (res) => res.send(new Uint8Array([1, 2])),
      {
        headers: { 'content-type': 'application/octet-stream' },
        body: { kind: 'bytes', bytes: Buffer.from([1, 2]) },
      },
    ],
    ['send of a number', (res) => res.send(7), { body: { kind: 'json', text: '7' } }],
    ['send of null', (res) => res.send(null), { headers: {}, body: { kind: 'empty' } }],
    ['send of nothing', (res) => res.send(), { headers: {}, body: { kind: 'empty' } }],
    [
      'sendStatus',
      (res) => res.sendStatus(404),
      { status: 404, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: { text: 'Not Found' } },
    ],
    [
      'redirect',
      (res) => res.redirect('/é%20'),
      {
        status: 302,
        headers: { location: '/%C3%A9%20', 'content-type': 'text/plain; charset=utf-8' },
        body: { text: 'Found. Redirecting to /%C3%A9%20' },
      },
    ],
    ['end of nothing', (res) => res.end(), { status: 200, headers: {}, body: { kind: 'empty' } }],
    ['end of text', (res) => res.end('x'), { headers: {}, body: { kind: 'text', text: 'x' } }],
    [
      'end of encoded text',
      (res) => res.end('ff00', 'hex'),
      { body: { kind: 'bytes', bytes: Buffer.from([255, 0]) } },
    ],
    [
      'writeHead and end',
      (res) => res.writeHead(202, 'Fine', { 'X-A': 'b' }).end('x'),
      { status: 202, headers: { 'x-a': 'b' } },
    ],
    [
      'a length for one piece, which is the adapter’s to say',
      (res) => res.set('content-length', 99).end('x'),
      { headers: {} },
    ],
    ['204', (res) => res.status(204).json({ a: 1 }), { status: 204, headers: {}, body: { kind: 'empty' } }],
    [
      '304 with a tag',
      (res) => res.status(304).set({ etag: '"a"', 'content-length': 5 }).end('x'),
      { headers: { etag: '"a"' }, body: { kind: 'empty' } },
    ],
    [
      'cookies',
      (res) => res.cookie('a', 1).clearCookie('b').end(),
      { headers: { 'set-cookie': ['a=1; Path=/', 'b=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT'] } },
    ],
  ])('answers by %s', async (_name, respond, expected) => {
    const { response, answer } = open();
    respond(response);
    expect(response.headersSent).toBe(true);
    const given = await answer;
    expect(given).toMatchObject(expected);
    if ('headers' in expected) expect(given.headers).toEqual(expected.headers);
  });

  it('takes what json was given at that moment', async () => {
    const { response, answer } = open();
    const value = { a: 1 };
    response.json(value);
    value.a = 2;
    expect((await answer).body).toMatchObject({ text: '{"a":1}' });
  });

  it('emits finish, then close, as a writable stream does', async () => {
    const { response } = open();
    const events: string[] = [];
    response.on('finish', () => events.push('finish')).on('close', () => events.push('close'));
    response.end('x', () => events.push('callback'));
    await once(response, 'close');
    expect(events).toEqual(['callback', 'finish', 'close']);
  });

  it.each([99, 100, 199, 600, 200.5, Number.NaN, '200' as unknown as number])(
    'refuses the status %s',
    (status) => {
      const { response } = open();
      expect(() => response.status(status)).toThrow(RangeError);
      expect(response.statusCode).toBe(200);
    },
  );

  it('throws as Express does where the plugin answers twice', async () => {
    const { response, answer } = open();
    response.json(1);
    const sent = expect.objectContaining({ code: 'ERR_HTTP_HEADERS_SENT' });
    expect(() => response.json(2)).toThrow(sent);
    expect(() => response.send('x')).toThrow(sent);
    expect(() => response.redirect('/')).toThrow(sent);
    expect(() => response.set('x-a', '1')).toThrow(sent);
    expect(() => response.removeHeader('x-a')).toThrow(sent);
    expect(() => response.writeHead(200)).toThrow(sent);
    expect((await answer).body).toMatchObject({ text: '1' });
  });

  it('takes late pieces of a body for nothing', async () => {
    const { response } = open();
    response.end('x');
    const late = new Promise((resolve) => response.write('late', resolve));
    expect(response.write('late')).toBe(false);
    expect(response.end('late')).toBe(response);
    expect(await late).toBeInstanceOf(Error);
    await new Promise<void>((resolve) => response.end(resolve));
  });

  it('can be answered in the plugin’s place, and then takes everything for nothing', async () => {
    const { response, answer, answerInstead } = open();
    expect(answerInstead(jsonResponse(504, {}))).toBe(true);
    expect(response.headersSent).toBe(true);
    response
      .status(200)
      .set('x-a', '1')
      .append('x-a', '2')
      .vary('x')
      .type('txt')
      .attachment('a')
      .cookie('a', 1)
      .removeHeader('x');
    response.json(1).send('x').sendStatus(200).writeHead(200).end('x');
    response.redirect('/');
    response.flushHeaders();
    expect(response.write('x')).toBe(false);
    await once(response, 'close');
    expect(await answer).toMatchObject({ status: 504 });
    expect(answerInstead(jsonResponse(500, {}))).toBe(false);
  });

  it('is not answered in the plugin’s place once the plugin has answered', async () => {
    const { response, answer, answerInstead } = open();
    response.json(1);
    expect(answerInstead(jsonResponse(504, {}))).toBe(false);
    expect(await answer).toMatchObject({ status: 200 });
  });

  it('rejects with what destroyed it before there was an answer', async () => {
    const { response, answer } = open();
    const source = new Readable({
      read() {
        this.destroy(new Error('no such file'));
      },
    });
    await expect(pipeline(source, response)).rejects.toThrow('no such file');
    await expect(answer).rejects.toThrow('no such file');
  });

  describe('written bit by bit', () => {
    it('is a stream from the first piece on', async () => {
      const { response, answer } = open();
      response.type('txt').write('a');
      expect(response.headersSent).toBe(true);
      const { headers, body } = await answer;
      expect(headers).toEqual({ 'content-type': 'text/plain; charset=utf-8' });
      response.write(Buffer.from('b'));
      response.cork();
      response.write('c');
      response.end('d');
      expect(body.kind === 'stream' && (await readText(body.stream))).toBe('abcd');
    });

    it('loses nothing that was corked before the end', async () => {
      const { response, answer } = open();
      response.cork();
      response.write('a');
      response.end('b');
      const { body } = await answer;
      expect(body.kind === 'stream' && (await readText(body.stream))).toBe('ab');
    });

    it('holds the plugin back until the client reads', async () => {
      const { response, answer } = open();
      const chunk = Buffer.alloc(16 * 1024);
      let written = 0;
      let drains = 0;
      const fill = () => {
        while (written < 64) {
          written += 1;
          if (!response.write(chunk)) return;
        }
        response.end();
      };
      response.on('drain', () => {
        drains += 1;
        fill();
      });
      fill();
      expect(written).toBeLessThan(64);
      const { body } = await answer;
      const text = body.kind === 'stream' ? await readText(body.stream) : '';
      expect(text.length).toBe(64 * chunk.length);
      expect(drains).toBeGreaterThan(0);
    });

    it('ends with the plugin’s stream when whoever reads goes away', async () => {
      const { response, answer } = open();
      const source = new Readable({ read() {} });
      source.push('x');
      const piped = pipeline(source, response);
      const { body } = await answer;
      if (body.kind === 'stream') body.stream.destroy();
      await expect(piped).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
      expect(source.destroyed).toBe(true);
    });

    it('waits for a client that begins to read when the plugin has long finished', async () => {
      const { response, answer } = open();
      response.write('a');
      response.end('b');
      const { body } = await answer;
      await once(response, 'close');
      await new Promise((resolve) => setImmediate(resolve));
      expect(body.kind === 'stream' && (await readText(body.stream))).toBe('ab');
    });

    it('may fail before anybody reads', async () => {
      const { response, answer } = open();
      response.write('x');
      const { body } = await answer;
      response.destroy(new Error('too early'));
      await new Promise((resolve) => setImmediate(resolve));
      await expect(body.kind === 'stream' && readText(body.stream)).rejects.toThrow('too early');
    });

    it('breaks off with the error that destroys it', async () => {
      const { response, answer } = open();
      response.write('x');
      const { body } = await answer;
      response.destroy(new Error('half-way'));
      await expect(body.kind === 'stream' && readText(body.stream)).rejects.toThrow('half-way');
    });

    it.each([
      ['HEAD', 200],
      ['GET', 204],
    ])('drops what is written where there can be no body: %s %i', async (method, status) => {
      const { response, answer } = open(method);
      const source = Readable.from(Array.from({ length: 20 }, () => Buffer.alloc(16_384)));
      await pipeline(source, response.status(status).set('x-a', '1'));
      expect(await answer).toEqual({ status, headers: { 'x-a': '1' }, body: { kind: 'empty' } });
    });
  });

  it('is over when the client leaves first, with status 499 that nobody gets to see', async () => {
    const client = new AbortController();
    const { response, answer } = open('GET', client.signal);
    const closed = once(response, 'close');
    client.abort();
    await closed;
    expect(await answer).toMatchObject({ status: 499, body: { kind: 'empty' } });
    expect(response.json({})).toBe(response);
    expect(open('GET', client.signal).response.destroyed).toBe(true);
  });

  it('calls the plugin’s listeners in the plugin’s frame, whoever caused the event', async () => {
    const frame = { key: { tenant: 'acme', pluginId: 'demo' }, callback: 'GET /', depth: 0 };
    const client = new AbortController();
    const seen: [string, unknown][] = [];
    const note = (name: string) => () => seen.push([name, currentFrame()]);
    const { response, answer } = runAttributed(frame, () => {
      const exchange = open('GET', client.signal);
      exchange.response.on('drain', note('drain')).on('close', note('close'));
      while (exchange.response.write(Buffer.alloc(16_384), note('written')));
      return exchange;
    });
    const { body } = await answer;
    const sink = new Transform({ transform: (_chunk, _encoding, callback) => callback() });
    if (body.kind === 'stream') body.stream.pipe(sink);
    await once(response, 'drain');
    client.abort();
    await once(response, 'close');
    expect(new Set(seen.map(([name]) => name))).toEqual(new Set(['written', 'drain', 'close']));
    expect(seen.map(([, current]) => current)).toEqual(seen.map(() => frame));
  });
});
