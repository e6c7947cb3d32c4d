import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as source from '../src/index.js';
import { compile, markedWrong, refusedLines } from './compiler.js';

const packageFolder = dirname(dirname(fileURLToPath(import.meta.url)));
const fixtures = join(packageFolder, 'test/fixtures/consumer');
const repository = join(packageFolder, '../..');

const MODES: readonly [name: string, module: ts.ModuleKind, resolution: ts.ModuleResolutionKind][] = [
  ['CommonJS with the old resolution', ts.ModuleKind.CommonJS, ts.ModuleResolutionKind.Node10],
  ['Node', ts.ModuleKind.Node16, ts.ModuleResolutionKind.Node16],
  ['bundlers', ts.ModuleKind.ESNext, ts.ModuleResolutionKind.Bundler],
];

// Outside the workspace, so that nothing but the built package can be found.
let consumer: string;
let installed: string;

beforeAll(() => {
  consumer = realpathSync(mkdtempSync(join(tmpdir(), 'plugin-types-')));
  installed = join(consumer, 'node_modules/@verifywise/plugin-types');
  mkdirSync(installed, { recursive: true });
  const { publishConfig, ...manifest } = JSON.parse(
    readFileSync(join(packageFolder, 'package.json'), 'utf8'),
  );
  writeFileSync(join(installed, 'package.json'), JSON.stringify({ ...manifest, ...publishConfig }));
  const tsup = join(repository, 'node_modules/tsup/dist/cli-default.js');
  execFileSync(process.execPath, [tsup, '--out-dir', join(installed, 'dist')], {
    cwd: packageFolder,
    stdio: 'pipe',
  });

  cpSync(fixtures, consumer, { recursive: true });
  writeFileSync(
    join(consumer, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'ES2022',
        lib: ['ES2022'],
        types: [],
        typeRoots: [join(repository, 'node_modules/@types')],
        strict: true,
        noEmit: true,
        // What the package declares is checked too.
        skipLibCheck: false,
      },
    }),
  );
});

afterAll(() => rmSync(consumer, { recursive: true, force: true }));

describe('the built package', () => {
  it.each(MODES)(
    "merges a plugin's own events and filters into the maps, under %s",
    (_name, module, moduleResolution) => {
      const diagnostics = compile({
        project: join(consumer, 'tsconfig.json'),
        files: [join(consumer, 'consumer.ts')],
        options: { module, moduleResolution, types: ['node'] },
      });
      const text = readFileSync(join(fixtures, 'consumer.ts'), 'utf8');
      expect(refusedLines(diagnostics)).toEqual(markedWrong('consumer.ts', text));
    },
  );

  it('serves the browser without the types of Node', () => {
    const diagnostics = compile({
      project: join(consumer, 'tsconfig.json'),
      files: [join(consumer, 'browser.ts')],
      options: { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
    });
    const text = readFileSync(join(fixtures, 'browser.ts'), 'utf8');
    expect(refusedLines(diagnostics)).toEqual(markedWrong('browser.ts', text));
  });

  it('gives the same values to import and to require', async () => {
    const imported = await import(pathToFileURL(join(installed, 'dist/index.js')).href);
    const required = createRequire(join(consumer, 'x.js'))('@verifywise/plugin-types');
    expect(Object.keys(imported).sort()).toEqual(Object.keys(source).sort());
    expect(Object.keys(required).sort()).toEqual(Object.keys(source).sort());
    expect(required.PluginEvent).toEqual(source.PluginEvent);
    expect(imported.PERMISSIONS).toEqual(source.PERMISSIONS);
  });
});
