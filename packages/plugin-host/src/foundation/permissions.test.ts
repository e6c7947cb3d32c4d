import { PERMISSIONS, type Permission } from '@verifywise/plugin-types';
import { describe, expect, it } from 'vitest';
import { CONTEXT_MEMBERS, grantedPermissions, type MemberRule } from './permissions.js';

const members: readonly (readonly [string, MemberRule])[] = Object.entries(CONTEXT_MEMBERS);

/** What §6 says each permission is checked on. Those of members this host does not have yet are left out. */
const CHECKED_ON: Readonly<Partial<Record<Permission, readonly string[]>>> = {
  'database:read': ['db.query'],
  'database:write': ['db.query'],
  'events:emit': ['emit'],
  'events:listen': ['on'],
  'filters:add': ['addFilter'],
  'config:read': ['config.get'],
  'config:write': ['config.set'],
};
/** Checked where a module is required and a file is opened (design decision 7), not on a member of the context. */
const BY_THE_LOADER: readonly Permission[] = ['http:outbound', 'filesystem:read', 'filesystem:write'];
const MEMBER_TO_COME: Readonly<Partial<Record<Permission, string>>> = {
  'models:define': 'models',
  'middleware:inject': 'middleware',
};

describe('the table of members', () => {
  it.each(Object.entries(CHECKED_ON))('asks for %s where §6 says so', (permission, checkedOn) => {
    for (const member of checkedOn) expect(CONTEXT_MEMBERS).toHaveProperty([member, 'anyOf']);
    const asking = members.filter(([, { anyOf }]) => anyOf.includes(permission as Permission));
    expect(asking.map(([member]) => member)).toEqual(expect.arrayContaining([...checkedOn]));
  });

  it('accounts for every permission there is', () => {
    const accounted = [...Object.keys(CHECKED_ON), ...BY_THE_LOADER, ...Object.keys(MEMBER_TO_COME)];
    expect(accounted.sort()).toEqual([...PERMISSIONS].sort());
  });

  it('asks for a permission as soon as the member it belongs to exists', () => {
    for (const [permission, namespace] of Object.entries(MEMBER_TO_COME)) {
      const present = members.filter(([member]) => member.split('.')[0] === namespace);
      const free = present.filter(([, { anyOf }]) => !anyOf.includes(permission as Permission));
      expect(free.map(([member]) => member)).toEqual([]);
    }
  });

  it('asks for permissions there are', () => {
    for (const [, { anyOf }] of members)
      for (const permission of anyOf) expect(PERMISSIONS).toContain(permission);
  });

  it.each(['metadata', 'logger', 'getPlugin', 'isPluginEnabled'])(
    'leaves %s to everybody (decision 8)',
    (name) => {
      const found = members.filter(([member]) => member.split('.')[0] === name);
      expect(found.length).toBeGreaterThan(0);
      for (const [, { anyOf }] of found) expect(anyOf).toEqual([]);
    },
  );

  it('gates applyFilters with filters:add (decision 39)', () => {
    expect(CONTEXT_MEMBERS.applyFilters.anyOf).toEqual(['filters:add']);
  });
});

describe('the permissions a manifest grants', () => {
  it('are those it names', () => {
    expect([...grantedPermissions(['config:read', 'database:write'])]).toEqual([
      'config:read',
      'database:write',
    ]);
    expect([...grantedPermissions([])]).toEqual([]);
  });

  it('include what older plugins mean by other names', () => {
    expect([...grantedPermissions(['events:subscribe', 'events:publish'])]).toEqual([
      'events:listen',
      'events:emit',
    ]);
  });

  it('are no more than named: unknown words stay words', () => {
    const granted = grantedPermissions([
      '*',
      'database:*',
      'CONFIG:READ',
      'constructor',
      '__proto__',
      'toString',
    ]);
    expect([...granted]).toEqual(['*', 'database:*', 'CONFIG:READ', 'constructor', '__proto__', 'toString']);
    for (const permission of PERMISSIONS) expect(granted.has(permission)).toBe(false);
  });
});
