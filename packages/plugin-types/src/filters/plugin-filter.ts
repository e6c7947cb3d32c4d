import type { PluginFilterMap } from './filter-map.js';

/**
 * The filters of the application by name: `context.addFilter(PluginFilter.RISK_BEFORE_SAVE, …)` is
 * `context.addFilter('risk:before_save', …)`.
 */
export const PluginFilter = /* @__PURE__ */ Object.freeze({
  RISK_BEFORE_SAVE: 'risk:before_save',
  RISK_AFTER_LOAD: 'risk:after_load',
  RISK_BEFORE_EXPORT: 'risk:before_export',

  PROJECT_BEFORE_SAVE: 'project:before_save',
  PROJECT_AFTER_LOAD: 'project:after_load',

  ASSESSMENT_BEFORE_SAVE: 'assessment:before_save',
  ASSESSMENT_CALCULATE_SCORE: 'assessment:calculate_score',

  REPORT_BEFORE_GENERATE: 'report:before_generate',
  REPORT_AFTER_GENERATE: 'report:after_generate',

  CONTROL_BEFORE_SAVE: 'control:before_save',
  CONTROL_CALCULATE_STATUS: 'control:calculate_status',

  VENDOR_BEFORE_SAVE: 'vendor:before_save',
  VENDOR_AFTER_LOAD: 'vendor:after_load',

  USER_DATA_BEFORE_EXPORT: 'user:data_before_export',
} as const satisfies Record<string, keyof PluginFilterMap>);

/** The name of one of the application's own filters. */
export type PluginFilter = (typeof PluginFilter)[keyof typeof PluginFilter];
