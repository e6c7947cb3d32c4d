import { afterEach, describe, expect, it } from 'vitest';
import { urlNotAllowed } from '../foundation/errors/index.js';
import { failed, fetch, NO_NAME, redirect } from './fixtures/fetching.js';
import { closeServers, serve } from './fixtures/loopback-server.js';

// Each test ends only once the client has closed every connection.
afterEach(closeServers);

describe('redirects', () => {
  it.each([301, 302, 303, 307, 308])(
    'are followed (%s), each hop checked before it is asked',
    async (status) => {
      const target = await serve((_, response) => response.end('arrived'));
      const server = await serve((request, response) => {
        if (request.url === '/a') redirect(response, 'b?c=d', status);
        else redirect(response, target.url('/e').href, status);
      });
      const hops: string[] = [];
      const bytes = await fetch(server.url('/a'), { check: (url) => void hops.push(url.href) });
      expect(String(bytes)).toBe('arrived');
      expect(hops).toEqual([server.url('/a').href, server.url('/b?c=d').href, target.url('/e').href]);
      expect(target.requests).toEqual(['GET /e']);
    },
  );

  it('that the check refuses are not asked', async () => {
    const inner = await serve((_, response) => response.end('secret'));
    const server = await serve((_, response) => redirect(response, inner.url('/metadata').href));
    const check = (url: URL) => {
      if (url.host !== server.url().host) throw urlNotAllowed({ url: url.href, reason: 'no' });
    };
    await expect(fetch(server.url(), { check })).rejects.toMatchObject({
      code: 'URL_NOT_ALLOWED',
      details: { url: inner.url('/metadata').href },
    });
    expect(inner.requests).toEqual([]);
  });

  it('are refused at the start, too', async () => {
    const server = await serve((_, response) => response.end());
    const check = () => {
      throw urlNotAllowed({ url: 'x', reason: 'no' });
    };
    await expect(fetch(server.url(), { check })).rejects.toMatchObject({ code: 'URL_NOT_ALLOWED' });
    expect(server.requests).toEqual([]);
  });

  const countdown = () =>
    serve((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) response.end('arrived');
      else redirect(response, `/${left - 1}`);
    });

  it('are followed as often as allowed', async () => {
    const server = await countdown();
    expect(String(await fetch(server.url('/5')))).toBe('arrived');
    expect(String(await fetch(server.url('/0'), { redirects: 0 }))).toBe('arrived');
  });

  it('are followed no more often', async () => {
    const server = await countdown();
    await expect(fetch(server.url('/6'))).rejects.toMatchObject(failed('more than 5 times'));
    expect(server.requests).toHaveLength(6);
  });

  it('in a circle end', async () => {
    const server = await serve((_, response) => redirect(response, '/'));
    await expect(fetch(server.url())).rejects.toMatchObject(failed('more than 5 times'));
    expect(server.requests).toHaveLength(6);
  });

  it.each<[string, string, RegExp]>([
    ['a file', 'file:///etc/passwd', /a file: address/],
    ['ftp', 'ftp://127.0.0.1/x', /a ftp: address/],
    ['data', 'data:text/plain,x', /a data: address/],
    ['no address', 'http://[::1', /Invalid URL/],
  ])('to %s are not followed, whatever the check says', async (_, location, reason) => {
    const server = await serve((_, response) => redirect(response, location));
    await expect(fetch(server.url())).rejects.toMatchObject(failed(reason));
  });

  it('without an address are answers like others', async () => {
    const server = await serve((_, response) => response.writeHead(302).end());
    await expect(fetch(server.url())).rejects.toMatchObject(failed('answered 302'));
  });

  it('keep no login for another host', async () => {
    let authorization: string | undefined;
    const target = await serve((request, response) => {
      authorization = request.headers.authorization;
      response.end('arrived');
    });
    const server = await serve((_, response) => redirect(response, target.url().href));
    const url = new URL(`http://user:hunter2@127.0.0.1:${server.port}/`);
    expect(String(await fetch(url))).toBe('arrived');
    expect(authorization).toBeUndefined();
  });
});

describe('an address that must be public', () => {
  const mustBePublic = () => true;

  it.each([
    'localhost',
    '127.0.0.1',
    '0x7f.1',
    '2130706433',
    '0.0.0.0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::]',
  ])('is refused where it is this machine, by its name as by its number: %s', async (host) => {
    const server = await serve((_, response) => response.end('secret'));
    const url = new URL(`http://${host}:${server.port}/`);
    await expect(fetch(url, { mustBePublic })).rejects.toMatchObject({
      code: 'URL_NOT_ALLOWED',
      details: { reason: expect.stringMatching('not on the public internet') },
    });
    expect(server.requests).toEqual([]);
  });

  it('is refused where a redirect leads to it', async () => {
    const inner = await serve((_, response) => response.end('secret'));
    const server = await serve((_, response) => redirect(response, `http://localhost:${inner.port}/`));
    const onlyInner = (url: URL) => url.hostname === 'localhost';
    await expect(fetch(server.url(), { mustBePublic: onlyInner })).rejects.toMatchObject({
      code: 'URL_NOT_ALLOWED',
    });
    expect(inner.requests).toEqual([]);
  });

  it('that does not exist fails as any other', async () => {
    await expect(fetch(NO_NAME, { mustBePublic })).rejects.toMatchObject(failed('ENOTFOUND'));
  });
});
