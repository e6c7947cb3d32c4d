/** Undoes one registration. Calling it twice is harmless. */
export type Dispose = () => void | Promise<void>;

/**
 * Everything one instance has acquired: handlers, filters, routes, timers.
 *
 * Disposal runs last in, first out, tries every entry and gathers what failed, so one bad
 * disposer never leaves the rest of a plugin alive.
 */
export class Scope {
  #entries = new Set<Dispose>();
  #disposed = false;

  get disposed(): boolean {
    return this.#disposed;
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * Takes ownership of `dispose` and returns a function that disposes this entry alone, early.
   * On a disposed scope the entry is disposed at once: a callback that outlived its plugin
   * must not acquire anything. What it throws then is lost.
   */
  add(dispose: Dispose): () => void | Promise<void> {
    if (this.#disposed) {
      // Nobody gathers what fails here any more, and a rejection nobody handles could end the process.
      void (async () => dispose())().catch(() => {});
      return () => {};
    }
    const once = () => {
      if (!this.#entries.delete(once)) return;
      return dispose();
    };
    this.#entries.add(once);
    return once;
  }

  /** Throws an `AggregateError` once every entry has been tried. Idempotent. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    const failures: unknown[] = [];
    for (const entry of [...this.#entries].reverse()) {
      try {
        await entry();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'scope disposal failed');
  }
}
