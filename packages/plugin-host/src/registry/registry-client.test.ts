import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { documentOf, entry, idsOf, MINUTE, RegistryRig } from './fixtures/registry-rig.js';

let rig: RegistryRig;
beforeEach(() => {
  rig = new RegistryRig();
});
afterEach(() => rig.close());

describe('reading the registry', () => {
  it('gives what it offers', async () => {
    const { url } = await rig.serve();
    expect(await rig.client(url).read()).toEqual({
      registry: {
        version: '1.0.0',
        generated: '2026-01-31T12:00:00Z',
        plugins: [{ ...entry(), versions: [entry()] }],
      },
      stale: false,
    });
    expect(rig.logs).toEqual([]);
  });

  it('asks once in 15 minutes', async () => {
    const { url, server, answer } = await rig.serve();
    const registry = rig.client(url);
    await registry.read();
    answer.body = documentOf(entry({ id: 'jira' }));
    rig.clock += 15 * MINUTE - 1;
    expect(await idsOf(registry)).toEqual({ ids: ['slack'], stale: false });
    expect(server.requests).toHaveLength(1);
    rig.clock += 1;
    expect(await idsOf(registry)).toEqual({ ids: ['jira'], stale: false });
    expect(server.requests).toHaveLength(2);
  });

  it('asks as often as it is told, and at once to refresh', async () => {
    const { url, server } = await rig.serve();
    const registry = rig.client(url, { ttlMs: 10 });
    await registry.read();
    rig.clock += 9;
    await registry.read();
    expect(server.requests).toHaveLength(1);
    rig.clock += 1;
    await registry.read();
    expect(server.requests).toHaveLength(2);
    await registry.read({ refresh: true });
    expect(server.requests).toHaveLength(3);
    // A refresh begins the time anew.
    rig.clock += 9;
    await registry.read();
    expect(server.requests).toHaveLength(3);
  });

  it('asks once for all who wait', async () => {
    const { url, server } = await rig.serve();
    const registry = rig.client(url);
    const readings = await Promise.all(
      Array.from({ length: 50 }, (_, n) => registry.read({ refresh: n % 2 === 0 })),
    );
    expect(server.requests).toHaveLength(1);
    expect(new Set(readings.map((reading) => reading.registry)).size).toBe(1);
  });

  it('fails for all who wait, and the next one asks again', async () => {
    const { url, server, answer } = await rig.serve();
    answer.status = 500;
    const registry = rig.client(url);
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => registry.read()));
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['rejected']));
    expect(server.requests).toHaveLength(1);
    answer.status = 200;
    expect(await idsOf(registry)).toEqual({ ids: ['slack'], stale: false });
  });

  it('takes it compressed, with a byte order mark, and with fields it does not know', async () => {
    const document = documentOf(entry({ downloads: 7 }));
    const { url } = await rig.serve(gzipSync(Buffer.from(`\uFEFF${document}`)));
    const { url: compressed, answer } = await rig.serve(gzipSync(Buffer.from(`\uFEFF${document}`)));
    answer.headers = { 'content-encoding': 'gzip' };
    expect(await idsOf(rig.client(compressed))).toEqual({ ids: ['slack'], stale: false });
    await expect(rig.client(url).read()).rejects.toMatchObject({ code: 'REGISTRY_INVALID' });
  });

  it('is refused without one', async () => {
    const registry = rig.client(undefined);
    await expect(registry.read()).rejects.toMatchObject({ code: 'REGISTRY_NOT_CONFIGURED', status: 404 });
    expect(registry.offered('slack')).toBeUndefined();
    expect(await registry.find('slack')).toBeUndefined();
  });
});

describe('what is offered of a plugin', () => {
  it('is known from the last reading, and nobody is asked', async () => {
    const { url, server } = await rig.serve(
      documentOf(entry({ version: '1.0.0' }), entry({ version: '1.10.0' })),
    );
    const registry = rig.client(url);
    expect(registry.offered('slack')).toBeUndefined();
    await new Promise(setImmediate);
    expect(server.requests).toEqual([]);
    await registry.read();
    rig.clock += 60 * MINUTE;
    expect(registry.offered('slack')).toMatchObject({ version: '1.10.0' });
    expect(registry.offered('jira')).toBeUndefined();
    expect(registry.offered('constructor')).toBeUndefined();
    await new Promise(setImmediate);
    expect(server.requests).toHaveLength(1);
  });

  it('is what the registry says now, once it was read again', async () => {
    const { url, answer } = await rig.serve();
    const registry = rig.client(url);
    await registry.read();
    answer.body = documentOf(entry({ id: 'jira' }));
    await registry.read({ refresh: true });
    expect(registry.offered('slack')).toBeUndefined();
    expect(registry.offered('jira')).toMatchObject({ id: 'jira' });
  });
});

describe('finding a release', () => {
  const versions = () =>
    documentOf(entry({ version: '1.9' }), entry({ version: '1.10.0' }), entry({ version: '2.0.0-beta.1' }));

  it('reads the registry where it must, and gives the highest or the one asked for', async () => {
    const { url, server } = await rig.serve(versions());
    const registry = rig.client(url);
    expect(await registry.find('slack')).toMatchObject({ version: '2.0.0-beta.1' });
    expect(await registry.find('slack', '1.9.0')).toMatchObject({ version: '1.9' });
    expect(await registry.find('slack', '1.10')).toMatchObject({ version: '1.10.0' });
    expect(server.requests).toHaveLength(1);
  });

  it.each(['3.0.0', 'latest', '', '1.9.0.0', 'v1.9.0'])('finds nothing for version %j', async (version) => {
    const { url } = await rig.serve(versions());
    expect(await rig.client(url).find('slack', version)).toBeUndefined();
    expect(await rig.client(url).find('jira', version)).toBeUndefined();
  });

  it('finds nothing where the registry is away', async () => {
    const { url, answer } = await rig.serve();
    answer.status = 500;
    expect(await rig.client(url).find('slack')).toBeUndefined();
    expect(rig.logs.map(({ level }) => level)).toEqual(['debug']);
  });

  it('goes by the copy in memory where the registry has gone away since', async () => {
    const { url, answer } = await rig.serve();
    const registry = rig.client(url);
    await registry.read();
    answer.status = 500;
    rig.clock += 15 * MINUTE;
    expect(await registry.find('slack')).toMatchObject({ version: '1.0.0' });
  });
});
