import { describe, expect, it } from 'vitest';
import { SqlCache } from './sql-cache.js';

function cacheOf(limits: { entries: number; characters: number }) {
  const made: string[] = [];
  const cache = new SqlCache<string>(limits);
  const get = (sql: string, keep = true) =>
    cache.get(
      sql,
      (text) => {
        made.push(text);
        return `of ${text}`;
      },
      () => keep,
    );
  return { cache, made, get };
}

describe('the cache of SQL texts', () => {
  it('makes each value once', () => {
    const { get, made } = cacheOf({ entries: 2, characters: 100 });
    expect([get('a'), get('a'), get('b')]).toEqual(['of a', 'of a', 'of b']);
    expect(made).toEqual(['a', 'b']);
  });

  it('forgets what was asked for longest ago', () => {
    const { get, made, cache } = cacheOf({ entries: 2, characters: 100 });
    for (const sql of ['a', 'b', 'a', 'c', 'a', 'b']) get(sql);
    expect(made).toEqual(['a', 'b', 'c', 'b']);
    expect(cache.size).toBe(2);
  });

  it('holds no more characters than it may', () => {
    const { get, made, cache } = cacheOf({ entries: 100, characters: 10 });
    for (const sql of ['aaaa', 'bbbb', 'cccc', 'bbbb', 'x'.repeat(11), 'x'.repeat(11)]) get(sql);
    expect(made).toEqual(['aaaa', 'bbbb', 'cccc', 'x'.repeat(11), 'x'.repeat(11)]);
    expect(cache.size).toBe(2);
  });

  it('keeps only what is to be kept', () => {
    const { get, made } = cacheOf({ entries: 2, characters: 10 });
    get('a', false);
    get('a');
    get('a');
    expect(made).toEqual(['a', 'a']);
  });
});
