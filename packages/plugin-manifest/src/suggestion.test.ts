import { describe, expect, it } from 'vitest';
import { didYouMean, nearest } from './suggestion.js';

describe('nearest', () => {
  it.each([
    ['intergration', 'integration'],
    ['Integration', 'integration'],
    ['feture', 'feature'],
    ['farmework', 'framework'],
  ])('finds what %s was meant to be', (word, meant) =>
    expect(nearest(word, ['integration', 'feature', 'framework', 'reporting'])).toBe(meant),
  );

  it.each(['banana', '', 'x'])('finds nothing near %j', (word) =>
    expect(nearest(word, ['integration', 'feature', 'min'])).toBeUndefined(),
  );

  it('prefers the nearer of two', () => expect(nearest('maxx', ['min', 'maxLength', 'max'])).toBe('max'));

  it('counts two swapped letters as one error', () => expect(nearest('mni', ['min'])).toBe('min'));

  it('does not compare very long words', () =>
    expect(nearest('a'.repeat(65), ['a'.repeat(65)])).toBeUndefined());
});

describe('didYouMean', () => {
  it('asks, or says nothing', () => {
    expect(didYouMean('tag', ['tags'])).toBe('Did you mean "tags"?');
    expect(didYouMean('zzz', ['tags'])).toBeUndefined();
  });
});
