import { defineConfig } from 'tsup';

/** How every published package is built: each entry as an ES module, as CommonJS, and its types for both. */
export const packageBuild = (entry: Record<string, string> = { index: 'src/index.ts' }) =>
  defineConfig({
    entry,
    format: ['esm', 'cjs'],
    dts: true,
    sourcemap: true,
    clean: true,
    target: 'node20',
    // Without the shims `import.meta.url` is empty in the CommonJS build.
    shims: true,
  });
