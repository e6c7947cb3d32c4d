import type { Untyped } from '../untyped.js';
import type { AssessmentEvents } from './assessment-events.js';
import type { AttachmentEvents } from './attachment-events.js';
import type { IncidentEvents } from './incident-events.js';
import type { LifecycleEvents } from './lifecycle-events.js';
import type { ModelEvents } from './model-events.js';
import type { StampedPayload } from './payload.js';
import type { PolicyEvents } from './policy-events.js';
import type { FrameworkEvents, ProjectEvents, ReportEvents } from './project-events.js';
import type { RiskEvents } from './risk-events.js';
import type { TaskEvents } from './task-events.js';
import type { TrainingEvents } from './training-events.js';
import type { UserEvents } from './user-events.js';
import type { VendorEvents } from './vendor-events.js';

/**
 * Every event with a known payload (§17). Hosts and plugins add theirs by declaration merging; `tenant` and
 * `timestamp` need not be listed, the host adds them:
 *
 * ```ts
 * declare module '@verifywise/plugin-types' {
 *   interface PluginEventMap {
 *     'risk-scoring:scored': { riskId: number; score: number };
 *   }
 * }
 * ```
 */
export interface PluginEventMap
  extends ProjectEvents,
    FrameworkEvents,
    ReportEvents,
    AssessmentEvents,
    RiskEvents,
    VendorEvents,
    ModelEvents,
    IncidentEvents,
    PolicyEvents,
    TaskEvents,
    TrainingEvents,
    AttachmentEvents,
    UserEvents,
    LifecycleEvents {}

/** The name of an event: a known one, or any other string. */
export type EventName = keyof PluginEventMap | (string & {});

/** What a handler gets of an event nobody has declared. Declare it in `PluginEventMap` to have it typed. */
export interface CustomEventPayload extends StampedPayload {
  [field: string]: Untyped;
}

type Stamped<Payload> = Payload extends StampedPayload ? Payload : Payload & StampedPayload;

/** What a handler of `Event` gets. The host shares one deeply frozen payload among all handlers. */
export type EventPayload<Event extends EventName> = Event extends keyof PluginEventMap
  ? Stamped<PluginEventMap[Event]>
  : CustomEventPayload;

// `Omit` on a type with an index signature forgets the named fields; this keeps them, and drops the signature.
type NamedFields<T> = {
  [Key in keyof T as string extends Key ? never : number extends Key ? never : Key]: T[Key];
};

/**
 * What the emitter of `Event` passes: its own fields. The host adds `tenant` and `timestamp`, and `triggeredBy` where
 * it is left out: the signed-in user, else `{ userId: 0 }` for the system.
 */
export type EmittedPayload<Event extends EventName> = Event extends keyof PluginEventMap
  ? Omit<NamedFields<PluginEventMap[Event]>, keyof StampedPayload | 'triggeredBy'> & {
      [extra: string]: unknown;
    }
  : object;
