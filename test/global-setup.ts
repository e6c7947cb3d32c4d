import { mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { Cluster } from '../packages/plugin-host/src/embedded/cluster.js';
import { startEmbeddedPostgres } from '../packages/plugin-host/src/embedded/index.js';
import { identify, isRunning } from '../packages/plugin-host/src/embedded/process-identity.js';
import {
  createTestDatabase,
  TEST_SERVER_KEY,
  type TestServer,
} from '../packages/plugin-host/src/testing/test-database.js';

declare module 'vitest' {
  interface ProvidedContext {
    [TEST_SERVER_KEY]: TestServer;
  }
}

/**
 * One real Postgres per run, with a template that holds the host's tables; a test file's own database is a copy
 * of it. `PLUGIN_HOST_TEST_SERVER` names another server to use, such as one of an older version.
 */
export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const given = process.env.PLUGIN_HOST_TEST_SERVER;
  const { server, stop } = given ? { server: given, stop: async () => {} } : await startServer();
  try {
    const template = await createTestDatabase({ server });
    // Nobody may be connected to a template.
    await template.pool.end();
    provide(TEST_SERVER_KEY, { server, template: new URL(template.connectionString).pathname.slice(1) });
    return async () => {
      if (given) await template.drop();
      await stop();
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startServer(): Promise<{ server: string; stop: () => Promise<void> }> {
  await removeAbandoned();
  const self = await identify(process.pid);
  const dataDir = join(tmpdir(), `plugin-host-vitest-${self?.pid}-${self?.startedAt}`);
  await mkdir(dataDir, { mode: 0o700 });
  const embedded = await startEmbeddedPostgres({ dataDir, durable: false });
  return {
    server: embedded.connectionString,
    stop: async () => {
      await embedded.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A run that was killed could not stop its server. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const [, pid, startedAt] = /^plugin-host-vitest-(\d+)-(\d+)$/.exec(name) ?? [];
    if (!pid || (await isRunning({ pid: Number(pid), startedAt: Number(startedAt) }))) continue;
    const dataDir = join(tmpdir(), name);
    await (await Cluster.in(dataDir)).settle();
    await rm(dataDir, { recursive: true, force: true });
  }
}
