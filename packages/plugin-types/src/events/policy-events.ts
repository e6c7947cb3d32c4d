import type { BaseEventPayload, Changed, Entity } from './payload.js';

export interface PolicyEventPayload extends BaseEventPayload {
  policyId: number;
  /** Absent if the policy belongs to no project. */
  projectId?: number;
  policy: Entity;
}

/** Policy events (§17.2). */
export interface PolicyEvents {
  'policy:created': PolicyEventPayload;
  'policy:updated': PolicyEventPayload & Changed;
  'policy:deleted': PolicyEventPayload;
  'policy:published': PolicyEventPayload & { version: string };
}
