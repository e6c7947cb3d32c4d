import { describe, expect, it } from 'vitest';
import { parseBody } from './body.js';

const parse = (body: string | Buffer, type?: string, more: Record<string, string> = {}) =>
  parseBody({
    rawBody: Buffer.from(body),
    headers: { ...(type === undefined ? {} : { 'content-type': type }), ...more },
  });

describe('parseBody', () => {
  it.each(['application/json', 'Application/JSON; charset=UTF-8', 'application/vnd.api+json'])(
    'reads %s',
    (type) => {
      expect(parse('{"a":["é",null]}', type)).toEqual({ a: ['é', null] });
      expect(parse('\ufeff1', type)).toBe(1);
    },
  );

  it.each([
    ['cut off', Buffer.from('{"a":')],
    ['in single quotes', Buffer.from("{'a':1}")],
    ['not UTF-8', Buffer.from('{"a":"\xff"}', 'latin1')],
    ['UTF-16', Buffer.from('{}', 'utf16le')],
  ])('refuses JSON that is %s', (_name, body) => {
    expect(() => parse(body, 'application/json')).toThrow(
      expect.objectContaining({ code: 'BODY_NOT_JSON', status: 400 }),
    );
  });

  it('refuses JSON that is compressed, and says so', () => {
    const gzip = () => parse('{}', 'application/json', { 'content-encoding': 'gzip' });
    expect(gzip).toThrow(
      expect.objectContaining({ code: 'BODY_NOT_JSON', message: expect.stringContaining('gzip') }),
    );
  });

  it('survives JSON as deep as a body may be', () => {
    expect(parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`, 'application/json')).toBeInstanceOf(Array);
  });

  it('reads a key of JSON as data, whatever its name', () => {
    const body = parse('{"__proto__":{"admin":true}}', 'application/json') as { admin?: boolean };
    expect(body.admin).toBeUndefined();
    expect(Object.keys(body)).toEqual(['__proto__']);
  });

  it('reads a flat form', () => {
    const body = parse(
      'a=1&a=2&b=%C3%A9+x&c&__proto__=y&d=%zz',
      'application/x-www-form-urlencoded',
    ) as object;
    expect({ ...body }).toMatchObject({ a: ['1', '2'], b: 'é x', c: '', d: '%zz' });
    expect(Object.keys(body)).toContain('__proto__');
  });

  it('reads text in the charset it names', () => {
    expect(parse('grüße', 'text/plain')).toBe('grüße');
    expect(parse(Buffer.from('gr\xfc\xdfe', 'latin1'), 'text/plain; charset="iso-8859-1"')).toBe('grüße');
    expect(parse('grüße', 'text/csv; charset=klingon')).toBe('grüße');
  });

  it('leaves everything else as bytes', () => {
    expect(parse('x', 'application/octet-stream')).toEqual(Buffer.from('x'));
    expect(parse('x', 'multipart/form-data; boundary=b')).toEqual(Buffer.from('x'));
    expect(parse('x')).toEqual(Buffer.from('x'));
  });

  it('of nothing is undefined, as in Express 5, but {} where JSON or a form was meant', () => {
    expect(parse('')).toBeUndefined();
    expect(parse('', 'text/plain')).toBeUndefined();
    expect(parse('', 'application/json')).toEqual({});
    expect(parse('', 'application/x-www-form-urlencoded')).toEqual({});
  });

  it('says so where the application has eaten the bytes', () => {
    const consumed = () => parseBody({ rawBody: Buffer.alloc(0), headers: {}, bodyConsumed: true });
    expect(consumed).toThrow(expect.objectContaining({ code: 'RAW_BODY_UNAVAILABLE', status: 500 }));
  });
});
