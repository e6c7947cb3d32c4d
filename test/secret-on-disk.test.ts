import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestRegistry } from '@verifywise/plugin-host/testing';
import { expect, it } from 'vitest';
import { ExampleHost } from './support/example-host.js';

const SECRET = 'needle-of-the-secret-5d1c0b7e';
const PLAIN = 'needle-of-the-plain-setting-9a4f';

it('keeps a secret out of every file and every line, across a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plugin-host-secret-'));
  try {
    const registry = new TestRegistry(join(folder, 'registry'));
    await registry.publish(
      'vault',
      `module.exports = {
         onEnable(context) { context.logger.info('signing in with ' + context.config.get('token')); },
         routes(router, context) { router.get('/it', (req, res) => res.json({ length: context.config.get('token').length })); },
       };`,
      {
        permissions: ['config:read'],
        config: { token: { type: 'string', secret: true }, channel: { type: 'string' } },
      },
    );
    const dataDir = join(folder, 'data');
    const env = { DATA_DIR: dataDir, PLUGIN_REGISTRY_URL: registry.url };
    let host = await ExampleHost.start('express', env);
    const { download, checksum } = (await host.request('admin-acme', 'GET', '/api/marketplace/vault')).body
      .data;
    await host.request('admin-acme', 'POST', '/api/plugins/install-from-url', {
      id: 'vault',
      downloadUrl: download,
      checksum,
    });
    const put = await host.request('admin-acme', 'PUT', '/api/plugins/vault/config', {
      token: SECRET,
      channel: PLAIN,
    });
    expect(put.body.data.config).toEqual({ token: '••••••••', channel: PLAIN });
    await host.request('admin-acme', 'POST', '/api/plugins/vault/enable');
    const printed = [...host.output];
    await host.stop();

    host = await ExampleHost.start('express', env);
    expect((await host.request('user-acme', 'GET', '/api/plugins/vault/it')).body).toEqual({
      length: SECRET.length,
    });
    printed.push(...host.output);
    await host.stop();

    // The plain setting is found in the database's files, so a secret would be.
    expect(filesHolding(dataDir, PLAIN)).not.toEqual([]);
    expect(filesHolding(dataDir, SECRET)).toEqual([]);
    expect(printed.join('\n')).toContain('signing in with ••••••••');
    expect(printed.join('\n')).not.toContain(SECRET);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

function filesHolding(directory: string, text: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((file) => statSync(file).isFile() && readFileSync(file).includes(text));
}
