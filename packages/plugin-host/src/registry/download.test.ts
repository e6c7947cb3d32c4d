import { afterEach, describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, type Limits } from '../foundation/limits.js';
import { Download } from './download.js';
import { closeServers, serve } from './fixtures/loopback-server.js';
import { UrlPolicy } from './url-policy.js';

afterEach(closeServers);

const downloadFrom = (allowedHosts: readonly string[], limits: Partial<Limits> = {}) =>
  new Download(new UrlPolicy({ allowedHosts }), { ...DEFAULT_LIMITS, ...limits });

describe('downloading a package', () => {
  it('needs an address the policy allows', async () => {
    const server = await serve((_, response) => response.end('zip'));
    const url = server.url('/x.zip').href;
    expect(String(await downloadFrom([server.url().host]).fetch(url))).toBe('zip');
    await expect(downloadFrom([]).fetch(url)).rejects.toMatchObject({ code: 'URL_NOT_ALLOWED' });
    await expect(downloadFrom(['127.0.0.1:1']).fetch(url)).rejects.toMatchObject({ code: 'URL_NOT_ALLOWED' });
    await expect(downloadFrom([]).fetch('nonsense')).rejects.toMatchObject({ code: 'URL_NOT_ALLOWED' });
    expect(server.requests).toEqual(['GET /x.zip']);
  });

  it('follows redirects to allowed addresses only', async () => {
    const target = await serve((_, response) => response.end('zip'));
    const server = await serve((_, response) =>
      response.writeHead(302, { location: target.url('/t').href }).end(),
    );
    const [url, host, targetHost] = [server.url().href, server.url().host, target.url().host];
    await expect(downloadFrom([host]).fetch(url)).rejects.toMatchObject({ code: 'URL_NOT_ALLOWED' });
    expect(target.requests).toEqual([]);
    expect(String(await downloadFrom([host, targetHost]).fetch(url))).toBe('zip');
  });

  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'https://github.com@169.254.169.254/',
    'https://github.com:22/',
    'http://github.com/x.zip',
    'file:///etc/passwd',
  ])('is not led to %s', async (location) => {
    const server = await serve((_, response) => response.writeHead(302, { location }).end());
    await expect(downloadFrom([server.url().host]).fetch(server.url().href)).rejects.toMatchObject({
      code: 'URL_NOT_ALLOWED',
    });
  });

  it('keeps to the limits of the host', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/large') response.end(Buffer.alloc(1_001));
      else if (request.url === '/slow') response.write('.');
      else response.writeHead(302, { location: '/' }).end();
    });
    const { host } = server.url();
    const download = downloadFrom([host], { packageBytes: 1_000, redirects: 2 });
    await expect(download.fetch(server.url('/large').href)).rejects.toMatchObject({
      code: 'DOWNLOAD_TOO_LARGE',
    });
    await expect(download.fetch(server.url('/').href)).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
    for (const limit of [{ downloadIdleMs: 50 }, { downloadMs: 50 }]) {
      const impatient = downloadFrom([host], limit).fetch(server.url('/slow').href);
      await expect(impatient).rejects.toMatchObject({ code: 'DOWNLOAD_TIMEOUT', details: { ms: 50 } });
    }
    expect(server.requests.filter((request) => request === 'GET /')).toHaveLength(3);
  });
});
