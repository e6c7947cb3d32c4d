/** What stands in for a member of the source. An absent replacement lets the member through. */
export interface Replacement {
  readonly value: unknown;
}

/**
 * An object that reads through to `source`, with some members replaced. Writes and deletions stay on the
 * overlay and never reach `source`.
 *
 * `replace` is asked once per member, when it is first read, so an overlay costs little until it is used.
 */
export function overlay(source: object, replace: (key: PropertyKey) => Replacement | undefined): object {
  return new Proxy(Object.create(Object.getPrototypeOf(source)) as object, new OverlayTraps(source, replace));
}

class OverlayTraps implements ProxyHandler<object> {
  readonly #source: object;
  readonly #replace: (key: PropertyKey) => Replacement | undefined;

  constructor(source: object, replace: (key: PropertyKey) => Replacement | undefined) {
    this.#source = source;
    this.#replace = replace;
  }

  get(own: object, key: PropertyKey): unknown {
    // Node's accessors insist on the real object as receiver.
    return Object.hasOwn(own, key) || this.#adopt(own, key)
      ? Reflect.get(own, key)
      : Reflect.get(this.#source, key);
  }

  set(own: object, key: PropertyKey, value: unknown): boolean {
    return Reflect.defineProperty(own, key, { value, writable: true, enumerable: true, configurable: true });
  }

  has(own: object, key: PropertyKey): boolean {
    return Reflect.has(own, key) || Reflect.has(this.#source, key);
  }

  deleteProperty(own: object, key: PropertyKey): boolean {
    if (!Reflect.has(this.#source, key)) return Reflect.deleteProperty(own, key);
    return Reflect.defineProperty(own, key, { value: undefined, writable: true, configurable: true });
  }

  ownKeys(own: object): (string | symbol)[] {
    return [...new Set([...Reflect.ownKeys(this.#source), ...Reflect.ownKeys(own)])];
  }

  getOwnPropertyDescriptor(own: object, key: PropertyKey): PropertyDescriptor | undefined {
    if (Object.hasOwn(own, key) || this.#adopt(own, key)) return Reflect.getOwnPropertyDescriptor(own, key);
    const descriptor = Reflect.getOwnPropertyDescriptor(this.#source, key);
    if (!descriptor) return undefined;
    const { enumerable = false } = descriptor;
    // A proxy may not claim a property fixed that its own target lacks.
    if (!descriptor.get) return { value: descriptor.value, writable: true, enumerable, configurable: true };
    return { get: () => Reflect.get(this.#source, key), set: undefined, enumerable, configurable: true };
  }

  preventExtensions(): boolean {
    return false;
  }

  #adopt(own: object, key: PropertyKey): boolean {
    const replacement = this.#replace(key);
    if (!replacement) return false;
    const enumerable = Reflect.getOwnPropertyDescriptor(this.#source, key)?.enumerable ?? false;
    return Reflect.defineProperty(own, key, {
      ...replacement,
      writable: true,
      enumerable,
      configurable: true,
    });
  }
}
