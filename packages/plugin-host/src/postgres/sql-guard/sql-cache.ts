/** What has been found out about SQL texts, the least recently used forgotten first. */
export class SqlCache<T> {
  readonly #entries = new Map<string, T>();
  readonly #limits: { readonly entries: number; readonly characters: number };
  #characters = 0;

  constructor(limits: { entries: number; characters: number }) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value of `sql`, made by `make` the first time; again the next time if it is nothing to `keep`. */
  get(sql: string, make: (sql: string) => T, keep: (value: T) => boolean): T {
    const known = this.#entries.get(sql);
    if (known !== undefined) {
      // A Map keeps the order of insertion: the front is what nobody asked for longest.
      this.#entries.delete(sql);
      this.#entries.set(sql, known);
      return known;
    }
    const made = make(sql);
    if (sql.length > this.#limits.characters || !keep(made)) return made;
    this.#entries.set(sql, made);
    this.#characters += sql.length;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limits.entries && this.#characters <= this.#limits.characters) break;
      this.#entries.delete(oldest);
      this.#characters -= oldest.length;
    }
    return made;
  }
}
