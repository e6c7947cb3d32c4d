import type { BaseEventPayload, Changed, Entity } from './payload.js';

export interface UserLogoutPayload extends BaseEventPayload {
  userId: number;
}

export interface UserEventPayload extends UserLogoutPayload {
  user: Entity;
}

/** User events (§17.2). */
export interface UserEvents {
  'user:login': UserEventPayload;
  'user:logout': UserLogoutPayload;
  'user:created': UserEventPayload;
  'user:updated': UserEventPayload & Changed;
  'user:deleted': UserEventPayload;
}
