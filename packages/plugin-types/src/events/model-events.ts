import type { BaseEventPayload, Changed, Entity, Mitigated } from './payload.js';

export interface ModelEventPayload extends BaseEventPayload {
  modelId: number;
  projectId: number;
  model: Entity;
}

export interface ModelRiskEventPayload extends BaseEventPayload {
  modelRiskId: number;
  modelId: number;
  projectId: number;
  modelRisk: Entity;
}

/** Events of the model inventory and its risks (§17.2). */
export interface ModelEvents {
  'model:created': ModelEventPayload;
  'model:updated': ModelEventPayload & Changed;
  'model:deleted': ModelEventPayload;
  'model:status_changed': ModelEventPayload & { previousStatus: string; newStatus: string };

  'model_risk:created': ModelRiskEventPayload;
  'model_risk:updated': ModelRiskEventPayload & Changed;
  'model_risk:deleted': ModelRiskEventPayload;
  'model_risk:mitigated': ModelRiskEventPayload & Mitigated;
}
