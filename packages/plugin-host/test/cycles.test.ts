import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../src/testing/index.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const MB = 1024 * 1024;

// In a process of its own, where the heap holds the host and nothing else and can be collected on demand.
it('keeps the heap within 10 MB over 1,000 disable and enable cycles and 1,000 reloads', () => {
  const script = join(dirname(fileURLToPath(import.meta.url)), 'fixtures', 'cycles.ts');
  const run = spawnSync(
    process.execPath,
    ['--expose-gc', '--conditions=verifywise-source', '--import', 'tsx', script, database.connectionString],
    { encoding: 'utf8', timeout: 240_000 },
  );
  expect(run.stderr).toBe('');
  const { cycles, reloads, handlesBefore, handlesAfter, listenersBefore, listenersAfter } = JSON.parse(
    run.stdout,
  );
  expect(cycles.count).toBe(1000);
  expect(reloads.count).toBe(1000);
  expect(cycles.heapGrowth).toBeLessThan(10 * MB);
  expect(reloads.heapGrowth).toBeLessThan(10 * MB);
  expect(handlesAfter).toEqual(handlesBefore);
  expect(listenersAfter).toEqual(listenersBefore);
}, 300_000);
