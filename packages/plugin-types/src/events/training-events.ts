import type { BaseEventPayload, Changed, Entity } from './payload.js';

export interface TrainingEventPayload extends BaseEventPayload {
  trainingId: number;
  training: Entity;
}

/** Training events (§17.2). */
export interface TrainingEvents {
  'training:created': TrainingEventPayload;
  'training:updated': TrainingEventPayload & Changed;
  'training:deleted': TrainingEventPayload;
  'training:completed': TrainingEventPayload & { completedByUserId: number };
  'training:assigned': TrainingEventPayload & { assignedUserIds: number[] };
}
