import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['verifywise-source', 'module', 'node', 'development|production'] } },
  resolve: { conditions: ['verifywise-source', 'module', 'node', 'development|production'] },
  test: {
    include: ['{packages,examples,bench,test}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
