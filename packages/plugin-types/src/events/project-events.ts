import type { BaseEventPayload, Changed, Entity } from './payload.js';

export interface ProjectEventPayload extends BaseEventPayload {
  projectId: number;
  /** The whole project; for a deletion as it was before. */
  project: Entity;
}

/** Project events (§17.2). */
export interface ProjectEvents {
  'project:created': ProjectEventPayload;
  'project:updated': ProjectEventPayload & Changed;
  'project:deleted': ProjectEventPayload;
}

export interface FrameworkEventPayload extends BaseEventPayload {
  projectId: number;
  projectFrameworkId: number;
  frameworkId: number;
  framework: Entity;
}

export interface FrameworkProgressPayload extends BaseEventPayload {
  projectId: number;
  projectFrameworkId: number;
  frameworkId: number;
  previousProgress: number;
  progress: number;
}

/** Framework events (§17.2). */
export interface FrameworkEvents {
  'framework:added': FrameworkEventPayload;
  'framework:removed': FrameworkEventPayload;
  'framework:progress_changed': FrameworkProgressPayload;
}

export interface ReportGeneratedPayload extends BaseEventPayload {
  reportId: number;
  reportType: string;
  projectId: number;
  report: Entity;
}

export interface ReportExportedPayload extends BaseEventPayload {
  reportId: number;
  format: string;
  projectId: number;
  report: Entity;
}

/** Report events (§17.2). */
export interface ReportEvents {
  'report:generated': ReportGeneratedPayload;
  'report:exported': ReportExportedPayload;
}
