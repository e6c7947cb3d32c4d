import { PERMISSIONS } from '@verifywise/plugin-types';
import { describe, expect, it } from 'vitest';
import { CONTEXT_MEMBERS, type ContextMember } from '../foundation/permissions.js';
import { Guard } from './guard.js';
import { defineLazily, guardedMethod, guardedNamespace, type Method, membersOf } from './guarded-facade.js';

const key = { tenant: 'acme', pluginId: 'slack' };
const faults = { report: () => {}, denied: () => {} };
const guardOf = (declared: readonly string[]) => new Guard({ key, declared, mode: 'enforce', faults });

/** Stands behind the façade and sees what arrives. */
class Recorder {
  readonly calls: unknown[][] = [];
  get(...args: unknown[]): string {
    this.calls.push(['get', ...args]);
    return 'got';
  }
  getAll(): Record<string, unknown> {
    return {};
  }
  async set(...args: unknown[]): Promise<void> {
    this.calls.push(['set', ...args]);
  }
  secret(): string {
    return 'not in the table';
  }
}

const Config = guardedNamespace('config');
const facadeOver = (target: Recorder, guard = guardOf(PERMISSIONS)) =>
  new Config(guard, target) as unknown as Recorder;

describe('a façade', () => {
  it('passes a call on as it is: arguments, this, result', async () => {
    const target = new Recorder();
    const facade = facadeOver(target);
    expect(facade.get('channel', '#general', undefined)).toBe('got');
    await facade.set('channel', { deep: [1] });
    expect(target.calls).toEqual([
      ['get', 'channel', '#general', undefined],
      ['set', 'channel', { deep: [1] }],
    ]);
  });

  it('has the members of the table and no others', () => {
    const facade = facadeOver(new Recorder());
    expect(Object.keys(Object.getPrototypeOf(facade)).sort()).toEqual(['get', 'getAll', 'set']);
    expect(facade.secret).toBeUndefined();
    expect(facade.calls).toBeUndefined();
  });

  it('shows nothing of guard and target', () => {
    const facade = facadeOver(new Recorder());
    expect(Reflect.ownKeys(facade)).toEqual([]);
    expect(JSON.stringify(facade)).toBe('{}');
  });

  it('makes a member on first use, and once', () => {
    const facade = facadeOver(new Recorder());
    expect(Object.hasOwn(facade, 'get')).toBe(false);
    const first = facade.get;
    expect(Object.keys(facade)).toEqual(['get']);
    expect(facade.get).toBe(first);
  });

  it('has members that work when taken out of it', async () => {
    const target = new Recorder();
    const { get, set } = facadeOver(target);
    expect(get('a')).toBe('got');
    await set('a', 1);
    expect([1, 2].map(get)).toEqual(['got', 'got']);
    expect(target.calls).toHaveLength(4);
  });

  it('cannot be changed by the plugin', () => {
    const facade = facadeOver(new Recorder());
    expect(facade.get('a')).toBe('got');
    expect(() => {
      facade.get = () => 'forged';
    }).toThrow(TypeError);
    expect(() => {
      facade.set = async () => {};
    }).toThrow(TypeError);
    expect(facade.get('a')).toBe('got');
  });

  it('works when frozen', () => {
    const facade = Object.freeze(facadeOver(new Recorder()));
    expect(facade.get('a')).toBe('got');
    expect(facade.get('b')).toBe('got');
  });

  it('belongs to one instance: two share their class and nothing else', () => {
    const [one, two] = [new Recorder(), new Recorder()];
    facadeOver(one).get('for one');
    facadeOver(two).get('for two');
    expect(one.calls).toEqual([['get', 'for one']]);
    expect(two.calls).toEqual([['get', 'for two']]);
  });
});

describe('a member that is refused', () => {
  it('throws where it answers with a value, and its target is not called', () => {
    const target = new Recorder();
    const facade = facadeOver(target, guardOf(['config:write']));
    expect(() => facade.get('a')).toThrow(expect.objectContaining({ code: 'PERMISSION_DENIED' }));
    expect(target.calls).toEqual([]);
  });

  it('rejects where it answers with a promise, and never throws', async () => {
    const target = new Recorder();
    const facade = facadeOver(target, guardOf(['config:read']));
    const answer = facade.set('a', 1);
    expect(answer).toBeInstanceOf(Promise);
    await expect(answer).rejects.toMatchObject({ code: 'PERMISSION_DENIED', name: 'PermissionDeniedError' });
    expect(target.calls).toEqual([]);
  });

  it.each(Object.keys(CONTEXT_MEMBERS) as ContextMember[])(
    '%s does so once revoked, as the table says',
    async (member) => {
      const guard = guardOf(PERMISSIONS);
      let calls = 0;
      const call: Method = guardedMethod(guard, member, () => {
        calls += 1;
      });
      call();
      guard.revoke();
      const revoked = expect.objectContaining({ code: 'CONTEXT_REVOKED' });
      if (CONTEXT_MEMBERS[member].returns === 'value') expect(call).toThrow(revoked);
      else await expect(call()).rejects.toEqual(revoked);
      expect(calls).toBe(1);
    },
  );

  it('is refused also where the plugin took it out before', async () => {
    const guard = guardOf(PERMISSIONS);
    const { get, set } = facadeOver(new Recorder(), guard);
    guard.revoke();
    expect(() => get('a')).toThrow(expect.objectContaining({ code: 'CONTEXT_REVOKED' }));
    await expect(set('a', 1)).rejects.toMatchObject({ code: 'CONTEXT_REVOKED' });
  });
});

describe('the members of a namespace', () => {
  it('are those whose name begins with it', () => {
    expect(membersOf('db')).toEqual([
      { member: 'db.query', name: 'query' },
      { member: 'db.transaction', name: 'transaction' },
    ]);
    expect(membersOf('nothing')).toEqual([]);
  });

  it('and those of the context itself make up the whole table', () => {
    const namespaces = new Set(
      Object.keys(CONTEXT_MEMBERS).map((member) => (member.includes('.') ? member.split('.')[0] : '')),
    );
    const all = [...namespaces].flatMap((namespace) =>
      membersOf(namespace ?? '').map(({ member }) => member),
    );
    expect(all.sort()).toEqual(Object.keys(CONTEXT_MEMBERS).sort());
  });
});

describe('a lazy property', () => {
  it('is made once per object, however often it is read', () => {
    let made = 0;
    class Lazy {}
    defineLazily(Lazy.prototype, 'member', () => ++made);
    const [one, two] = [new Lazy(), new Lazy()] as { member?: number }[];
    expect([one?.member, one?.member, two?.member, one?.member]).toEqual([1, 1, 2, 1]);
  });

  it('that could not be made is tried again', () => {
    let attempts = 0;
    class Lazy {}
    defineLazily(Lazy.prototype, 'member', () => {
      attempts += 1;
      if (attempts === 1) throw new Error('not yet');
      return 'made';
    });
    const lazy = new Lazy() as { member?: string };
    expect(() => lazy.member).toThrow('not yet');
    expect(lazy.member).toBe('made');
  });
});
