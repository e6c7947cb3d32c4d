import { describe, expect, it } from 'vitest';
import { isRange, parseRange, satisfies } from './ranges.js';
import { isVersionError } from './versions.js';

describe('satisfies', () => {
  // The examples of §16.2, then what they leave open.
  it.each([
    ['>=1.0.0', ['1.0.0', '1.0.1', '2.0.0'], ['0.9.9']],
    ['>1.0.0', ['1.0.1', '2.0.0'], ['1.0.0']],
    ['<=2.0.0', ['1.0.0', '2.0.0'], ['2.0.1']],
    ['<2.0.0', ['1.0.0', '1.9.9'], ['2.0.0']],
    ['=1.5.0', ['1.5.0', '1.5'], ['1.5.1', '1.4.9']],
    ['^1.2.0', ['1.2.0', '1.9.9'], ['1.1.9', '2.0.0']],
    ['~1.2.0', ['1.2.0', '1.2.9'], ['1.1.9', '1.3.0']],
    ['^0.2.3', ['0.2.3', '0.2.9'], ['0.3.0', '1.0.0']],
    ['^1.2', ['1.2.0', '1.9'], ['2.0', '1.1']],
    ['~1.2', ['1.2', '1.2.5'], ['1.3']],
    ['=1.5', ['1.5.0'], ['1.5.1']],
    ['>1.5', ['1.5.1'], ['1.5.0']],
    ['<=1.5', ['1.5.0'], ['1.5.1']],
    ['1.5.0', ['1.5.0'], ['1.5.1']],
    ['>=1.2.0 <2.0.0', ['1.2.0', '1.99.0'], ['1.1.0', '2.0.0']],
    ['>= 1.2.0   < 2.0', ['1.2.0', '1.99.0'], ['1.1.0', '2.0.0']],
    [' >=1.0.0 ', ['1.0.0'], ['0.1.0']],
  ])('%s', (range, inside, outside) => {
    expect(inside.filter((version) => !satisfies(version, range))).toEqual([]);
    expect(outside.filter((version) => satisfies(version, range))).toEqual([]);
  });

  it('holds a prerelease only if a comparator names one of the same X.Y.Z', () => {
    expect(satisfies('2.0.0-beta.1', '>=1.0.0')).toBe(false);
    expect(satisfies('2.0.0-beta.2', '>=2.0.0-beta.1')).toBe(true);
    expect(satisfies('2.1.0-beta.2', '>=2.0.0-beta.1')).toBe(false);
    expect(satisfies('2.0-beta.2', '>=2.0-beta.1')).toBe(true);
  });
});

describe('isRange', () => {
  it.each([
    '',
    ' ',
    '*',
    'x',
    '1.x',
    '1.2.*',
    'latest',
    '>=1.0.0 || >=2.0.0',
    '1.0.0 - 2.0.0',
    '>=1',
    '>=v1.0.0',
    '==1.0.0',
    '=>1.0.0',
    '!=1.0.0',
    '>>1.0.0',
    '>=',
    '>= ',
    '>=1.0.0,<2.0.0',
    '>=1.0.0<2.0.0',
    '^',
    '~>1.2.0',
    '>=1.2.3.4',
    '>=1.2.3-',
    'git://example.com/a',
    `>=1.0.0${' '.repeat(300)}<2.0.0`,
  ])('refuses %j', (range) => expect(isRange(range)).toBe(false));

  it('allows 256 characters and not one more', () => {
    const range = `>=1.0.0${' '.repeat(242)} <2.0.0`;
    expect(range).toHaveLength(256);
    expect(isRange(range)).toBe(true);
    expect(isRange(` ${range}`)).toBe(false);
  });

  it.each([undefined, null, 1, {}])('refuses %j, which is no text', (value) =>
    expect(isRange(value)).toBe(false),
  );
});

describe('parseRange', () => {
  it('names its comparators with versions as they are compared', () => {
    expect(parseRange('>=1.2 <2.0-rc.1 1.5').comparators).toEqual([
      { operator: '>=', version: '1.2.0' },
      { operator: '<', version: '2.0.0-rc.1' },
      { operator: '', version: '1.5.0' },
    ]);
  });

  it('throws RANGE_INVALID', () => {
    try {
      parseRange('*');
      expect.unreachable();
    } catch (error) {
      expect(isVersionError(error)).toBe(true);
      expect(error).toMatchObject({ code: 'RANGE_INVALID', message: '"*" is not a range of versions.' });
    }
  });
});
