import type { EmittedPayload, EventName, EventPayload, PluginEventMap } from '../events/event-map.js';
import type { TransactionClient } from './database.js';

/**
 * Called with the payload and the context of the plugin that listens. What it returns is ignored; what it throws is
 * logged and counted, and no other handler notices.
 */
// A method's parameters compare both ways, so that a handler may name the payload by a type of its own.
export type EventCallback<Event extends EventName, Context> = {
  handle(payload: EventPayload<Event>, context: Context): unknown;
}['handle'];

/** `eventHandlers()`: handlers by event name. */
export type EventCallbacks<Context> = {
  [Event in keyof PluginEventMap | (string & {})]?: EventCallback<Event, Context>;
};

export interface EmitOptions {
  /**
   * A client inside an open transaction. The event is then stored with it and delivered after the commit; a rollback
   * takes it back. Default: delivered now.
   */
  transaction?: TransactionClient;
}

/** Events: telling others, and being told (§17). */
export interface PluginEvents<Context> {
  /**
   * Emits an event to this tenant's plugins. Needs `events:emit`. Resolves when all handlers have settled or spent
   * their budget; never rejects because of a handler.
   */
  emit<Event extends EventName>(
    event: Event,
    payload: EmittedPayload<Event>,
    options?: EmitOptions,
  ): Promise<void>;
  /** Listens until the plugin is disabled. Needs `events:listen`. */
  on<Event extends EventName>(event: Event, handler: EventCallback<Event, Context>): void;
  /** Ends what `on` began with the same handler. Needs `events:listen`. */
  off<Event extends EventName>(event: Event, handler: EventCallback<Event, Context>): void;
}
