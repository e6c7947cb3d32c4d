import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compile, markedWrong, refusedLines } from './compiler.js';

const fixtures = join(dirname(fileURLToPath(import.meta.url)), 'fixtures');

describe("the specification's own examples", () => {
  it('compile word for word', () => {
    expect(readdirSync(fixtures)).toContain('hello-world.ts');
    expect(compile({ project: join(fixtures, 'tsconfig.json') })).toEqual([]);
  });

  it('stop compiling where they are wrong, and nowhere else', () => {
    const wrong = readFileSync(join(fixtures, 'wrong/wrong-plugin.ts'), 'utf8');
    const diagnostics = compile({ project: join(fixtures, 'wrong/tsconfig.json') });
    expect(refusedLines(diagnostics)).toEqual(markedWrong('wrong-plugin.ts', wrong));
  });
});
