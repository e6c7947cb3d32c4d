import type { CapabilityOwner } from './owner.js';
import type { Dispose } from './scope.js';

interface Registration<Handler> {
  readonly handler: Handler;
  remove: Dispose;
}

/**
 * The handlers one plugin instance has added under names, so that it can take one off again by naming it. Each is on
 * the scope it was added in; whichever of the two ends first, both let go of it.
 */
export class Registrations<Handler> {
  readonly #byName = new Map<string, Registration<Handler>[]>();

  /** Puts the registration that `undo` takes back on the owner's scope of this moment. */
  add(owner: CapabilityOwner, name: string, handler: Handler, undo: () => void): void {
    const registration: Registration<Handler> = { handler, remove: undo };
    this.#byName.set(name, [...(this.#byName.get(name) ?? []), registration]);
    registration.remove = owner.scope.add(() => {
      this.#forget(name, registration);
      undo();
    });
  }

  /** Takes back the latest registration of `handler`; none is no error. */
  remove(name: string, handler: Handler): void {
    void this.#byName
      .get(name)
      ?.findLast((each) => each.handler === handler)
      ?.remove();
  }

  #forget(name: string, registration: Registration<Handler>): void {
    const rest = this.#byName.get(name)?.filter((each) => each !== registration) ?? [];
    if (rest.length > 0) this.#byName.set(name, rest);
    else this.#byName.delete(name);
  }
}
