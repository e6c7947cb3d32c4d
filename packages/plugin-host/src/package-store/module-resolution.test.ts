import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { PackagesOnDisk } from './fixtures/packages-on-disk.js';
import { type Refusal, RunningPlugin, recordingLoader, refusal } from './fixtures/running-plugin.js';

const packages = new PackagesOnDisk();
afterAll(() => packages.close());

const { loader } = recordingLoader();
const run = (files: Record<string, string>): RunningPlugin => new RunningPlugin(loader, packages.add(files));
const runIndex = (code: string): RunningPlugin =>
  new RunningPlugin(loader, packages.add({ 'index.js': code }));
const refusalOf = (files: Record<string, string>): Refusal => refusal(loader, packages.add(files));

describe('require', () => {
  const evaluate = (files: Record<string, string>, expression: string): unknown =>
    run({ ...files, 'index.js': `module.exports = { get: () => (${expression}) }` }).call('get');

  it.each([
    ['./lib/a.js', 'a'],
    ['./lib/a', 'a'],
    ['./lib/data', 'json'],
    ['./lib', 'index'],
    ['./lib/', 'index'],
    ['./other', 'main'],
    ['./lib/../lib/./a', 'a'],
  ])('resolves %s as CommonJS does', (request, expected) => {
    const files = {
      'lib/a.js': 'module.exports = "a"',
      'lib/data.json': '"json"',
      'lib/index.js': 'module.exports = "index"',
      'other/package.json': '{"main":"./start"}',
      'other/start.js': 'module.exports = "main"',
    };
    expect(evaluate(files, `require(${JSON.stringify(request)})`)).toBe(expected);
  });

  it('resolves . and .. to the folders they name', () => {
    const files = {
      'index.js': 'module.exports = { get: () => require("./lib/a"), word: "top" }',
      'lib/index.js': 'module.exports = "lib"',
      'lib/a.js': 'module.exports = [require("."), require("..").word]',
    };
    expect(run(files).call('get')).toEqual(['lib', 'top']);
  });

  it('reaches own files by absolute path, and no others', () => {
    const files = { 'lib/a.js': 'module.exports = "a"' };
    expect(evaluate(files, 'require(__dirname + "/lib/a")')).toBe('a');
    expect(() => evaluate(files, 'require(__dirname + "/../../outside")')).toThrow('Cannot find');
    expect(() => evaluate(files, 'require("../../../etc/hostname")')).toThrow('Cannot find');
  });

  it('lets modules that require each other see what has been exported so far', () => {
    const files = {
      'a.js': 'exports.early = 1; exports.seen = require("./b").seen; exports.late = 2',
      'b.js': 'exports.seen = Object.keys(require("./a"))',
    };
    expect(evaluate(files, 'require("./a").seen')).toEqual(['early']);
  });

  it('runs a module once, and again after it threw', () => {
    const files = {
      'counter.js': 'let n = 0; module.exports = () => ++n',
      'flaky.js': 'if (require("./counter")() === 1) throw new Error("first"); module.exports = "second"',
    };
    expect(
      evaluate(
        files,
        '(() => { try { require("./flaky") } catch (e) { return [e.message, require("./flaky")] } })()',
      ),
    ).toEqual(['first', 'second']);
  });

  it('gives a module what Node gives it', () => {
    const plugin = run({
      'index.js': `module.exports = {
      seen: { filename: __filename, dirname: __dirname, self: this === exports, id: module.id, loadedYet: module.loaded,
        program: require.main === module || !module.parent, resolved: [require.resolve('./lib/a'), require.resolve('path')] },
      loaded: () => module.loaded, cached: () => { delete require.cache[__filename]; return Object.keys(require.cache) } }`,
      'lib/a.js': '',
    });
    const seen = Reflect.get(plugin.loaded.plugin, 'seen') as { filename: string };
    expect(seen).toEqual({
      filename: expect.stringContaining('index.js'),
      dirname: join(seen.filename, '..'),
      self: true,
      id: seen.filename,
      loadedYet: false,
      program: false,
      resolved: [join(seen.filename, '../lib/a.js'), 'path'],
    });
    expect(plugin.call('loaded')).toBe(true);
    expect(plugin.call('cached')).toEqual([]);
  });

  it('means the manifest by ../manifest.json, from wherever the code was bundled', () => {
    expect(evaluate({}, 'require("../manifest.json").id')).toBe('hello-world');
    expect(evaluate({}, 'require("./manifest.json").id')).toBe('hello-world');
    expect(
      evaluate({ 'lib/a.js': 'module.exports = require("../../manifest.json")' }, 'require("./lib/a").id'),
    ).toBe('hello-world');
  });

  it.each(['@verifywise/plugin-types', '../../core', '../../core/types', '../../core/types.js'])(
    'means plugin-types by %s',
    (request) => {
      const types = evaluate({}, `require(${JSON.stringify(request)})`) as Record<string, unknown>;
      expect(types.PERMISSIONS).toContain('http:outbound');
    },
  );

  it('prefers a core folder of the package itself', () => {
    const files = {
      'core/index.js': 'module.exports = "own"',
      'src/deep/a.js': 'module.exports = require("../../core")',
    };
    expect(evaluate(files, 'require("./src/deep/a")')).toBe('own');
  });

  it('names what it cannot find, and who asked', () => {
    const error = refusalOf({ 'index.js': 'require("./lib/a")', 'lib/a.js': 'require("lodash")' });
    expect(error).toMatchObject({
      code: 'MODULE_NOT_FOUND',
      details: { request: 'lodash', from: 'lib/a.js' },
    });
  });

  it('lets a plugin try for an optional module', () => {
    const code =
      'try { require("bufferutil") } catch (error) { module.exports = { code: () => error.code } }';
    expect(runIndex(code).call('code')).toBe('MODULE_NOT_FOUND');
  });

  it('says what is wrong with a JSON file', () => {
    const error = refusalOf({ 'index.js': 'require("./a.json")', 'a.json': '{"a":}' });
    expect(error.code).toBe('ENTRY_THREW');
    expect(error.message).toContain('a.json');
  });
});
