import { modelQueryInvalid } from '../../foundation/errors/index.js';
import type { Row } from './model-session.js';

/** What the methods of a row do, by the key it was read with. */
export interface RowWriter {
  /** Writes some of its fields and returns them as they are now. */
  write(key: Row, values: Row): Promise<Row>;
  destroy(key: Row, options: unknown): Promise<void>;
}

/** Where a row remembers its key, which its fields may no longer say. */
const KEY = Symbol('key');

interface KeyedRow extends Row {
  [KEY]?: Row;
}

/** Makes rows: plain objects, with methods that neither JSON, nor a loop, nor a spread sees. */
export class RowMaker {
  readonly #methods: PropertyDescriptorMap;
  readonly #primaryKey: readonly string[];

  constructor(model: string, primaryKey: readonly string[], writer: RowWriter) {
    this.#primaryKey = primaryKey;
    const keyOf = (row: KeyedRow): Row => {
      const key = row[KEY];
      if (key) return key;
      throw modelQueryInvalid({ model, field: 'row', reason: 'it was read without its primary key' });
    };
    const write = async (row: KeyedRow, values: Row, wanted: (field: string) => boolean) => {
      const written = await writer.write(keyOf(row), values);
      for (const [field, value] of Object.entries(written)) if (wanted(field)) row[field] = value;
      this.#remember(row, written);
      return row;
    };
    this.#methods = mapDescriptors({
      async save(this: KeyedRow) {
        return write(this, { ...this }, (field) => field in this);
      },
      async update(this: KeyedRow, values: Row) {
        return write(this, values, (field) => field in this || Object.hasOwn(values, field));
      },
      async destroy(this: KeyedRow, options: unknown) {
        return writer.destroy(keyOf(this), options);
      },
    });
  }

  /** Turns what was read into a row, in place. */
  readonly make = (read: Row): Row => {
    Object.defineProperties(read, this.#methods);
    return this.#remember(read, read);
  };

  #remember(row: KeyedRow, source: Row): Row {
    const key: Row = {};
    for (const name of this.#primaryKey) {
      if (source[name] === undefined) return row;
      key[name] = source[name];
    }
    Object.defineProperty(row, KEY, { value: key, configurable: true });
    return row;
  }
}

const mapDescriptors = (methods: Readonly<Record<string, unknown>>): PropertyDescriptorMap =>
  Object.fromEntries(
    Object.entries(methods).map(([name, value]) => [name, { value, writable: true, configurable: true }]),
  );
