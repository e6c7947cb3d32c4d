import type { Bytes, Signal } from '../node-globals.js';
import type { Untyped } from '../untyped.js';

/** Request headers by lower-case name. */
export interface RequestHeaders {
  accept?: string;
  authorization?: string;
  'content-length'?: string;
  'content-type'?: string;
  cookie?: string;
  host?: string;
  'user-agent'?: string;
  [name: string]: string | string[] | undefined;
}

/** The signed-in user, as the application's `authenticate` names them. */
export interface RequestUser {
  id: number | string;
  email?: string;
  name?: string;
  role?: string;
}

/** What every request to a plugin has, whether or not somebody is signed in. */
export interface IncomingRequest<Params = Record<string, string>> {
  /** The tenant the request belongs to. No header or body ever decides it. */
  tenant: string;
  /** The same as `tenant`. */
  tenantId: string;

  method: string;
  /** Path without query string, below where the router is mounted. */
  path: string;
  /** Path and query, below where the router is mounted. */
  url: string;
  /** Path and query as the client sent them. */
  originalUrl: string;
  /** Where the router is mounted. */
  baseUrl: string;
  protocol: string;
  /** Whether `protocol` is `https`. */
  secure: boolean;
  hostname: string;
  ip: string;
  socket: { remoteAddress?: string };

  /** Values of the route's `:name` segments, decoded. A `*name` wildcard is a list of segments. */
  params: Params;
  /** A parameter that occurs more than once is a list. */
  query: Record<string, string | string[] | undefined>;
  headers: RequestHeaders;
  /** The parsed body: JSON, form or text by its content type; `undefined` if there is none. */
  body: Untyped;
  /** The body byte for byte, as signatures need it. */
  rawBody: Bytes;

  /** A header, whatever its case. */
  get(name: string): string | undefined;
  header(name: string): string | undefined;

  /** Aborted when the client goes away. */
  signal: Signal;

  /** What middleware and handlers before this one have put there (§23.5). */
  [extra: string]: Untyped;
}

/** A request of a signed-in user: to the plugin's own routes, or to the application's behind its middleware. */
export interface PluginRequest<Params = Record<string, string>> extends IncomingRequest<Params> {
  user: RequestUser;
  /** The same as `user.id`. */
  userId: number | string;
  /** The same as `user.role`. */
  role?: string;
}

/** A request to a webhook: nobody is signed in, and the tenant comes from the webhook's key (§10.2). */
export interface WebhookRequest extends IncomingRequest {
  user?: undefined;
}
