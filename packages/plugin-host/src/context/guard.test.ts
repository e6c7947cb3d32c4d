import { PERMISSIONS } from '@verifywise/plugin-types';
import { describe, expect, it } from 'vitest';
import type { Denial } from '../foundation/faults.js';
import { CONTEXT_MEMBERS, type ContextMember, type PermissionMode } from '../foundation/permissions.js';
import { Guard, maskOfMember } from './guard.js';

const key = { tenant: 'acme', pluginId: 'slack' };
const guardOf = (declared: readonly string[], mode: PermissionMode = 'enforce') => {
  const denials: Denial[] = [];
  const faults = { report: () => {}, denied: (denial: Denial) => void denials.push(denial) };
  const guard = new Guard({ key, declared, mode, faults });
  const allows = (member: ContextMember): boolean => {
    try {
      guard.check(member, maskOfMember(member));
      return true;
    } catch {
      return false;
    }
  };
  return {
    guard,
    denials,
    allows,
    check: (member: ContextMember) => guard.check(member, maskOfMember(member)),
  };
};
const MEMBERS = Object.keys(CONTEXT_MEMBERS) as ContextMember[];

describe('the guard of a plugin', () => {
  it.each(PERMISSIONS)(
    'lets %s open exactly the members that name it, and those open to all',
    (permission) => {
      const { allows } = guardOf([permission]);
      const expected = MEMBERS.filter((member) => {
        const anyOf: readonly string[] = CONTEXT_MEMBERS[member].anyOf;
        return anyOf.length === 0 || anyOf.includes(permission);
      });
      expect(MEMBERS.filter(allows)).toEqual(expected);
    },
  );

  it('opens only what is open to all without a permission, or with words it does not know', () => {
    const free = MEMBERS.filter((member) => CONTEXT_MEMBERS[member].anyOf.length === 0);
    for (const declared of [[], ['*', 'database', 'config:READ', 'admin', '__proto__', 'constructor']]) {
      expect(MEMBERS.filter(guardOf(declared).allows)).toEqual(free);
    }
  });

  it('opens everything with every permission', () => {
    expect(MEMBERS.filter(guardOf(PERMISSIONS).allows)).toEqual(MEMBERS);
  });

  it('knows the names older plugins use', () => {
    const { allows } = guardOf(['events:subscribe', 'events:publish']);
    expect(allows('on')).toBe(true);
    expect(allows('emit')).toBe(true);
    expect(allows('addFilter')).toBe(false);
  });

  it('refuses with PermissionDeniedError, and tells of it each time', () => {
    const { check, denials } = guardOf(['config:read']);
    for (const _ of [1, 2]) {
      expect(() => check('db.query')).toThrow(
        expect.objectContaining({
          name: 'PermissionDeniedError',
          code: 'PERMISSION_DENIED',
          status: 403,
          details: { pluginId: 'slack', member: 'db.query', required: ['database:read', 'database:write'] },
        }),
      );
    }
    const denial = { key, member: 'db.query', required: ['database:read', 'database:write'] };
    expect(denials).toEqual([denial, denial]);
  });

  it('says what was granted', () => {
    const { guard } = guardOf(['database:read', 'events:publish', 'made:up']);
    expect(guard.grants('database:read')).toBe(true);
    expect(guard.grants('events:emit')).toBe(true);
    expect(guard.grants('database:write')).toBe(false);
    expect(guard.grants('made:up')).toBe(false);
  });
});

describe('the guard in warn mode', () => {
  it('tells of what it would refuse and lets it pass', () => {
    const { check, denials, guard } = guardOf([], 'warn');
    expect(() => check('config.set')).not.toThrow();
    expect(denials).toEqual([{ key, member: 'config.set', required: ['config:write'] }]);
    expect(guard.grants('database:write')).toBe(true);
  });

  it('has nothing to tell of what was granted', () => {
    const { check, denials } = guardOf(['config:write'], 'warn');
    check('config.set');
    check('logger.info');
    expect(denials).toEqual([]);
  });
});

describe('a revoked guard', () => {
  it.each<PermissionMode>(['enforce', 'warn'])(
    'refuses everything, also what is open to all (%s)',
    (mode) => {
      const { guard, check, denials } = guardOf(PERMISSIONS, mode);
      expect(guard.revoked).toBe(false);
      guard.revoke();
      guard.revoke();
      expect(guard.revoked).toBe(true);
      for (const member of MEMBERS) {
        expect(() => check(member)).toThrow(
          expect.objectContaining({ code: 'CONTEXT_REVOKED', details: { pluginId: 'slack', member } }),
        );
      }
      expect(denials).toEqual([]);
    },
  );
});
