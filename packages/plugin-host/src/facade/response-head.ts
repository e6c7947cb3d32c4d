import { Writable } from 'node:stream';
import { formatAttachment } from './content-disposition.js';
import { toContentType } from './media-types.js';
import { type HeaderInput, ResponseHeaders } from './response-headers.js';
import { type CookieOptions, formatSetCookie } from './set-cookie.js';

export type HeaderMap = Readonly<Record<string, HeaderInput>>;

/** Status and headers of a plugin's answer, with Express' calling conventions. */
export abstract class ResponseHead extends Writable {
  statusCode = 200;
  readonly _head = new ResponseHeaders();

  /** Whether status and headers may still change. Throws where it is the plugin that has sent them. */
  abstract _open(): boolean;

  status(code: number): this {
    // 1xx would not end the exchange: the client would go on waiting. Fastify sends nothing past 599.
    if (!Number.isInteger(code) || code < 200 || code > 599) {
      throw new RangeError(`Invalid status code: ${String(code)}. It is an integer from 200 to 599.`);
    }
    this.statusCode = code;
    return this;
  }

  /** As Node has it: the value goes out as it is given. */
  setHeader(name: string, value: HeaderInput): this {
    if (this._open()) this._head.set(name, value);
    return this;
  }

  /** As Express has it: takes an object as well, and gives a content type its charset. */
  set(name: string | HeaderMap, value?: HeaderInput): this {
    if (typeof name === 'object') {
      for (const [key, each] of Object.entries(name)) this.set(key, each);
      return this;
    }
    const isType = name.toLowerCase() === 'content-type' && typeof value === 'string';
    return this.setHeader(name, isType ? toContentType(value) : (value as HeaderInput));
  }

  header(name: string | HeaderMap, value?: HeaderInput): this {
    return this.set(name, value);
  }

  get(name: string): string | undefined {
    const value = this._head.get(name);
    return Array.isArray(value) ? value.join(', ') : value;
  }

  getHeader(name: string): string | string[] | undefined {
    return this._head.get(name);
  }

  getHeaders(): Record<string, string | string[]> {
    return this._head.toObject();
  }

  hasHeader(name: string): boolean {
    return this._head.has(name);
  }

  removeHeader(name: string): void {
    if (this._open()) this._head.delete(name);
  }

  append(name: string, value: HeaderInput): this {
    if (this._open()) this._head.append(name, value);
    return this;
  }

  vary(field: string | string[]): this {
    if (this._open()) this._head.vary(field);
    return this;
  }

  type(type: string): this {
    return this.set('content-type', toContentType(type));
  }

  attachment(filename?: string): this {
    if (filename !== undefined) this.type(filename);
    return this.setHeader('content-disposition', formatAttachment(filename));
  }

  cookie(name: string, value: unknown, options?: CookieOptions): this {
    return this.append('set-cookie', formatSetCookie(name, value, options));
  }

  clearCookie(name: string, options?: CookieOptions): this {
    return this.cookie(name, '', { ...options, maxAge: undefined, expires: new Date(1) });
  }

  location(url: string): this {
    return this.setHeader('location', encodeLocation(url));
  }
}

/** Percent-encodes what a header cannot hold and leaves what is encoded as it is. */
const encodeLocation = (url: string): string =>
  url.replace(/[^\x21-\x7e]/gu, (character) =>
    /^[\ud800-\udfff]$/.test(character) ? '%EF%BF%BD' : encodeURIComponent(character),
  );
