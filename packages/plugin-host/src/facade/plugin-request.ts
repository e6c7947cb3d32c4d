import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import type { HostRequest, Identity } from './host-http.js';
import { captureFrame } from './plugin-frame.js';

export interface PluginRequestOptions {
  /** Path and query below the mount, as `router` is to see them. */
  readonly url: string;
  /** Where the plugin's router is mounted, e.g. `/api/plugins/activity-feed`. */
  readonly baseUrl: string;
  /** Who is signed in. Without one (webhooks) the members that name the user are undefined. */
  readonly identity?: Identity;
  /** What `parseBody` made of the bytes. */
  readonly body: unknown;
}

/**
 * The request as plugin code knows it from Express. An ordinary, extensible object: `router` and the plugin
 * write to it, and nothing they do reaches the application's own request. As a stream it yields `rawBody`.
 */
export class PluginRequestFacade extends Readable {
  method: string;
  url: string;
  originalUrl: string;
  baseUrl: string;
  params: Record<string, string | string[]> = {};
  query: Record<string, string | string[]>;
  headers: IncomingHttpHeaders;
  body: unknown;
  rawBody: Buffer;
  ip: string;
  protocol: string;
  secure: boolean;
  hostname: string;
  socket: { remoteAddress: string; encrypted: boolean };
  user: Identity['user'] | undefined;
  userId: number | string | undefined;
  role: string | undefined;
  tenant: string | undefined;
  tenantId: string | undefined;
  /** Aborted when the client goes away. */
  signal: AbortSignal;
  #unread = true;

  constructor(request: HostRequest, { url, baseUrl, identity, body }: PluginRequestOptions) {
    // Closed by hand: a request is over when its answer is, not when its body has been read.
    super({ autoDestroy: false });
    this.method = request.method;
    this.url = url;
    this.originalUrl = request.originalUrl;
    this.baseUrl = baseUrl;
    this.query = Object.assign(Object.create(null), request.query);
    this.headers = { ...request.headers };
    this.body = body;
    this.rawBody = request.rawBody;
    this.ip = request.ip;
    this.protocol = request.protocol;
    this.secure = request.protocol === 'https';
    this.hostname = hostnameOf(request.host ?? request.headers.host ?? '');
    this.socket = { remoteAddress: request.ip, encrypted: this.secure };
    this.user = identity && { ...identity.user };
    this.userId = identity?.user.id;
    this.role = identity?.user.role;
    this.tenant = identity?.tenant;
    this.tenantId = identity?.tenant;
    this.signal = request.signal;
    this.#closeWhenAborted();
  }

  /** Path without query, below where the current router is mounted. */
  get path(): string {
    const query = this.url.indexOf('?');
    return query === -1 ? this.url : this.url.slice(0, query);
  }

  /** A header, whatever its case; `referrer` and `referer` are one. */
  get(name: string): string | undefined {
    const key = name.toLowerCase();
    const value =
      key === 'referrer' || key === 'referer'
        ? (this.headers.referrer ?? this.headers.referer)
        : this.headers[key];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  header(name: string): string | undefined {
    return this.get(name);
  }

  override _read(): void {
    if (this.#unread && this.rawBody.length > 0) this.push(this.rawBody);
    this.#unread = false;
    this.push(null);
  }

  #closeWhenAborted(): void {
    const { signal } = this;
    const enter = captureFrame();
    const close = () => enter(() => this.destroy());
    if (signal.aborted) close();
    else {
      signal.addEventListener('abort', close, { once: true });
      this.once('close', () => signal.removeEventListener('abort', close));
    }
  }
}

/** Call it inside the plugin's frame: listeners the plugin adds are later called in that same frame. */
export const createPluginRequest = (
  request: HostRequest,
  options: PluginRequestOptions,
): PluginRequestFacade => new PluginRequestFacade(request, options);

function hostnameOf(host: string): string {
  const colon = host.indexOf(':', host.startsWith('[') ? host.indexOf(']') : 0);
  return colon === -1 ? host : host.slice(0, colon);
}
