import { defineConfig } from 'tsup';

export default defineConfig({
  entry: { main: 'src/main.ts' },
  format: ['esm'],
  target: 'node20',
  clean: true,
  // The example application is source in this workspace, not a published package.
  noExternal: ['example-app'],
});
