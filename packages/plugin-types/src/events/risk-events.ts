import type { BaseEventPayload, Changed, Entity, Mitigated } from './payload.js';

export interface RiskEventPayload extends BaseEventPayload {
  riskId: number;
  projectId: number;
  risk: Entity;
}

/** Events of a project's risks (§17.2). */
export interface RiskEvents {
  'risk:created': RiskEventPayload;
  'risk:updated': RiskEventPayload & Changed;
  'risk:deleted': RiskEventPayload;
  'risk:mitigated': RiskEventPayload & Mitigated;
}
