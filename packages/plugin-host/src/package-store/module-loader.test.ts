import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { currentFrame } from '../foundation/attribution.js';
import { Scope } from '../foundation/scope.js';
import { PackagesOnDisk } from './fixtures/packages-on-disk.js';
import { RunningPlugin, recordingLoader } from './fixtures/running-plugin.js';
import type { PackageSource } from './package-source.js';

const packages = new PackagesOnDisk();
afterAll(() => packages.close());

const { loader } = recordingLoader();
const runIndex = (code: string): RunningPlugin =>
  new RunningPlugin(loader, packages.add({ 'index.js': code }));

describe('instances', () => {
  const counter = {
    'index.js': 'let n = require("./state"); module.exports = { count: () => ++n.value }',
    'state.js': 'exports.value = 0',
  };

  it('keeps the state of two tenants apart', () => {
    const source = packages.add(counter);
    const [acme, globex] = [
      new RunningPlugin(loader, source, 'acme'),
      new RunningPlugin(loader, source, 'globex'),
    ];
    expect([acme.call('count'), acme.call('count'), globex.call('count'), acme.call('count')]).toEqual([
      1, 2, 1, 3,
    ]);
  });

  it('runs two versions at once', () => {
    const one = new RunningPlugin(
      loader,
      packages.add(
        { 'index.js': 'module.exports = { v: () => require("../manifest.json").version }' },
        { version: '1.0.0' },
      ),
    );
    const two = new RunningPlugin(
      loader,
      packages.add(
        { 'index.js': 'module.exports = { v: () => require("../manifest.json").version }' },
        { version: '2.0.0' },
      ),
    );
    expect([one.call('v'), two.call('v'), one.call('v')]).toEqual(['1.0.0', '2.0.0', '1.0.0']);
  });

  it('reads each file once for ten thousand tenants, and again only when none is left', async () => {
    const source = packages.add(counter);
    const reads: string[] = [];
    const counted: PackageSource = {
      ...{ sha256: source.sha256, pluginId: source.pluginId, manifest: source.manifest, root: source.root },
      has: (path) => source.has(path),
      list: () => source.list(),
      read: (path) => {
        reads.push(path);
        return source.read(path);
      },
    };
    const { loader } = recordingLoader();
    const plugins = Array.from(
      { length: 10_000 },
      (_, n) => new RunningPlugin(loader, counted, `tenant-${n}`),
    );
    expect(plugins.map((plugin) => plugin.call('count')).every((count) => count === 1)).toBe(true);
    expect(reads).toEqual(['index.js', 'state.js']);
    for (const plugin of plugins) await plugin.scope.dispose();
    new RunningPlugin(loader, counted, 'again');
    expect(reads).toEqual(['index.js', 'state.js', 'index.js', 'state.js']);
  });

  it('runs the entry in the frame of its plugin', () => {
    (globalThis as { probe?: unknown }).probe = currentFrame;
    const plugin = runIndex('const frame = globalThis.probe(); module.exports = { frame: () => frame }');
    delete (globalThis as { probe?: unknown }).probe;
    expect(plugin.call('frame')).toEqual({
      key: { tenant: 'acme', pluginId: 'hello-world' },
      callback: 'load',
      depth: 0,
    });
    expect(currentFrame()).toBeUndefined();
  });
});

describe('whose code a stack names', () => {
  const code =
    'module.exports = { stack: () => new Error("here").stack, eval: () => eval("new Error(1).stack") }';

  it('names every tenant that runs it, and after that those who did', async () => {
    const source = packages.add({ 'index.js': `${code} // located` });
    const [acme, globex] = [
      new RunningPlugin(loader, source, 'acme'),
      new RunningPlugin(loader, source, 'globex'),
    ];
    const stack = acme.call<string>('stack');
    const tenants = () => loader.locate(stack).map(({ tenant }) => tenant);
    expect(tenants()).toEqual(['acme', 'globex']);
    expect(loader.locate(acme.call<string>('eval'))).toHaveLength(2);
    await acme.scope.dispose();
    expect(tenants()).toEqual(['globex']);
    loader.release(source.sha256);
    expect(tenants()).toEqual(['globex']);
    await globex.scope.dispose();
    expect(tenants()).toEqual(['acme', 'globex']);
    loader.release(source.sha256);
    expect(tenants()).toEqual([]);
  });

  it('names nobody for the application’s own errors, nor for a path in a message', () => {
    const plugin = runIndex(code);
    const file = /\((.*index\.js):/.exec(plugin.call<string>('stack'))?.[1];
    expect(loader.locate(new Error('x').stack ?? '')).toEqual([]);
    expect(loader.locate(`Error: ${file}:1:1\n    at app (/srv/app.js:1:1)`)).toEqual([]);
  });

  it('forgets an entry that failed', () => {
    const source = packages.add({ 'index.js': 'throw new Error("never ran")' });
    const scope = new Scope();
    const owner = { key: { tenant: 'acme', pluginId: 'hello-world' }, permissions: new Set<string>(), scope };
    expect(() => loader.instantiate(source, owner)).toThrow('never ran');
    expect(scope.size).toBe(0);
  });
});

describe('reloading', () => {
  it('a package of 200 kB a thousand times leaves neither memory nor timers nor listeners', async () => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('./fixtures/reload-process.ts', import.meta.url))],
      ...{ bundle: true, format: 'esm', platform: 'node', write: false, conditions: ['verifywise-source'] },
    });
    const child = spawnSync(process.execPath, ['--expose-gc', '--input-type=module', '-', '1000'], {
      ...{ encoding: 'utf8', input: outputFiles[0]?.text ?? '' },
    });
    expect(child.stderr).toBe('');
    const { grownBytes, ...handles } = JSON.parse(child.stdout) as { grownBytes: number };
    expect(handles).toEqual({ listeners: 0, timers: 0 });
    expect(grownBytes).toBeLessThan(10_000_000);
  }, 120_000);
});

describe('the specification’s example plugin', () => {
  const typescript = `
    import { Plugin, PluginContext } from '@verifywise/plugin-types';
    import { PluginEvent } from '../../core';
    const plugin: Plugin = {
      manifest: require('../manifest.json'),
      async onLoad(context: PluginContext) { context.logger.info('Hello World plugin loaded: ' + PluginEvent.PROJECT_CREATED); },
    };
    module.exports = plugin;`;

  it('runs as its build leaves it', async () => {
    const { outputFiles } = await build({
      stdin: { contents: typescript, sourcefile: 'src/index.ts', loader: 'ts' },
      ...{ bundle: true, format: 'cjs', platform: 'node', write: false },
      external: ['../manifest.json', '../../core', '@verifywise/plugin-types'],
    });
    const source = packages.add({ 'index.js': outputFiles[0]?.text ?? '' });
    const plugin = new RunningPlugin(loader, source);
    const logged: string[] = [];
    await plugin.call('onLoad', { logger: { info: (message: string) => logged.push(message) } });
    expect(logged).toEqual(['Hello World plugin loaded: project:created']);
    expect(plugin.loaded.plugin.manifest.version).toBe('1.0.0');
  });
});
