import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Runs an example host that is not going to start, to its end. */
async function refused(framework: string, { args = [], env = {} }: { args?: string[]; env?: object }) {
  const child = spawn(
    process.execPath,
    [resolve(root, 'examples', `${framework}-host`, 'dist/main.js'), ...args],
    { env: { ...process.env, PORT: '0', DATABASE_URL: '', ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { out, err, code };
}

describe.each(['express', 'fastify'])('the %s example host that cannot start', (framework) => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'plugin-host-refusal-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('names an option it does not know, and shows what there is', async () => {
    const { out, err, code } = await refused(framework, { args: ['--port=1'], env: { DATA_DIR: folder } });
    expect([err.trim(), code]).toEqual(['Unknown option --port=1.', 2]);
    expect(out).toContain('DATABASE_URL');
  });

  it('names a DATA_DIR that is no folder, in one line', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const { err, code } = await refused(framework, { env: { DATA_DIR: file } });
    expect([err.trim().split('\n').length, code]).toEqual([1, 1]);
    expect(err).toContain('DATA_DIR must be a folder');
  });

  it('says what is wrong with the secrets key and how to make one, without a stack', async () => {
    const { err, code } = await refused(framework, {
      env: { DATA_DIR: folder, PLUGIN_SECRETS_KEY: 'hunter2' },
    });
    expect(code).toBe(1);
    expect(err).toMatch(/^SECRETS_KEY_INVALID: /m);
    expect(err).toContain('openssl rand -hex 32');
    expect(err).not.toMatch(/^ +at /m);
  });

  it('stops its database when the port is taken', { timeout: 60_000 }, async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { err, code } = await refused(framework, { env: { DATA_DIR: folder, PORT: String(port) } });
    taken.close();
    expect([err.split('\n').at(-2), code]).toEqual([
      `listen EADDRINUSE: address already in use 127.0.0.1:${port}`,
      1,
    ]);
    expect(existsSync(join(folder, 'postgres/cluster/PG_VERSION'))).toBe(true);
    expect(existsSync(join(folder, 'postgres/cluster/postmaster.pid'))).toBe(false);
  });
});
