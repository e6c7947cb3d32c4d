import type { BaseEventPayload, Changed, Entity } from './payload.js';

export interface TaskEventPayload extends BaseEventPayload {
  taskId: number;
  /** Absent if the task belongs to no project. */
  projectId?: number;
  task: Entity;
}

/** Task events (§17.2). */
export interface TaskEvents {
  'task:created': TaskEventPayload;
  'task:updated': TaskEventPayload & Changed;
  'task:deleted': TaskEventPayload;
  'task:completed': TaskEventPayload;
  'task:assigned': TaskEventPayload & { assigneeId: number; previousAssigneeId?: number };
}
