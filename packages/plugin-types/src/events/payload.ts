/** Who caused an event (§17.1). */
export interface TriggeredBy {
  /** The user who triggered the event; 0 for the system. */
  userId: number;
  email?: string;
  name?: string;
}

/** What the host puts on every event, whoever emitted it. */
export interface StampedPayload {
  /** The tenant the event belongs to. */
  tenant: string;
  /** When the event occurred. */
  timestamp: Date;
}

/**
 * What every event of the application carries (§17.1). Hosts may send more than is documented, so that reading
 * a further field compiles and gives `unknown`.
 */
export interface BaseEventPayload extends StampedPayload {
  triggeredBy: TriggeredBy;
  [extra: string]: unknown;
}

/** A record of the application as JSON: its fields are the host's own. */
export interface Entity {
  [field: string]: unknown;
}

/** What an update changed: for each changed field its value before and after (§17.4). */
export interface Changes {
  [fieldName: string]: {
    before: unknown;
    after: unknown;
  };
}

/** Carried by every `…:updated` event. */
export interface Changed {
  changes: Changes;
}

/** Carried by every `…:mitigated` event. */
export interface Mitigated {
  mitigationStatus: string;
  previousStatus: string;
}
