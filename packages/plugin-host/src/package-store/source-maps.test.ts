import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { PackagesOnDisk } from './fixtures/packages-on-disk.js';
import { RunningPlugin, recordingLoader } from './fixtures/running-plugin.js';

const packages = new PackagesOnDisk();
afterAll(() => packages.close());

const { loader } = recordingLoader();
const run = (files: Record<string, string>): RunningPlugin => new RunningPlugin(loader, packages.add(files));
const runIndex = (code: string): RunningPlugin =>
  new RunningPlugin(loader, packages.add({ 'index.js': code }));

describe('stack traces', () => {
  const typescript = `interface Word { readonly text: string }

const shout = (word: Word): never => {
  throw new TypeError(\`no \${word.text}\`);
};

export default { onLoad: () => shout({ text: 'luck' }) };
`;
  const bundle = async (sourcemap: 'inline' | 'external'): Promise<Record<string, string>> => {
    const { outputFiles } = await build({
      stdin: { contents: typescript, sourcefile: 'src/index.ts', loader: 'ts' },
      ...{
        bundle: true,
        format: 'cjs',
        platform: 'node',
        minify: true,
        write: false,
        outfile: 'index.js',
        sourcemap,
      },
    });
    return Object.fromEntries(outputFiles.map((file) => [file.path.replace(/.*[\\/]/, ''), file.text]));
  };
  const stackOf = (plugin: RunningPlugin): string => {
    try {
      plugin.call('onLoad');
    } catch (error) {
      return loader.mapStack(error);
    }
    return '';
  };

  it.each(['inline', 'external'] as const)(
    'name the line of the TypeScript source, by an %s source map',
    async (kind) => {
      const files = await bundle(kind);
      const stack = stackOf(run(files));
      expect(stack).toContain('TypeError: no luck');
      expect(stack).toContain('hello-world@1.0.0/src/index.ts:4:9');
      expect(stack).toContain('hello-world@1.0.0/src/index.ts:7:');
    },
  );

  it('name the source also once the plugin that threw has ended, until its package is released', async () => {
    const { loader } = recordingLoader();
    const plugin = new RunningPlugin(loader, packages.add(await bundle('inline')));
    let thrown: unknown;
    try {
      plugin.call('onLoad');
    } catch (error) {
      thrown = error;
    }
    await plugin.scope.dispose();
    expect(loader.mapStack(thrown)).toContain('hello-world@1.0.0/src/index.ts:4:9');
    loader.release(plugin.loaded.sha256);
    expect(loader.mapStack(thrown)).not.toContain('src/index.ts');
  });

  it('name the built file where there is no map, or a broken one', () => {
    const code = 'module.exports = { onLoad() {\n    throw new Error("x") } }';
    expect(stackOf(runIndex(code))).toContain('(hello-world@1.0.0/index.js:2:11)');
    expect(stackOf(runIndex(`${code}\n//# sourceMappingURL=data:application/json;base64,!!!`))).toContain(
      '/index.js:2:11)',
    );
    expect(stackOf(runIndex(`${code}\n//# sourceMappingURL=gone.map`))).toContain('/index.js:2:11)');
  });

  it('count columns of the first line as the file has them', () => {
    expect(stackOf(runIndex('module.exports = { onLoad() { throw new Error("x") } }'))).toContain(
      '/index.js:1:37)',
    );
  });

  it('follow causes, and show what is no error', () => {
    const plugin = runIndex(
      'module.exports = { onLoad() { throw new Error("outer", { cause: new Error("inner") }) } }',
    );
    expect(stackOf(plugin)).toMatch(
      /Error: outer[\s\S]*\nCaused by: Error: inner[\s\S]*hello-world@1\.0\.0\/index\.js/,
    );
    expect(loader.mapStack('plain text')).toBe('plain text');
    expect(loader.mapStack(undefined)).toBe('undefined');
  });
});
