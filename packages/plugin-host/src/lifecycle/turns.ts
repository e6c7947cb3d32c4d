import { formatPluginKey, type PluginKey } from '../foundation/plugin-key.js';

/** Lets what is done to a plugin in this process happen one after another, in the order it was asked for. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /**
   * Runs `work` once everything asked for earlier with any of `keys` is over. It queues for all of them in the same
   * instant, so no two turns ever wait for each other.
   */
  take<T>(keys: readonly PluginKey[], work: () => Promise<T>): Promise<T> {
    const ids = keys.map(formatPluginKey);
    const turn = Promise.all(ids.map((id) => this.#last.get(id))).then(work);
    const over: Promise<void> = turn.then(
      () => this.#forget(ids, over),
      () => this.#forget(ids, over),
    );
    for (const id of ids) this.#last.set(id, over);
    return turn;
  }

  /** Resolves once nobody has a turn or waits for one. */
  async settled(): Promise<void> {
    while (this.#last.size > 0) await Promise.all(this.#last.values());
  }

  #forget(ids: readonly string[], over: Promise<void>): void {
    for (const id of ids) {
      if (this.#last.get(id) === over) this.#last.delete(id);
    }
  }
}
