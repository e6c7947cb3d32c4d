import { describe, expect, it } from 'vitest';
import { minimalManifest } from '../test/specification.js';
import { validateManifest } from './manifest.js';

const issuesOf = (changes: object) => validateManifest(minimalManifest(changes)).issues;
const nest = (levels: number): unknown => (levels === 0 ? 'x' : { a: nest(levels - 1) });

describe('a source that is no manifest', () => {
  it.each([
    ['not JSON', '{"id": "x",}', /^is not JSON: /],
    ['empty', '', /^is not JSON: /],
    ['UTF-16 with a mark', Buffer.from('\uFEFF{}', 'utf16le'), /^must be UTF-8 text$/],
    ['UTF-16 without one', Buffer.from('{}', 'utf16le'), /^must be UTF-8 text$/],
    ['Latin-1', Buffer.from([0x22, 0xe4, 0x22]), /^must be UTF-8 text$/],
    [
      'larger than 256 KB',
      JSON.stringify('x'.repeat(256 * 1024)),
      /^must be at most 262144 bytes, but has 262146$/,
    ],
    ['a list', '[]', /^must be an object$/],
    ['null', null, /^must be an object$/],
    ['undefined', undefined, /^must be an object$/],
    ['a function', () => ({}), /^must be an object$/],
  ])('%s', (_, source, message) => {
    const { manifest, issues } = validateManifest(source);
    expect(manifest).toBeUndefined();
    expect(issues).toEqual([expect.objectContaining({ path: '', message: expect.stringMatching(message) })]);
  });

  it('measures text in bytes, not in characters', () => {
    const text = JSON.stringify(minimalManifest({ custom: 'ä'.repeat(200_000) }));
    expect(text.length).toBeLessThan(256 * 1024);
    expect(validateManifest(text).issues[0]?.message).toMatch(/^must be at most 262144 bytes/);
  });
});

describe('unsafe content', () => {
  it('may be nested 32 levels deep', () => {
    expect(issuesOf({ custom: nest(31) })).toEqual([]);
    expect(issuesOf({ custom: nest(32) })).toEqual([
      { path: `/custom${'/a'.repeat(31)}`, message: 'is nested more than 32 levels deep' },
    ]);
  });

  it('survives very deep JSON and cycles', () => {
    const deep = `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    expect(validateManifest(deep).issues).toHaveLength(1);
    const cycle = minimalManifest();
    cycle.custom = cycle;
    expect(validateManifest(cycle).issues[0]?.message).toBe('is nested more than 32 levels deep');
  });

  it.each(['__proto__', 'constructor', 'prototype'])('may not use the name %s anywhere', (name) => {
    const field = '{"type":"string"}';
    const text = JSON.stringify(
      minimalManifest({ config: 'CONFIG', dependencies: 'DEPENDENCIES', custom: 'CUSTOM' }),
    )
      .replace('"CONFIG"', `{"${name}":${field}}`)
      .replace('"DEPENDENCIES"', `{"${name}":">=1.0.0"}`)
      .replace('"CUSTOM"', `[{"${name}":1}]`);
    expect(validateManifest(text).issues).toEqual(
      [`/config/${name}`, `/dependencies/${name}`, `/custom/0/${name}`].map((path) => ({
        path,
        message: `"${name}" cannot be used as a name`,
        hint: 'Choose another name.',
      })),
    );
    expect(issuesOf({ id: name }).map((issue) => issue.path)).toContain('/id');
    expect(issuesOf({ tags: ['ok', name] }).map((issue) => issue.path)).toEqual(['/tags/1']);
  });

  it.each([
    ['a NUL character', 'a\u0000b', 'holds a NUL character, which cannot be stored'],
    ['half a character', 'a\ud800b', 'holds half of a character, which cannot be stored'],
    ['infinity', Number.POSITIVE_INFINITY, 'must be a finite number'],
    ['a date', new Date(0), 'must be a plain JSON object'],
    ['a function', () => 1, 'must be a JSON value; function is not one'],
  ])('may not hold %s', (_, custom, message) =>
    expect(issuesOf({ custom })).toEqual([{ path: '/custom', message }]),
  );

  it('escapes pointers', () => {
    expect(issuesOf({ 'a/b~c': () => 1 })[0]?.path).toBe('/a~1b~0c');
  });
});
