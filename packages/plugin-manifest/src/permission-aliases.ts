import type { Permission } from '@verifywise/plugin-types';

/** Names older plugins use for permissions. They are kept as written; the host grants what they stand for. */
export const PERMISSION_ALIASES: Readonly<Record<string, Permission>> = {
  'events:subscribe': 'events:listen',
  'events:publish': 'events:emit',
};
