import { describe, expect, it } from 'vitest';
import { syntaxDepth } from './syntax-depth.js';

describe('the depth of a text', () => {
  it.each([
    ['SELECT 1', 0],
    ['SELECT 1+1+1', 2],
    ['SELECT ((1))', 2],
    ['SELECT (1), (2), (3)', 1],
    ['SELECT a = 1 AND b = 2 OR c = 3', 1],
    ['SELECT f(1, g(2 + 3))', 3],
    ['SELECT 1 UNION SELECT 2 UNION SELECT 3', 2],
    ["SELECT '((((' || $$ (((( $$ || $a$ $$ (( $a$ -- ((((\n /* (((( */", 2],
    ['SELECT "((" . "a""(("', 0],
    [') ) ) (', 1],
  ])('%s is %i', (sql, depth) => {
    expect(syntaxDepth(sql)).toBe(depth);
  });

  it('stays small for many rows and long lists', () => {
    const rows = Array.from({ length: 5_000 }, (_, n) => `(${n}, now() + '1 day')`).join(', ');
    expect(syntaxDepth(`INSERT INTO t VALUES ${rows}`)).toBeLessThan(5);
  });

  it('is found where commas are strewn in', () => {
    expect(syntaxDepth(`SELECT 1 ${'+ f(1, 2) '.repeat(3_000)}`)).toBeGreaterThan(3_000);
  });
});
