import { describe, expect, it } from 'vitest';
import { plainCopy } from './plain-copy.js';

class Risk {
  score = 1;
}

describe('a plain copy', () => {
  it('shares no object and no list with the original', () => {
    const original = {
      risk: { score: 1, tags: ['gdpr', { deep: true }] },
      nothing: null,
      bare: Object.create(null),
    };
    const copy = plainCopy(original);
    expect(copy).toEqual(original);
    copy.risk.score = 2;
    copy.risk.tags.push('iso-27001');
    copy.bare.added = true;
    expect(original).toEqual({
      risk: { score: 1, tags: ['gdpr', { deep: true }] },
      nothing: null,
      bare: Object.create(null),
    });
    expect(Object.getPrototypeOf(copy.bare)).toBeNull();
  });

  it('shares what only its author knows how to copy', () => {
    const original = { at: new Date(0), bytes: Buffer.from('x'), risk: new Risk(), compute: () => 1 };
    const copy = plainCopy(original);
    for (const key of ['at', 'bytes', 'risk', 'compute'] as const) expect(copy[key]).toBe(original[key]);
    const risk = new Risk();
    expect(plainCopy(risk)).toBe(risk);
    expect(plainCopy(7)).toBe(7);
  });

  it('follows circles and keeps a field called __proto__ a field', () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    const copy = plainCopy(circle);
    expect(copy.self).toBe(copy);
    const parsed = plainCopy(JSON.parse('{"__proto__": {"isAdmin": true}}'));
    expect(parsed.isAdmin).toBeUndefined();
    expect(Object.keys(parsed)).toEqual(['__proto__']);
  });
});
