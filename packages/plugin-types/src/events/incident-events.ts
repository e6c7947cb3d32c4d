import type { BaseEventPayload, Changed, Entity } from './payload.js';

export interface IncidentEventPayload extends BaseEventPayload {
  incidentId: number;
  /** Absent if the incident belongs to no project. */
  projectId?: number;
  incident: Entity;
}

/** Incident events (§17.2). */
export interface IncidentEvents {
  'incident:created': IncidentEventPayload;
  'incident:updated': IncidentEventPayload & Changed;
  'incident:deleted': IncidentEventPayload;
  'incident:resolved': IncidentEventPayload & { resolution: string };
}
