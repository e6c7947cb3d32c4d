import { handlerInvalid } from '../../foundation/errors/index.js';
import type { CapabilityOwner } from '../../foundation/owner.js';
import { Registrations } from '../../foundation/registrations.js';
import type { EventDispatcher } from './event-dispatcher.js';
import type { AnyEventHandler } from './listeners.js';

/** `context.on`, `context.off` and `context.emit` of one plugin instance (§17.5). */
export class PluginEvents {
  readonly #owner: CapabilityOwner;
  readonly #dispatcher: EventDispatcher;
  readonly #registrations = new Registrations<AnyEventHandler>();

  constructor(owner: CapabilityOwner, dispatcher: EventDispatcher) {
    this.#owner = owner;
    this.#dispatcher = dispatcher;
  }

  /**
   * Listens until `off`, or until the scope it was called in ends. As with Node's EventEmitter and with mitt, a
   * handler added twice is called twice.
   *
   * @throws HANDLER_INVALID
   */
  on(event: string, handler: AnyEventHandler): void {
    assertEvent('on', event);
    assertHandler('on', handler);
    const undo = this.#dispatcher.subscribe(this.#owner, event, handler);
    this.#registrations.add(this.#owner, event, handler, undo);
  }

  /**
   * Ends what `on` began with the same handler; of several, the latest. One that was never added is no error.
   *
   * @throws HANDLER_INVALID
   */
  off(event: string, handler: AnyEventHandler): void {
    assertEvent('off', event);
    assertHandler('off', handler);
    this.#registrations.remove(event, handler);
  }

  /**
   * Tells the plugins of this tenant, this one included. Resolves when their handlers have settled or spent their
   * budget.
   *
   * @throws HANDLER_INVALID (rejects) for a name that is none; otherwise as {@link EventDispatcher.emit}
   */
  async emit(event: string, payload: object): Promise<void> {
    assertEvent('emit', event);
    await this.#dispatcher.emit(this.#owner.key.tenant, event, payload);
  }
}

function assertEvent(member: string, event: unknown): void {
  if (typeof event === 'string' && event !== '') return;
  throw handlerInvalid({ member, reason: 'the name of the event must be a non-empty string' });
}

function assertHandler(member: string, handler: unknown): void {
  if (typeof handler === 'function') return;
  throw handlerInvalid({ member, reason: 'the handler must be a function' });
}
