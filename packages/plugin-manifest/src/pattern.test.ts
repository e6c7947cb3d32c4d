import { describe, expect, it } from 'vitest';
import { compilePattern, reasonUnsupported } from './pattern.js';

describe('compilePattern', () => {
  it('prints each pattern differently, which is what Ajv tells them apart by', () => {
    expect(String(compilePattern('a'))).not.toBe(String(compilePattern('b')));
  });

  it.each([
    ['^a$', 'a', 'a\n'],
    ['\\u00e4', 'ä', 'a'],
    ['^https:\\/\\/', 'https://x', 'http://x'],
    ['^.$', '🙂', 'ab'],
    ['(?<n>\\d)', '1', 'x'],
  ])('%s matches %j, not %j', (source, matching, other) => {
    const pattern = compilePattern(source);
    expect([pattern.test(matching), pattern.test(other)]).toEqual([true, false]);
  });
});

describe('reasonUnsupported', () => {
  it('names the part that is not supported', () => {
    expect(reasonUnsupported('a(?=b)')).toBe('invalid or unsupported Perl syntax: `(?=`');
    expect(reasonUnsupported('a{1,1001}')).toBe('invalid repeat count: `{1,1001}`');
    expect(reasonUnsupported('^a+$')).toBeUndefined();
  });
});
