import type { Entity } from '../events/payload.js';
import type { Untyped } from '../untyped.js';

/** Hosts may pass more through a filter than is documented; a handler hands on what it does not know. */
export interface FilterValue {
  [extra: string]: unknown;
}

export interface RiskBeforeSave extends FilterValue {
  risk: Entity;
  projectId: number;
  userId: number;
  /** True for a risk that is being created. */
  isNew: boolean;
}

export interface RiskAfterLoad extends FilterValue {
  risk: Entity;
  includeMetadata: boolean;
}

export interface RiskBeforeExport extends FilterValue {
  risk: Entity;
  format: string;
}

export interface ProjectBeforeSave extends FilterValue {
  project: Entity;
  userId: number;
  isNew: boolean;
}

export interface ProjectAfterLoad extends FilterValue {
  project: Entity;
  includeMetadata: boolean;
}

export interface AssessmentBeforeSave extends FilterValue {
  assessment: Entity;
  projectId: number;
  userId: number;
}

export interface AssessmentCalculateScore extends FilterValue {
  projectId: number;
  frameworkId: number;
  answers: Entity[];
  /** The score before any filter. */
  baseScore: number;
}

export interface ReportBeforeGenerate extends FilterValue {
  reportType: string;
  projectId: number;
  sections: Entity[];
  options: Record<string, unknown>;
}

export interface ReportAfterGenerate extends FilterValue {
  report: Entity;
  projectId: number;
  options: Record<string, unknown>;
}

export interface ControlBeforeSave extends FilterValue {
  control: Entity;
  projectId: number;
  userId: number;
}

export interface ControlCalculateStatus extends FilterValue {
  controlId: number;
  subcontrols: Entity[];
  currentStatus: string;
}

export interface VendorBeforeSave extends FilterValue {
  vendor: Entity;
  projectId: number;
  userId: number;
  isNew: boolean;
}

export interface VendorAfterLoad extends FilterValue {
  vendor: Entity;
  includeMetadata: boolean;
}

export interface UserDataBeforeExport extends FilterValue {
  userId: number;
  data: Record<string, unknown>;
  format: string;
}

/**
 * Every filter with a known value. Hosts and plugins add theirs by declaration merging:
 *
 * ```ts
 * declare module '@verifywise/plugin-types' {
 *   interface PluginFilterMap {
 *     'invoice:before_send': { invoice: Invoice };
 *   }
 * }
 * ```
 */
export interface PluginFilterMap {
  'risk:before_save': RiskBeforeSave;
  'risk:after_load': RiskAfterLoad;
  'risk:before_export': RiskBeforeExport;
  'project:before_save': ProjectBeforeSave;
  'project:after_load': ProjectAfterLoad;
  'assessment:before_save': AssessmentBeforeSave;
  'assessment:calculate_score': AssessmentCalculateScore;
  'report:before_generate': ReportBeforeGenerate;
  'report:after_generate': ReportAfterGenerate;
  'control:before_save': ControlBeforeSave;
  'control:calculate_status': ControlCalculateStatus;
  'vendor:before_save': VendorBeforeSave;
  'vendor:after_load': VendorAfterLoad;
  'user:data_before_export': UserDataBeforeExport;
}

/** The name of a filter: a known one, or any other string. */
export type FilterName = keyof PluginFilterMap | (string & {});

/** What passes through `Filter`: its declared value, or for a filter nobody has declared whatever is put in. */
export type FilterPayload<Filter extends FilterName> = Filter extends keyof PluginFilterMap
  ? PluginFilterMap[Filter]
  : Untyped;
