import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, it } from 'vitest';
import { identify } from '../packages/plugin-host/src/embedded/process-identity.js';
import { TEST_SERVER_KEY } from '../packages/plugin-host/src/testing/test-database.js';

const here = dirname(fileURLToPath(import.meta.url));

/** Runs the fixture as a suite of its own, with a Postgres of its own. */
async function runFailingSuite() {
  // What marks this process as a worker of vitest must not reach the other run.
  const { VITEST, VITEST_POOL_ID, VITEST_WORKER_ID, PLUGIN_HOST_TEST_SERVER, ...env } = process.env;
  const child = spawn(
    process.execPath,
    [
      join(here, '..', 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--reporter=default',
      '--config',
      join(here, 'fixtures', 'failing-suite', 'vitest.config.ts'),
    ],
    { env: { ...env, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  let lockFile: Promise<string> | undefined;
  const socketFolder = () => /socket folder: (\S+)/.exec(output)?.[1] ?? '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      // The server is gone when the run is over; its process number is to be had while it lasts.
      if (socketFolder()) lockFile ??= readFile(join(socketFolder(), '.s.PGSQL.5432.lock'), 'utf8');
    });
  }
  const [code] = await once(child, 'close');
  return {
    code,
    output,
    socketFolder: socketFolder(),
    postmaster: Number.parseInt((await lockFile) ?? '', 10),
  };
}

describe('a suite that uses the embedded Postgres and fails', () => {
  it('exits with an error, and leaves neither server nor folder behind', async () => {
    const { code, output, socketFolder, postmaster } = await runFailingSuite();
    expect(output).toContain('1 failed');
    expect(code).toBe(1);
    expect(socketFolder).not.toBe('');
    expect(existsSync(socketFolder)).toBe(false);
    expect(postmaster).toBeGreaterThan(0);
    expect(await identify(postmaster)).toBeUndefined();
    // This run's own server is another one.
    expect(inject(TEST_SERVER_KEY).server).not.toContain(encodeURIComponent(socketFolder));
  }, 60_000);
});
