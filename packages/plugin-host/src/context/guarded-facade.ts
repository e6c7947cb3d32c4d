import { CONTEXT_MEMBERS, type ContextMember } from '../foundation/permissions.js';
import { type Guard, maskOfMember } from './guard.js';

export type Method = (...args: unknown[]) => unknown;

/**
 * Defines `name` on `prototype` so that it is made on first use and then is a plain own property:
 * an instance pays only for the members its plugin touches, and a destructured method keeps working.
 */
export function defineLazily<T extends object>(prototype: T, name: string, make: (self: T) => unknown): void {
  Object.defineProperty(prototype, name, {
    configurable: true,
    enumerable: true,
    get(this: T) {
      const value = make(this);
      // Without a throw: a plugin may have frozen its context, and then each use makes the member anew.
      Reflect.defineProperty(this, name, { value, enumerable: true });
      return value;
    },
  });
}

/** One method of a capability behind its permission. */
export function guardedMethod(guard: Guard, member: ContextMember, method: Method): Method {
  const mask = maskOfMember(member);
  if (CONTEXT_MEMBERS[member].returns === 'value') {
    return (...args) => {
      guard.check(member, mask);
      return method(...args);
    };
  }
  return (...args) => {
    try {
      guard.check(member, mask);
    } catch (error) {
      // A member that answers with a promise refuses with one, so `.catch` sees it.
      return Promise.reject(error);
    }
    return method(...args);
  };
}

/** The members of one namespace (`config`, `db`, …), or with `''` those of the context itself. */
export const membersOf = (namespace: string): readonly { member: ContextMember; name: string }[] =>
  (Object.keys(CONTEXT_MEMBERS) as ContextMember[])
    .map((member) => ({ member, parts: member.split('.') }))
    .filter(({ parts }) => (parts.length === 1 ? '' : parts[0]) === namespace)
    .map(({ member, parts }) => ({ member, name: parts.at(-1) ?? member }));

/** A class of façades for one namespace: every member of the table, none besides. */
export function guardedNamespace(namespace: string): new (guard: Guard, target: object) => object {
  class Guarded {
    readonly #guard: Guard;
    readonly #target: object;

    constructor(guard: Guard, target: object) {
      this.#guard = guard;
      this.#target = target;
    }

    static bind(self: Guarded, member: ContextMember, name: string): Method {
      const target = self.#target as Record<string, Method>;
      return guardedMethod(self.#guard, member, (...args) => (target[name] as Method)(...args));
    }
  }
  for (const { member, name } of membersOf(namespace)) {
    defineLazily(Guarded.prototype as Guarded, name, (self) => Guarded.bind(self, member, name));
  }
  return Guarded;
}
