import type { BaseEventPayload, Changed, Entity, Mitigated } from './payload.js';

export interface VendorEventPayload extends BaseEventPayload {
  vendorId: number;
  projectId: number;
  vendor: Entity;
}

export interface VendorRiskEventPayload extends BaseEventPayload {
  vendorRiskId: number;
  vendorId: number;
  projectId: number;
  vendorRisk: Entity;
}

/** Events of vendors and their risks (§17.2). */
export interface VendorEvents {
  'vendor:created': VendorEventPayload;
  'vendor:updated': VendorEventPayload & Changed;
  'vendor:deleted': VendorEventPayload;

  'vendor_risk:created': VendorRiskEventPayload;
  'vendor_risk:updated': VendorRiskEventPayload & Changed;
  'vendor_risk:deleted': VendorRiskEventPayload;
  'vendor_risk:mitigated': VendorRiskEventPayload & Mitigated;
}
