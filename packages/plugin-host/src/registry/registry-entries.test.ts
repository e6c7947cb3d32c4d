import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { documentOf, entry, idsOf, RegistryRig } from './fixtures/registry-rig.js';

let rig: RegistryRig;
beforeEach(() => {
  rig = new RegistryRig();
});
afterEach(() => rig.close());

describe('an entry', () => {
  it('that is not valid is left out and logged; the others stand', async () => {
    const { url } = await rig.serve(
      documentOf(
        entry({ id: 'first' }),
        entry({ id: 'bad', checksum: 'md5:x' }),
        'nonsense',
        entry({ id: 'last' }),
      ),
    );
    expect(await idsOf(rig.client(url))).toEqual({ ids: ['first', 'last'], stale: false });
    expect(rig.logs.map(({ level, data }) => ({ level, entry: data.entry }))).toEqual([
      { level: 'warn', entry: expect.objectContaining({ index: 1, id: 'bad' }) },
      { level: 'warn', entry: expect.objectContaining({ index: 2 }) },
    ]);
  });

  it.each(['https://github.com:99999/x.zip', 'https://[::1/x.zip', 'https://exa%zzmple.com/x.zip'])(
    'with an address that is none is left out alone: %s',
    async (download) => {
      const { url } = await rig.serve(
        documentOf(
          entry({ id: 'first', download }),
          entry({ id: 'second', icon: download }),
          entry({ id: 'last' }),
        ),
      );
      expect(await idsOf(rig.client(url))).toEqual({ ids: ['last'], stale: false });
      expect(rig.logs.map(({ data }) => data.entry)).toEqual([
        expect.objectContaining({ id: 'first' }),
        expect.objectContaining({ id: 'second' }),
      ]);
    },
  );

  it('loses only the version whose address is none', async () => {
    const { url } = await rig.serve(
      documentOf(entry({ version: '1.0.0' }), entry({ version: '2.0.0', download: 'https://[::1/x.zip' })),
    );
    const registry = rig.client(url);
    await registry.read();
    expect(registry.offered('slack')).toMatchObject({ version: '1.0.0', versions: [{ version: '1.0.0' }] });
  });

  it('has its addresses resolved against the registry’s own', async () => {
    const { url, server } = await rig.serve(
      documentOf(
        entry({ id: 'beside', download: './packages/x.zip', icon: 'icons/x.png' }),
        entry({ id: 'rooted', download: '/x.zip?v=1' }),
        entry({ id: 'elsewhere', download: 'https://github.com/x.zip' }),
      ),
    );
    const { registry } = await rig.client(url).read();
    expect(registry.plugins.map(({ download }) => download)).toEqual([
      server.url('/packages/x.zip').href,
      server.url('/x.zip?v=1').href,
      'https://github.com/x.zip',
    ]);
    expect(registry.plugins[0]?.icon).toBe(server.url('/icons/x.png').href);
    expect(registry.plugins[0]?.versions[0]?.download).toBe(server.url('/packages/x.zip').href);
    expect(registry.plugins[1]).not.toHaveProperty('icon');
  });

  it('does not inherit the registry’s login', async () => {
    const { server } = await rig.serve(documentOf(entry({ download: './x.zip', icon: 'x.png' })));
    const url = new URL(`http://user:hunter2@127.0.0.1:${server.port}/registry.json`);
    expect(JSON.stringify(await rig.client(url).read())).not.toMatch(/hunter2|user:/);
  });

  it('may stand beside a registry that is a file', async () => {
    const file = join(rig.folder, 'registry.json');
    writeFileSync(file, documentOf(entry({ download: './x.zip' })));
    const { registry } = await rig.client(pathToFileURL(file)).read();
    expect(registry.plugins[0]?.download).toBe(pathToFileURL(join(rig.folder, 'x.zip')).href);
  });
});
