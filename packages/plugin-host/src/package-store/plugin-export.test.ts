import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { PackagesOnDisk } from './fixtures/packages-on-disk.js';
import { type Refusal, RunningPlugin, recordingLoader, refusal } from './fixtures/running-plugin.js';

const packages = new PackagesOnDisk();
afterAll(() => packages.close());

const { loader } = recordingLoader();
const runIndex = (code: string): RunningPlugin =>
  new RunningPlugin(loader, packages.add({ 'index.js': code }));
const refusalOf = (files: Record<string, string>): Refusal => refusal(loader, packages.add(files));

describe('what an entry may export', () => {
  it.each([
    ['module.exports', 'module.exports = { onLoad() { return "loaded" } }'],
    ['exports.default', 'exports.default = { onLoad() { return "loaded" } }'],
    [
      'exports.default of a transpiled module',
      `
      Object.defineProperty(exports, '__esModule', { value: true });
      exports.helper = 1; exports.default = { onLoad() { return "loaded" } };`,
    ],
    ['exports.plugin', 'exports.plugin = { onLoad() { return "loaded" } }'],
    ['hooks by name', 'exports.onLoad = () => "loaded"'],
    [
      'an instance of a class with private state',
      `
      class Hello { #word = 'loaded'; onLoad() { return this.#word } }
      module.exports = new Hello();`,
    ],
    [
      'a frozen object',
      'module.exports = Object.freeze({ manifest: { id: "other" }, word: "loaded", onLoad() { return this.word } })',
    ],
  ])('takes %s', (_, code) => {
    const plugin = runIndex(code);
    expect(plugin.call('onLoad')).toBe('loaded');
    expect(plugin.loaded.plugin.manifest.id).toBe('hello-world');
  });

  it('gives the plugin the manifest of its package, whatever it carries', () => {
    const source = packages.add({
      'index.js': 'module.exports = { manifest: { id: "forged", permissions: ["x"] } }',
    });
    expect(new RunningPlugin(loader, source).loaded.plugin.manifest).toBe(source.manifest);
  });

  it('makes an empty plugin of a package without code', () => {
    const source = packages.add({ 'README.md': '# Hello' });
    expect(new RunningPlugin(loader, source).loaded.plugin).toEqual({ manifest: source.manifest });
  });

  it('runs the entry the manifest names', () => {
    const source = packages.add(
      { 'dist/main.js': 'exports.plugin = { onLoad: () => __dirname }' },
      { main: './dist/main.js' },
    );
    expect(new RunningPlugin(loader, source).call('onLoad')).toBe(join(source.root, 'dist'));
  });

  it.each([
    ['a function', 'module.exports = () => ({})', 'a function'],
    ['null', 'module.exports = null', 'null'],
    ['an array', 'module.exports = []', 'an array'],
    ['nothing', 'const plugin = { onLoad() {} }', 'nothing is exported'],
    ['a plugin under another name', 'exports.myPlugin = { onLoad() {} }', 'it exports only myPlugin.'],
    [
      'one of a transpiled module',
      `Object.defineProperty(exports, '__esModule', { value: true }); exports.a = {}; exports.b = {};`,
      'it exports only a, b.',
    ],
    [
      'one of a bundled module',
      `module.exports = Object.defineProperty({ get myPlugin() { return {} } }, '__esModule', { value: true });`,
      'it exports only myPlugin.',
    ],
    [
      'an empty module',
      `Object.defineProperty(exports, '__esModule', { value: true })`,
      'nothing is exported.',
    ],
    ['a hook that is no function', 'module.exports = { onEnable: "yes" }', 'onEnable is a string'],
    ['UI extensions that are no object', 'module.exports = { uiExtensions: 1 }', 'uiExtensions is a number'],
  ])('refuses %s', (_, code, reason) => {
    const error = refusalOf({ 'index.js': code });
    expect(error.code).toBe('ENTRY_NOT_A_PLUGIN');
    expect(error.message).toContain(reason);
  });

  it('accepts an empty object that was exported on purpose', () => {
    expect(runIndex('module.exports = {}').loaded.plugin.manifest.id).toBe('hello-world');
  });

  it.each(['module.exports = { greet: () => "hi" }', 'exports.default = { greet: () => "hi" }'])(
    'accepts an object that offers something to other plugins only: %s',
    (code) => {
      expect(runIndex(code).call('greet')).toBe('hi');
    },
  );

  it('says which entry is missing when the manifest names one, or when it was never built', () => {
    expect(refusal(loader, packages.add({}, { main: 'dist/index.js' }))).toMatchObject({
      code: 'ENTRY_MISSING',
      details: { entry: 'dist/index.js' },
    });
    expect(refusalOf({ 'index.ts': 'export default {}' })).toMatchObject({ code: 'ENTRY_MISSING' });
  });
});
