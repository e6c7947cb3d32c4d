import { writeFileSync } from 'node:fs';
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

describe('code that cannot run', () => {
  it.each([
    ['import', 'import fs from "node:fs";\nmodule.exports = {}'],
    ['export', 'const plugin = {};\nexport default plugin'],
    ['import.meta', 'module.exports = { url: import.meta.url }'],
  ])('refuses an ECMAScript module by its %s', (_, code) => {
    expect(refusalOf({ 'index.js': code })).toMatchObject({
      code: 'ENTRY_IS_ESM',
      details: { file: 'index.js' },
    });
  });

  it.each([
    ['plain', 'module.exports = {\n onLoad() { return import("fs") } }', 2],
    ['with comments in between', 'const a = "import(";\n\nimport /* lazily */ // now\n ("fs")', 3],
    ['behind a method of that name', 'const o = { import(x) { return x } };\no.import(1);\nimport("fs")', 3],
    ['spread', 'const a = [...import("fs")]', 1],
    ['in a template', `const a = \`\n\${import("fs")}\``, 2],
  ])('refuses import() %s', (_, code, line) => {
    expect(refusalOf({ 'index.js': code })).toMatchObject({
      code: 'DYNAMIC_IMPORT',
      details: { file: 'index.js', line },
    });
  });

  it('does not mistake text, members and regular expressions for import()', () => {
    const code = `
      // import("a")
      /* import("b") */
      const text = 'import("c")' + "import('d')" + \`import("e")\`;
      const pattern = /[/]import(x)/, quotient = 4 / import_(1) / 2;
      function import_(x) { return x }
      const importer = { import(x) { return x }, import_: importer_ };
      function importer_(x) { return importer.import (x) }
      class Importer { import(x) { return x } static import (x) { return importer.import_ (x) } }
      module.exports = { get: () => [Importer.import(7), new Importer()?.import(8), quotient] }`;
    expect(runIndex(code).call('get')).toEqual([7, 8, 2]);
  });

  it('names line and reason of what does not parse, without the line itself', () => {
    const error = refusalOf({ 'index.js': `const a = 1;\nconst b = ${'1 + '.repeat(50)};` });
    expect(error.code).toBe('ENTRY_THREW');
    expect(error.message).toContain("Unexpected token ';' (index.js:2)");
    expect((error.cause as Error).stack).toMatch(/^SyntaxError: Unexpected token ';'\n/);
  });

  it('wraps what the entry throws, with its stack named after the package', () => {
    const error = refusalOf({ 'index.js': '\nnull.x' });
    expect(error.code).toBe('ENTRY_THREW');
    expect(error.message).toContain("Cannot read properties of null (reading 'x')");
    expect((error.cause as Error).stack).toContain('(hello-world@1.0.0/index.js:2:6)');
  });

  it.each([
    ['nothing at all', 'throw undefined', 'undefined'],
    ['a string', 'throw "oops"', 'oops'],
    ['what cannot be shown', 'throw Object.create(null)', 'cannot be shown'],
  ])('wraps %s', (_, code, reason) => {
    const error = refusalOf({ 'index.js': code });
    expect(error.code).toBe('ENTRY_THREW');
    expect(error.message).toContain(reason);
  });

  it('refuses native addons', () => {
    expect(refusalOf({ 'index.js': 'require("./a.node")', 'a.node': '' })).toMatchObject({
      code: 'MODULE_FORBIDDEN',
    });
  });

  it('never runs a file that is not the one installed', () => {
    const source = packages.add({ 'index.js': 'module.exports = { get: () => 1 }' });
    writeFileSync(join(source.root, 'index.js'), 'module.exports = { get: () => 2 }');
    expect(refusal(loader, source)).toMatchObject({ code: 'PACKAGE_MODIFIED' });
  });

  it('checks an entry without running it', () => {
    const source = packages.add({ 'index.js': 'globalThis.process.exit(1); throw new Error("ran")' });
    expect(() => loader.check(source)).not.toThrow();
    expect(() => loader.check(packages.add({ 'index.js': 'export {}' }))).toThrow('ECMAScript module');
    expect(() => loader.check(packages.add({ 'index.js': 'import("x")' }))).toThrow('import()');
  });
});

describe('the code a plugin may be written in', () => {
  it('takes a byte order mark, a hashbang and strict mode', () => {
    expect(runIndex('\uFEFFmodule.exports = { get: () => 1 }').call('get')).toBe(1);
    expect(runIndex('#!/usr/bin/env node\nmodule.exports = { get: () => 2 }').call('get')).toBe(2);
    const strict = '"use strict"; module.exports = { get: () => (function () { return this })() }';
    expect(runIndex(strict).call('get')).toBeUndefined();
  });

  it('may declare the names of the globals it is given', () => {
    const code = `const fetch = 1; let process = 2; var global = 3; function setTimeout() {} class WebSocket {}
      module.exports = { get: () => [fetch, process, global, typeof setTimeout, typeof WebSocket] }`;
    expect(runIndex(code).call('get')).toEqual([1, 2, 3, 'function', 'function']);
  });

  it('may end in a comment or return early', () => {
    expect(runIndex('module.exports = { get: () => 1 } // end').call('get')).toBe(1);
    expect(runIndex('module.exports = { get: () => 1 }\nreturn\nthrow 1').call('get')).toBe(1);
  });
});
