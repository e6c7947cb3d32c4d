import { PERMISSIONS, type Permission } from '@verifywise/plugin-types';
import { contextRevoked, permissionDenied } from '../foundation/errors/index.js';
import type { Faults } from '../foundation/faults.js';
import {
  CONTEXT_MEMBERS,
  type ContextMember,
  grantedPermissions,
  type PermissionMode,
} from '../foundation/permissions.js';
import type { PluginKey } from '../foundation/plugin-key.js';

// A bit per permission: a check is one mask and one flag, which costs a few nanoseconds where a Set costs more than the call.
const BITS = new Map<string, number>(PERMISSIONS.map((permission, index) => [permission, 1 << index]));

const maskOf = (permissions: Iterable<string>): number => {
  let mask = 0;
  for (const permission of permissions) mask |= BITS.get(permission) ?? 0;
  return mask;
};

const MEMBER_MASKS = new Map<string, number>(
  Object.entries(CONTEXT_MEMBERS).map(([member, rule]) => [member, maskOf(rule.anyOf)]),
);

export interface GuardOptions {
  readonly key: PluginKey;
  /** The manifest's permission strings, aliases included. */
  readonly declared: readonly string[];
  readonly mode: PermissionMode;
  readonly faults: Faults;
}

/** Decides for one instance which members of its context it may call (§6.1), and refuses all once revoked. */
export class Guard {
  readonly #options: GuardOptions;
  readonly #granted: number;
  #revoked = false;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#granted = maskOf(grantedPermissions(options.declared));
  }

  get revoked(): boolean {
    return this.#revoked;
  }

  /** From now on every member refuses with CONTEXT_REVOKED: what outlived the plugin does nothing. */
  revoke(): void {
    this.#revoked = true;
  }

  /** @throws PERMISSION_DENIED or CONTEXT_REVOKED */
  check(member: ContextMember, mask: number): void {
    if (!this.#revoked && (mask === 0 || (this.#granted & mask) !== 0)) return;
    this.#refuse(member, CONTEXT_MEMBERS[member].anyOf);
  }

  /**
   * For what a member has handed out, such as a model: using it takes a permission of its own.
   *
   * @throws PERMISSION_DENIED or CONTEXT_REVOKED
   */
  require(member: string, permission: Permission): void {
    if (!this.#revoked && (this.#granted & maskOf([permission])) !== 0) return;
    this.#refuse(member, [permission]);
  }

  grants(permission: string): boolean {
    return this.#options.mode === 'warn' || (this.#granted & maskOf([permission])) !== 0;
  }

  #refuse(member: string, required: readonly Permission[]): void {
    const { key, mode, faults } = this.#options;
    if (this.#revoked) throw contextRevoked({ pluginId: key.pluginId, member });
    faults.denied({ key, member, required });
    if (mode === 'enforce') throw permissionDenied({ pluginId: key.pluginId, member, required });
  }
}

export const maskOfMember = (member: ContextMember): number => MEMBER_MASKS.get(member) ?? 0;
