import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';

/** A request as an adapter hands it to the host: plain data, no framework type. */
export interface HostRequest {
  readonly method: string;
  /** Path as received, still percent-encoded, without query string. */
  readonly path: string;
  /** Path and query as the client sent them, before any mounting. */
  readonly originalUrl: string;
  /** Parsed query string; a repeated parameter is a list. */
  readonly query: Readonly<Record<string, string | string[]>>;
  readonly headers: IncomingHttpHeaders;
  /** The exact bytes received; empty where there were none. The host parses them itself. */
  readonly rawBody: Buffer;
  /** Set when a parser of the application came first and the bytes are gone: `RAW_BODY_UNAVAILABLE` where they are needed. */
  readonly bodyConsumed?: boolean;
  /** Of the client, as the framework's own proxy trust sees it; IPv4-mapped addresses as plain IPv4. */
  readonly ip: string;
  readonly protocol: string;
  /** Host and port the client asked for, as the framework's own proxy trust sees it. Default: the `Host` header. */
  readonly host?: string;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
  /** The framework's own request, for the application's `authenticate`. The host never looks into it. */
  readonly raw: unknown;
}

export type HostHeaders = Readonly<Record<string, string | readonly string[]>>;

export type HostBody =
  /** `text` is `value` already serialised, where the producer had to; whoever changes the value drops it. */
  | { readonly kind: 'json'; readonly value: unknown; readonly text?: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'stream'; readonly stream: Readable }
  | { readonly kind: 'empty' };

/** An answer as data: an adapter writes status and headers as they stand, then the body. */
export interface HostResponse {
  readonly status: number;
  /** Header names in lower case. An adapter writes them raw and adds none of its own. */
  readonly headers: HostHeaders;
  readonly body: HostBody;
}

/** What an adapter knows of the host: everything under `/api/plugins` and `/api/marketplace`. */
export interface HostHttp {
  /** Answers one request. An adapter turns a rejection into a 500 and never crashes on it. */
  handle(request: HostRequest): Promise<HostResponse>;
  /** Largest body this request may carry, in bytes; more is refused with BODY_TOO_LARGE. Default 1 MB. */
  bodyLimit?(head: Pick<HostRequest, 'method' | 'path' | 'headers'>): number;
}

/** Who is asking, as the application's `authenticate` says. No header ever names a tenant. */
export interface Identity {
  readonly tenant: string;
  readonly user: {
    readonly id: number | string;
    readonly email?: string;
    readonly name?: string;
    readonly role?: string;
  };
  readonly isAdmin: boolean;
}
