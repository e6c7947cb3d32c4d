import { describe, expect, it } from 'vitest';
import {
  compareVersions,
  isCompatible,
  isVersion,
  isVersionError,
  parseVersion,
  VersionError,
} from './versions.js';

describe('isVersion', () => {
  it.each([
    '1.2',
    '1.2.3',
    '0.0.0',
    '10.20.30',
    '1.2.3-beta',
    '1.2.3-beta.1',
    '1.2-rc.1',
    '1.2.3+build.5',
    '1.2.3-a+b',
  ])('accepts %s', (text) => expect(isVersion(text)).toBe(true));

  it.each([
    '1',
    '1.',
    '1.2.',
    '1.2.3.4',
    '1.2.3-',
    '1.2.3+',
    '1.2.3-a..b',
    'v1.2.3',
    '=1.2.3',
    ' 1.2.3',
    '1.2.3 ',
    '1.2.3\n',
    '01.2.3',
    '1.02',
    '1.2.3-01',
    '1.x',
    '*',
    '',
    'latest',
    '-1.2.3',
    '1.2.-3',
    '1,2',
    '1.2.9007199254740993',
    `1.2.3-${'a'.repeat(300)}`,
  ])('refuses %j', (text) => expect(isVersion(text)).toBe(false));

  it.each([undefined, null, 1.2, {}, ['1.2.3']])('refuses %j, which is no text', (value) =>
    expect(isVersion(value)).toBe(false),
  );
});

describe('parseVersion', () => {
  it('takes a version apart and keeps it as written', () => {
    expect(parseVersion('1.2-beta.3+build')).toEqual({
      raw: '1.2-beta.3+build',
      normalized: '1.2.0-beta.3',
      major: 1,
      minor: 2,
      patch: 0,
      prerelease: ['beta', 3],
    });
  });

  it('throws VERSION_INVALID, recognised without instanceof', () => {
    const error = thrownBy(() => parseVersion('1.2.3.4'));
    expect(isVersionError(error)).toBe(true);
    expect(error).toBeInstanceOf(VersionError);
    expect(error).toMatchObject({
      code: 'VERSION_INVALID',
      name: 'VersionError',
      message: '"1.2.3.4" is not a version.',
    });
    expect(isVersionError(new Error('VERSION_INVALID'))).toBe(false);
    expect(isVersionError(null)).toBe(false);
  });

  it('shortens a long text in the message', () => {
    const error = thrownBy(() => parseVersion('x'.repeat(10_000)));
    expect((error as Error).message.length).toBeLessThan(100);
  });
});

describe('compareVersions', () => {
  it.each([
    ['1.2', '1.2.0', 0],
    ['1.9.0', '1.10.0', -1],
    ['2.0.0', '1.9.9', 1],
    ['1.0.0-beta', '1.0.0', -1],
    ['1.0.0-beta.2', '1.0.0-beta.11', -1],
    ['1.0-rc.1', '1.0.0-beta.1', 1],
    ['1.0.0+a', '1.0.0+b', 0],
  ] as const)('orders %s against %s as %i', (a, b, order) => expect(compareVersions(a, b)).toBe(order));

  it('throws for what is not a version', () => {
    expect(() => compareVersions('1.0.0', 'latest')).toThrow(VersionError);
  });
});

describe('isCompatible', () => {
  it.each([
    ['1.7.0', '1.6.0', true],
    ['1.7.0', '1.7', true],
    ['1.7.0', '1.7.1', false],
    ['1.8.0-beta.1', '1.7.0', true],
    ['1.7.0-rc.1', '1.7.0', false],
    ['1.7.0', undefined, true],
  ] as const)('host %s, minVersion %s: %s', (host, minVersion, compatible) =>
    expect(isCompatible(host, minVersion)).toBe(compatible),
  );
});

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
