import { describe, expect, it } from 'vitest';
import { formatAttachment } from './content-disposition.js';
import { toContentType, withUtf8 } from './media-types.js';
import { ResponseHeaders } from './response-headers.js';
import { formatSetCookie } from './set-cookie.js';

describe('response headers', () => {
  it('have one value per name, whatever its case', () => {
    const headers = new ResponseHeaders();
    headers.set('X-One', 'a');
    headers.set('x-ONE', 2);
    headers.append('X-List', 'a');
    headers.append('x-list', ['b', 'c']);
    expect(headers.toObject()).toEqual({ 'x-one': '2', 'x-list': ['a', 'b', 'c'] });
    headers.delete('X-ONE');
    expect([headers.has('x-one'), headers.get('X-LIST')]).toEqual([false, ['a', 'b', 'c']]);
  });

  it.each([
    ['x-evil', 'a\r\nb: c'],
    ['x-evil', 'a\nb'],
    ['x-evil', ['fine', 'a\rb']],
    ['x-evil', '☃'],
    ['x evil', 'a'],
    ['x:evil', 'a'],
    ['', 'a'],
    ['x-evil', undefined],
  ])('refuse %j: %j', (name, value) => {
    const headers = new ResponseHeaders();
    expect(() => headers.set(name, value as string)).toThrow(TypeError);
    expect(headers.toObject()).toEqual({});
  });

  it('keep what belongs to the connection from the adapter', () => {
    const headers = new ResponseHeaders();
    for (const name of [
      'Connection',
      'Keep-Alive',
      'Transfer-Encoding',
      'Upgrade',
      'Content-Length',
      'X-Own',
      '__proto__',
    ]) {
      headers.set(name, 'x');
    }
    expect(Object.entries(headers.toHostHeaders(['content-length']))).toEqual([
      ['x-own', 'x'],
      ['__proto__', 'x'],
    ]);
  });

  it('gather what an answer varies by', () => {
    const headers = new ResponseHeaders();
    headers.vary('Accept, accept');
    headers.vary(['Cookie', 'ACCEPT']);
    expect(headers.get('vary')).toBe('Accept, Cookie');
    headers.vary('*');
    expect(headers.get('vary')).toBe('*');
  });
});

describe('a content type', () => {
  it.each([
    ['json', 'application/json; charset=utf-8'],
    ['.html', 'text/html; charset=utf-8'],
    ['report.final.CSV', 'text/csv; charset=utf-8'],
    ['png', 'image/png'],
    ['text/plain', 'text/plain; charset=utf-8'],
    ['text/plain; charset=latin1', 'text/plain; charset=latin1'],
    ['application/pdf', 'application/pdf'],
    ['unheard-of', 'application/octet-stream'],
    ['constructor', 'application/octet-stream'],
  ])('of %s is %s', (given, type) => {
    expect(toContentType(given)).toBe(type);
  });

  it('of a string is UTF-8, whatever it was', () => {
    expect(withUtf8('text/html')).toBe('text/html; charset=utf-8');
    expect(withUtf8('text/html; charset="latin1"; x=1')).toBe('text/html; x=1; charset=utf-8');
  });
});

describe('a cookie', () => {
  it('is written as Express writes it', () => {
    expect(formatSetCookie('a', 'b c;')).toBe('a=b%20c%3B; Path=/');
    expect(formatSetCookie('a', { b: 1 })).toBe('a=j%3A%7B%22b%22%3A1%7D; Path=/');
    const options = {
      domain: 'x.test',
      path: '/p',
      httpOnly: true,
      secure: true,
      sameSite: 'none',
      expires: new Date(0),
    } as const;
    expect(formatSetCookie('a', 1, options)).toBe(
      'a=1; Domain=x.test; Path=/p; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=None',
    );
    expect(formatSetCookie('a', '', { maxAge: 2500, sameSite: true })).toMatch(
      /^a=; Max-Age=2; Path=\/; Expires=.+ GMT; SameSite=Strict$/,
    );
  });

  it('stays in its place', () => {
    expect(() => formatSetCookie('a b', '')).toThrow(TypeError);
    expect(() => formatSetCookie('a', '', { path: '/; Domain=evil' })).toThrow(TypeError);
    expect(() => formatSetCookie('a', '', { domain: 'x\r\ny' })).toThrow(TypeError);
  });
});

describe('an attachment', () => {
  it.each([
    [undefined, 'attachment'],
    ['plain.pdf', 'attachment; filename="plain.pdf"'],
    ['../../etc/pass wd', 'attachment; filename="pass wd"'],
    ['C:\\temp\\a.txt', 'attachment; filename="a.txt"'],
    ['a"b.txt', 'attachment; filename="a\\"b.txt"'],
    ['naïve.txt', `attachment; filename="na?ve.txt"; filename*=UTF-8''na%C3%AFve.txt`],
    ["it's(1)*.€", `attachment; filename="it's(1)*.?"; filename*=UTF-8''it%27s%281%29%2A.%E2%82%AC`],
    ['100%25.txt', `attachment; filename="100%25.txt"; filename*=UTF-8''100%2525.txt`],
    [
      'x\r\nset-cookie: a',
      `attachment; filename="x??set-cookie: a"; filename*=UTF-8''x%0D%0Aset-cookie%3A%20a`,
    ],
    ['\ud800.txt', `attachment; filename="?.txt"; filename*=UTF-8''%EF%BF%BD.txt`],
  ])('named %j is %s', (name, expected) => {
    expect(formatAttachment(name)).toBe(expected);
  });
});
