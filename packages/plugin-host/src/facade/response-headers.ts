import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { HostHeaders } from './host-http.js';

export type HeaderInput = string | number | readonly string[];

/** Headers of the connection, which is the web framework's and not the plugin's. */
const CONNECTION_HEADERS = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The headers of one answer. Names are compared without case. A name or value that could break out of its
 * line is refused with the TypeError Node itself throws.
 */
export class ResponseHeaders {
  readonly #values = new Map<string, string | string[]>();

  get(name: string): string | string[] | undefined {
    return this.#values.get(name.toLowerCase());
  }

  has(name: string): boolean {
    return this.#values.has(name.toLowerCase());
  }

  set(name: string, value: HeaderInput): void {
    validateHeaderName(name);
    if (value === undefined || value === null) validateHeaderValue(name, value);
    const checked = typeof value === 'object' ? value.map(String) : String(value);
    for (const line of typeof checked === 'string' ? [checked] : checked) validateHeaderValue(name, line);
    this.#values.set(name.toLowerCase(), checked);
  }

  append(name: string, value: HeaderInput): void {
    const before = this.get(name);
    this.set(
      name,
      before === undefined ? value : [before, typeof value === 'number' ? `${value}` : value].flat(),
    );
  }

  delete(name: string): void {
    this.#values.delete(name.toLowerCase());
  }

  /** Adds to `Vary` what is not there yet; `*` stands for everything. */
  vary(fields: string | readonly string[]): void {
    const known = new Map<string, string>();
    for (const field of list([this.get('vary') ?? [], fields].flat(2))) {
      if (!known.has(field.toLowerCase())) known.set(field.toLowerCase(), field);
    }
    if (known.size > 0) this.set('vary', known.has('*') ? '*' : [...known.values()].join(', '));
  }

  toObject(): Record<string, string | string[]> {
    return Object.fromEntries(this.#values);
  }

  /** What goes to the adapter: everything but `without` and the headers of the connection. */
  toHostHeaders(without: readonly string[]): HostHeaders {
    const kept = [...this.#values].filter(
      ([name]) => !CONNECTION_HEADERS.has(name) && !without.includes(name),
    );
    return Object.fromEntries(kept);
  }
}

const list = (values: readonly string[]): string[] =>
  values.flatMap((value) => value.split(',').map((field) => field.trim())).filter((field) => field !== '');
