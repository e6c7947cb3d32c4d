import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathBelow, splitPath } from './path-segments.js';

describe('splitPath', () => {
  it.each([
    ['/', []],
    ['/api/plugins', ['api', 'plugins']],
    ['/api/plugins/', ['api', 'plugins']],
    ['/a%20b/%C3%A9', ['a b', 'é']],
    ['/a;x=1/b', ['a;x=1', 'b']],
  ])('splits %s', (path, decoded) => {
    expect(splitPath(path).decoded).toEqual(decoded);
  });

  it('keeps an encoded slash inside its segment', () => {
    expect(splitPath('/files/a%2Fb')).toMatchObject({ decoded: ['files', 'a/b'], raw: ['files', 'a%2Fb'] });
  });

  it('keeps what lies between two slashes, though it is nothing', () => {
    expect(splitPath('//api//plugins//').decoded).toEqual(['', 'api', '', 'plugins', '']);
    expect(splitPath('//').decoded).toEqual(['']);
  });

  it('tells of a trailing slash and of dot segments, however they are written', () => {
    expect(splitPath('/a/')).toMatchObject({ trailingSlash: true, dotted: false });
    expect(splitPath('/')).toMatchObject({ trailingSlash: false });
    for (const path of ['/a/../b', '/a/%2e%2E/b', '/./a', '/a/.']) {
      expect(splitPath(path)).toMatchObject({ dotted: true });
    }
    expect(splitPath('/a/.b/c..')).toMatchObject({ dotted: false });
  });

  it.each(['/%zz', '/a/%', '/%ff', '/%c3', '/%ed%a0%80', '/a%00b', '/a%0d%0ab', 'a', ''])(
    'refuses %s',
    (path) => {
      expect(() => splitPath(path)).toThrow(expect.objectContaining({ code: 'PATH_MALFORMED', status: 400 }));
    },
  );

  it('either refuses or splits, and never decodes twice', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' }).filter((part) => !/\p{Cc}/u.test(part))),
        (parts) => {
          const path = `/${parts.map(encodeURIComponent).join('/')}`;
          const { decoded, raw } = splitPath(path);
          expect(raw).toHaveLength(decoded.length);
          expect(`/${decoded.map(encodeURIComponent).join('/')}`).toBe(path.replace(/(?<=.)\/$/, ''));
        },
      ),
    );
  });
});

describe('pathBelow', () => {
  it.each([
    ['/api/plugins/demo/a%2Fb/c', '/a%2Fb/c'],
    ['/api/plugins/demo/a/', '/a/'],
    ['/api/plugins/demo//a', '//a'],
    ['/api/plugins/demo', '/'],
    ['/api/plugins/demo/', '/'],
  ])('of %s is %s', (path, rest) => {
    expect(pathBelow(splitPath(path), 3)).toBe(rest);
  });
});
