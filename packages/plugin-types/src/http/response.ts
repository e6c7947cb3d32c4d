import type { Untyped } from '../untyped.js';

type StreamListener = (...args: Untyped[]) => void;

/** Node's `BufferEncoding`. */
export type TextEncoding =
  | 'ascii'
  | 'utf8'
  | 'utf-8'
  | 'utf16le'
  | 'utf-16le'
  | 'ucs2'
  | 'ucs-2'
  | 'base64'
  | 'base64url'
  | 'latin1'
  | 'binary'
  | 'hex';

/** The part of Node's `Writable` that streams are piped into; named here so that no package is needed for it. */
export interface WritableResponse {
  readonly writable: boolean;
  readonly writableEnded: boolean;
  readonly writableFinished: boolean;
  readonly destroyed: boolean;
  write(chunk: string | Uint8Array, callback?: (error?: Error | null) => void): boolean;
  write(chunk: string, encoding?: TextEncoding, callback?: (error?: Error | null) => void): boolean;
  end(callback?: () => void): this;
  end(chunk: string | Uint8Array, callback?: () => void): this;
  end(chunk: string, encoding?: TextEncoding, callback?: () => void): this;
  destroy(error?: Error): this;
  on(event: string | symbol, listener: StreamListener): this;
  once(event: string | symbol, listener: StreamListener): this;
  off(event: string | symbol, listener: StreamListener): this;
  emit(event: string | symbol, ...args: Untyped[]): boolean;
  addListener(event: string | symbol, listener: StreamListener): this;
  removeListener(event: string | symbol, listener: StreamListener): this;
  removeAllListeners(event?: string | symbol): this;
  prependListener(event: string | symbol, listener: StreamListener): this;
  prependOnceListener(event: string | symbol, listener: StreamListener): this;
  setMaxListeners(count: number): this;
  getMaxListeners(): number;
  listeners(event: string | symbol): Untyped[];
  rawListeners(event: string | symbol): Untyped[];
  listenerCount(event: string | symbol): number;
  eventNames(): (string | symbol)[];
}

/** A list is sent as that many headers. */
export type HeaderValue = string | number | readonly string[];

export interface CookieOptions {
  domain?: string;
  /** Default `/`. */
  path?: string;
  expires?: Date;
  /** In ms from now. */
  maxAge?: number;
  httpOnly?: boolean;
  secure?: boolean;
  sameSite?: boolean | 'lax' | 'strict' | 'none';
}

/** The answer to a request: Express' calling conventions on a writable stream. */
export interface PluginResponse extends WritableResponse {
  statusCode: number;
  /** Whether anything has gone to the client. From then on status and headers stand. */
  readonly headersSent: boolean;
  /** Shared by all that handle this request. `after` middleware finds `responseBody` here (§23.6). */
  locals: Record<string, Untyped>;

  status(code: number): this;
  json(body?: unknown): this;
  /** Text, bytes, or anything else, which is sent as JSON. */
  send(body?: unknown): this;
  /** Sends a status with its name as text. */
  sendStatus(code: number): this;
  redirect(url: string): void;
  redirect(status: number, url: string): void;

  set(name: string, value: HeaderValue): this;
  set(headers: Record<string, HeaderValue>): this;
  header(name: string, value: HeaderValue): this;
  header(headers: Record<string, HeaderValue>): this;
  setHeader(name: string, value: HeaderValue): this;
  /** Adds a value to those a header has. */
  append(name: string, value: HeaderValue): this;
  removeHeader(name: string): void;
  /** A header of the answer, whatever its case. */
  get(name: string): string | undefined;
  getHeader(name: string): string | string[] | undefined;
  hasHeader(name: string): boolean;
  /** The content type: `json`, `text/csv`, `.png`. */
  type(type: string): this;
  /** Offers the body as a download, named `filename`. */
  attachment(filename?: string): this;
  vary(field: string | string[]): this;
  /** The header of that name; `redirect` sets it by itself. */
  location(url: string): this;
  cookie(name: string, value: unknown, options?: CookieOptions): this;
  clearCookie(name: string, options?: CookieOptions): this;

  /** Sets status and headers for good. */
  writeHead(status: number, headers?: Record<string, HeaderValue>): this;
  writeHead(status: number, reason?: string, headers?: Record<string, HeaderValue>): this;
  /** Sends status and headers before there is a body, as server-sent events need it. */
  flushHeaders(): void;
}
