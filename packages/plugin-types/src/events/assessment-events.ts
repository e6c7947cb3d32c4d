import type { BaseEventPayload, Changed, Entity } from './payload.js';

export interface AssessmentEventPayload extends BaseEventPayload {
  projectId: number;
  assessmentId: number;
  assessment: Entity;
}

export interface QuestionEventPayload extends BaseEventPayload {
  projectId: number;
  questionId: number;
  question: Entity;
  answer: string;
  /** Absent if the question had no answer before. */
  previousAnswer?: string;
}

export interface ControlEventPayload extends BaseEventPayload {
  projectId: number;
  controlId: number;
  control: Entity;
}

export interface SubcontrolEventPayload extends BaseEventPayload {
  projectId: number;
  subcontrolId: number;
  subcontrol: Entity;
}

/** Events of assessments and their controls, which go beyond the list of §17.2. */
export interface AssessmentEvents {
  'assessment:updated': AssessmentEventPayload & Changed;
  'question:answered': QuestionEventPayload;
  'control:updated': ControlEventPayload & Changed;
  'subcontrol:updated': SubcontrolEventPayload & Changed;
}
