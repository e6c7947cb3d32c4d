import type { PluginEventMap } from './event-map.js';

/**
 * The events of the application by name: `context.on(PluginEvent.RISK_CREATED, …)` is
 * `context.on('risk:created', …)` (§17).
 */
export const PluginEvent = /* @__PURE__ */ Object.freeze({
  PROJECT_CREATED: 'project:created',
  PROJECT_UPDATED: 'project:updated',
  PROJECT_DELETED: 'project:deleted',

  FRAMEWORK_ADDED: 'framework:added',
  FRAMEWORK_REMOVED: 'framework:removed',
  FRAMEWORK_PROGRESS_CHANGED: 'framework:progress_changed',

  REPORT_GENERATED: 'report:generated',
  REPORT_EXPORTED: 'report:exported',

  ASSESSMENT_UPDATED: 'assessment:updated',

  QUESTION_ANSWERED: 'question:answered',

  CONTROL_UPDATED: 'control:updated',

  SUBCONTROL_UPDATED: 'subcontrol:updated',

  RISK_CREATED: 'risk:created',
  RISK_UPDATED: 'risk:updated',
  RISK_DELETED: 'risk:deleted',
  RISK_MITIGATED: 'risk:mitigated',

  VENDOR_CREATED: 'vendor:created',
  VENDOR_UPDATED: 'vendor:updated',
  VENDOR_DELETED: 'vendor:deleted',

  VENDOR_RISK_CREATED: 'vendor_risk:created',
  VENDOR_RISK_UPDATED: 'vendor_risk:updated',
  VENDOR_RISK_DELETED: 'vendor_risk:deleted',
  VENDOR_RISK_MITIGATED: 'vendor_risk:mitigated',

  MODEL_CREATED: 'model:created',
  MODEL_UPDATED: 'model:updated',
  MODEL_DELETED: 'model:deleted',
  MODEL_STATUS_CHANGED: 'model:status_changed',

  MODEL_RISK_CREATED: 'model_risk:created',
  MODEL_RISK_UPDATED: 'model_risk:updated',
  MODEL_RISK_DELETED: 'model_risk:deleted',
  MODEL_RISK_MITIGATED: 'model_risk:mitigated',

  INCIDENT_CREATED: 'incident:created',
  INCIDENT_UPDATED: 'incident:updated',
  INCIDENT_DELETED: 'incident:deleted',
  INCIDENT_RESOLVED: 'incident:resolved',

  POLICY_CREATED: 'policy:created',
  POLICY_UPDATED: 'policy:updated',
  POLICY_DELETED: 'policy:deleted',
  POLICY_PUBLISHED: 'policy:published',

  TASK_CREATED: 'task:created',
  TASK_UPDATED: 'task:updated',
  TASK_DELETED: 'task:deleted',
  TASK_COMPLETED: 'task:completed',
  TASK_ASSIGNED: 'task:assigned',

  TRAINING_CREATED: 'training:created',
  TRAINING_UPDATED: 'training:updated',
  TRAINING_DELETED: 'training:deleted',
  TRAINING_COMPLETED: 'training:completed',
  TRAINING_ASSIGNED: 'training:assigned',

  NOTE_CREATED: 'note:created',
  NOTE_UPDATED: 'note:updated',
  NOTE_DELETED: 'note:deleted',

  FILE_UPLOADED: 'file:uploaded',
  FILE_UPDATED: 'file:updated',
  FILE_DELETED: 'file:deleted',

  USER_LOGIN: 'user:login',
  USER_LOGOUT: 'user:logout',
  USER_CREATED: 'user:created',
  USER_UPDATED: 'user:updated',
  USER_DELETED: 'user:deleted',

  PLUGIN_LOADED: 'plugin:loaded',
  PLUGIN_UNLOADED: 'plugin:unloaded',
  PLUGIN_ENABLED: 'plugin:enabled',
  PLUGIN_DISABLED: 'plugin:disabled',
} as const satisfies Record<string, keyof PluginEventMap>);

/** The name of one of the application's own events. */
export type PluginEvent = (typeof PluginEvent)[keyof typeof PluginEvent];
