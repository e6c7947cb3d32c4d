import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkDependencies, checkNoCycle, type Dependent, dependentsOf, loadOrder } from './dependencies.js';

const plugin = (pluginId: string, ...on: string[]): Dependent => ({
  pluginId,
  version: '1.0.0',
  dependencies: Object.fromEntries(on.map((id) => [id, '>=1.0.0'])),
});
const orderOf = (...plugins: Dependent[]): string[] =>
  loadOrder(plugins).ordered.map(({ pluginId }) => pluginId);
const circlesOf = (...plugins: Dependent[]) => Object.fromEntries(loadOrder(plugins).cyclic);

describe('the order plugins are loaded in', () => {
  it('is the one given where nothing depends on anything', () => {
    expect(orderOf(plugin('b'), plugin('a'), plugin('c'))).toEqual(['b', 'a', 'c']);
    expect(orderOf()).toEqual([]);
  });

  it('puts a plugin after what it depends on, in the order it names it', () => {
    expect(orderOf(plugin('a', 'c', 'b'), plugin('b'), plugin('c'))).toEqual(['c', 'b', 'a']);
  });

  it('loads what a diamond shares once', () => {
    expect(
      orderOf(
        plugin('top', 'left', 'right'),
        plugin('left', 'base'),
        plugin('right', 'base'),
        plugin('base'),
      ),
    ).toEqual(['base', 'left', 'right', 'top']);
  });

  it('does not mind a dependency that is not installed', () => {
    expect(orderOf(plugin('a', 'missing'), plugin('b', 'a'))).toEqual(['a', 'b']);
  });

  it('follows a chain of 10,000 plugins', () => {
    const ids = Array.from({ length: 10_000 }, (_, n) => `p${n}`);
    const chain = ids.map((id, n) => (n + 1 < ids.length ? plugin(id, `p${n + 1}`) : plugin(id)));
    expect(orderOf(...chain)).toEqual([...ids].reverse());
  });
});

describe('plugins that depend on each other in a circle', () => {
  it('are left out, with the way round', () => {
    const { ordered, cyclic } = loadOrder([
      plugin('a', 'b'),
      plugin('b', 'c'),
      plugin('c', 'a'),
      plugin('d'),
    ]);
    expect(ordered.map(({ pluginId }) => pluginId)).toEqual(['d']);
    expect(Object.fromEntries(cyclic)).toEqual({
      a: ['a', 'b', 'c', 'a'],
      b: ['a', 'b', 'c', 'a'],
      c: ['a', 'b', 'c', 'a'],
    });
  });

  it('may be one plugin alone', () => {
    expect(circlesOf(plugin('a', 'a'))).toEqual({ a: ['a', 'a'] });
  });

  it('take along what depends on them, with the circle itself and not the way to it', () => {
    expect(
      circlesOf(plugin('outer', 'inner'), plugin('inner', 'a'), plugin('a', 'b'), plugin('b', 'a')),
    ).toEqual({
      outer: ['a', 'b', 'a'],
      inner: ['a', 'b', 'a'],
      a: ['a', 'b', 'a'],
      b: ['a', 'b', 'a'],
    });
    // The same where the circle was found before its dependent is looked at.
    expect(circlesOf(plugin('a', 'b'), plugin('b', 'a'), plugin('outer', 'a'))).toHaveProperty('outer', [
      'a',
      'b',
      'a',
    ]);
  });

  it('leave alone what they depend on', () => {
    const { ordered, cyclic } = loadOrder([
      plugin('a', 'b', 'base'),
      plugin('b', 'a'),
      plugin('base', 'deep'),
      plugin('deep'),
    ]);
    expect(ordered.map(({ pluginId }) => pluginId)).toEqual(['deep', 'base']);
    expect([...cyclic.keys()].sort()).toEqual(['a', 'b']);
  });

  it('may be 10,000, each depending on the first as well', () => {
    const ids = Array.from({ length: 10_000 }, (_, n) => `p${n}`);
    const ring = ids.map((id, n) => plugin(id, 'p0', `p${(n + 1) % ids.length}`));
    const { ordered, cyclic } = loadOrder(ring);
    expect(ordered).toEqual([]);
    expect(cyclic.size).toBe(10_000);
  });
});

describe('any set of plugins', () => {
  const IDS = ['a', 'b', 'c', 'd', 'e', 'f'] as const;
  const anyPlugins = fc
    .array(fc.subarray([...IDS, 'missing']), { minLength: IDS.length, maxLength: IDS.length })
    .map((all) => IDS.map((id, n) => plugin(id, ...(all[n] ?? []))));

  /** By definition, and slowly: everything a plugin needs, directly or not. */
  const needs = (plugins: readonly Dependent[], id: string): Set<string> => {
    const found = new Set<string>();
    const look = (at: string): void => {
      const of = plugins.find(({ pluginId }) => pluginId === at);
      for (const next of Object.keys(of?.dependencies ?? {})) {
        if (found.has(next)) continue;
        found.add(next);
        look(next);
      }
    };
    look(id);
    return found;
  };

  it('is ordered where it can be, and exactly what needs a circle is left out', () => {
    fc.assert(
      fc.property(anyPlugins, (plugins) => {
        const { ordered, cyclic } = loadOrder(plugins);
        const inCircle = IDS.filter((id) => needs(plugins, id).has(id));
        const stuck = IDS.filter((id) =>
          inCircle.some((each) => each === id || needs(plugins, id).has(each)),
        );
        expect([...cyclic.keys()].sort()).toEqual(stuck);
        const ids = ordered.map(({ pluginId }) => pluginId);
        expect([...ids, ...cyclic.keys()].sort()).toEqual([...IDS]);
        for (const [at, { dependencies }] of ordered.entries()) {
          const later = Object.keys(dependencies).filter((id) => ids.indexOf(id) >= at);
          expect(later).toEqual([]);
        }
        for (const path of cyclic.values()) {
          expect(path.at(0)).toBe(path.at(-1));
          for (const [n, id] of path.slice(0, -1).entries()) {
            const step = plugins.find(({ pluginId }) => pluginId === id);
            expect(step?.dependencies).toHaveProperty(path[n + 1] ?? '');
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('the dependencies of a plugin', () => {
  const installed = new Map([
    ['base', { version: '1.4.2' }],
    ['other', { version: '2.0' }],
  ]);
  const check = (dependencies: Record<string, string>) => () =>
    checkDependencies({ pluginId: 'mine', version: '1.0.0', dependencies }, installed);

  it('are met where all are installed in a version asked for', () => {
    expect(check({ base: '^1.2.0', other: '=2.0.0' })).not.toThrow();
    expect(check({})).not.toThrow();
  });

  it('are all named where several are missing', () => {
    expect(check({ base: '>=1.0.0', absent: '>=1.0.0', gone: '^2.0.0' })).toThrow(
      expect.objectContaining({
        code: 'DEPENDENCY_MISSING',
        status: 409,
        details: { pluginId: 'mine', missing: ['absent >=1.0.0', 'gone ^2.0.0'] },
      }),
    );
  });

  it('are refused in another version', () => {
    expect(check({ base: '>=1.5.0' })).toThrow(
      expect.objectContaining({
        code: 'DEPENDENCY_VERSION',
        status: 409,
        details: { pluginId: 'mine', dependency: 'base', range: '>=1.5.0', version: '1.4.2' },
      }),
    );
  });

  it('are not found among the properties every object has', () => {
    expect(check({ constructor: '>=1.0.0' })).toThrow(
      expect.objectContaining({ code: 'DEPENDENCY_MISSING' }),
    );
    expect(dependentsOf('constructor', [plugin('a')])).toEqual([]);
  });
});

describe('the dependents of a plugin', () => {
  it('are those that name it, not those that need it through another', () => {
    const others = [plugin('a', 'base'), plugin('b', 'a'), plugin('c', 'x', 'base'), plugin('base')];
    expect(dependentsOf('base', others)).toEqual(['a', 'c']);
  });
});

describe('installing a plugin', () => {
  const refused =
    (added: Dependent, ...others: Dependent[]) =>
    () =>
      checkNoCycle(added, others);

  it('is refused where it closes a circle', () => {
    expect(refused(plugin('c', 'a'), plugin('a', 'b'), plugin('b', 'c'))).toThrow(
      expect.objectContaining({
        code: 'DEPENDENCY_CYCLE',
        status: 409,
        details: { path: ['a', 'b', 'c', 'a'] },
      }),
    );
    expect(refused(plugin('a', 'a'))).toThrow(expect.objectContaining({ code: 'DEPENDENCY_CYCLE' }));
  });

  it('is not refused for a circle it has no part in', () => {
    expect(refused(plugin('c'), plugin('a', 'b'), plugin('b', 'a'))).not.toThrow();
  });

  it('goes by its new dependencies where an older version is installed', () => {
    expect(refused(plugin('a'), plugin('a', 'b'), plugin('b', 'a'))).not.toThrow();
    expect(refused(plugin('a', 'b'), plugin('a'), plugin('b', 'a'))).toThrow(
      expect.objectContaining({ code: 'DEPENDENCY_CYCLE' }),
    );
  });
});
