import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, documentOf, entry, idsOf, MINUTE, RegistryRig } from './fixtures/registry-rig.js';

let rig: RegistryRig;
beforeEach(() => {
  rig = new RegistryRig();
});
afterEach(() => rig.close());

const redirectTo = (location: string, reason: RegExp) => ({
  reason,
  instead: (response: ServerResponse) => response.writeHead(302, { location }).end(),
});
/** What is changed of a good answer, or of the limits. */
const BAD_ANSWERS: Readonly<Record<string, Partial<Answer> & { registryMs?: number; reason?: RegExp }>> = {
  'answers 500': { status: 500, reason: /answered 500/ },
  'answers 404': { status: 404 },
  'breaks off': { instead: (response) => response.destroy() },
  'is silent': { instead: () => {}, registryMs: 50, reason: /within 50 ms/ },
  'is too large': { body: Buffer.alloc(100_001, ' '), reason: /larger than the 100000 bytes/ },
  'redirects in a circle': redirectTo('/registry.json', /more than 5 times/),
  'redirects to a file': redirectTo('file:///etc/passwd', /redirects to a file: address/),
  'redirects to plain http elsewhere': redirectTo('http://169.254.169.254/', /on this machine alone/),
  'redirects to another name of this machine': redirectTo('https://localhost/', /not on the public internet/),
  'redirects to a private network': redirectTo('https://10.0.0.1/', /not on the public internet/),
  'is a web page': { body: '<!DOCTYPE html><html></html>' },
  'is cut short': { body: documentOf(entry()).slice(0, -5) },
  'is empty': { body: '' },
  'is a list': { body: '[]' },
  'has no plugins': { body: '{"version":"1.0.0"}' },
  'is nested beyond reason': { body: '['.repeat(50_000) },
};

describe('a registry that cannot be read', () => {
  it.each(Object.keys(BAD_ANSWERS))(
    'because it %s is told so without an earlier copy, and served from it with one',
    async (name) => {
      const { url, answer } = await rig.serve();
      const limits = { registryBytes: 100_000, registryMs: 20_000, redirects: 5 };
      const registry = rig.client(url, { limits });
      await registry.read();

      const { registryMs = limits.registryMs, reason = /./, ...change } = BAD_ANSWERS[name] ?? {};
      Object.assign(answer, change);
      limits.registryMs = registryMs;
      const isBody = change.body !== undefined && name !== 'is too large';
      const code = isBody ? 'REGISTRY_INVALID' : 'REGISTRY_UNAVAILABLE';
      await expect(rig.client(url, { limits }).read()).rejects.toMatchObject({
        code,
        status: 502,
        details: { url: url.href, reason: expect.stringMatching(reason) },
      });
      expect(await idsOf(registry, { refresh: true })).toEqual({ ids: ['slack'], stale: true });
      expect(rig.logs).toEqual([
        {
          level: 'warn',
          data: { url: url.href, err: expect.objectContaining({ code }) },
          message: expect.stringMatching('last copy is served'),
        },
      ]);
    },
  );

  it('is left alone for 30 seconds, then asked again, and fresh as soon as it answers', async () => {
    const { url, server, answer } = await rig.serve();
    const registry = rig.client(url);
    await registry.read();
    answer.status = 500;
    rig.clock += 15 * MINUTE;
    expect(await idsOf(registry)).toEqual({ ids: ['slack'], stale: true });
    expect(server.requests).toHaveLength(2);
    rig.clock += 29_999;
    expect(await idsOf(registry)).toEqual({ ids: ['slack'], stale: true });
    expect(server.requests).toHaveLength(2);
    rig.clock += 1;
    expect(await idsOf(registry)).toEqual({ ids: ['slack'], stale: true });
    expect(server.requests).toHaveLength(3);
    answer.status = 200;
    answer.body = documentOf(entry({ id: 'jira' }));
    expect(await idsOf(registry, { refresh: true })).toEqual({ ids: ['jira'], stale: false });
    rig.clock += 15 * MINUTE - 1;
    expect(await idsOf(registry)).toEqual({ ids: ['jira'], stale: false });
    expect(server.requests).toHaveLength(4);
  });

  it.each([
    ['http://registry.example/registry.json', /on this machine alone/],
    ['http://10.0.0.1/registry.json', /on this machine alone/],
    ['ftp://127.0.0.1/registry.json', /none of a registry/],
    ['data:application/json,{"plugins":[]}', /none of a registry/],
  ])('because of its address alone is not asked: %s', async (url, reason) => {
    await expect(rig.client(new URL(url)).read()).rejects.toMatchObject({
      code: 'REGISTRY_UNAVAILABLE',
      details: { reason: expect.stringMatching(reason) },
    });
  });

  it('does not show its login', async () => {
    const { server, answer } = await rig.serve();
    answer.status = 401;
    const url = new URL(`http://user:hunter2@127.0.0.1:${server.port}/registry.json`);
    const error: unknown = await rig
      .client(url)
      .read()
      .catch((each: unknown) => each);
    expect(error).toMatchObject({
      code: 'REGISTRY_UNAVAILABLE',
      details: { url: server.url('/registry.json').href },
    });
    expect(String((error as Error).message)).not.toMatch(/hunter2/);
  });
});
