import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['verifywise-source', 'module', 'node', 'development|production'] } },
  resolve: { conditions: ['verifywise-source', 'module', 'node', 'development|production'] },
  test: {
    include: ['{packages,examples,bench,test}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    // One Postgres for the whole run; each test file gets a database of its own.
    globalSetup: ['test/global-setup.ts'],
    // Processes, so that a file's uncaught exceptions, signals and memory are its own.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
