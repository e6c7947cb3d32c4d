import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { parse as parseQuery } from 'node:querystring';
import { pipeline, type Readable } from 'node:stream';
import { DEFAULT_LIMITS } from '../foundation/limits.js';
import { normalizeAddress } from './client-address.js';
import { toErrorResponse } from './error-response.js';
import type { HostBody, HostHeaders, HostHttp, HostRequest, HostResponse } from './host-http.js';
import { announcesBody, readRawBody } from './raw-body.js';

/** Node's own view of one request, with what only the framework knows. */
export interface NodeIncoming {
  readonly message: IncomingMessage;
  readonly out: ServerResponse;
  /** Where the body is read from. Default `message`; a framework may have put a stream of its own before it. */
  readonly stream?: Readable;
  /** Path and query below where the adapter is mounted. */
  readonly url: string;
  /** Path and query as the client sent them. */
  readonly originalUrl: string;
  /** Of the client, as the framework's proxy trust sees it; undefined once the connection is gone. */
  readonly ip: string | undefined;
  readonly protocol: string;
  readonly host?: string;
  /** The framework's own request. */
  readonly raw: unknown;
}

const HOST_PATH = /^\/api\/(?:plugins|marketplace)(?:[/?]|$)/i;
const ORIGIN = /^https?:\/\/[^/?]*/i;

/**
 * Whether a request is the host's. Matched as Express matches `app.use('/api/plugins')` and no wider: what an
 * application guards there must not be reached by an address its own router would not have recognised.
 */
export const isHostUrl = (url: string): boolean => HOST_PATH.test(toOriginForm(url));

/**
 * Takes one request through the host. Never rejects: what fails becomes the standard error body.
 * The request's `signal` is aborted when the connection closes before the answer is through.
 */
export async function exchangeHttp(http: HostHttp, incoming: NodeIncoming): Promise<HostResponse> {
  try {
    return await http.handle(await receiveRequest(http, incoming));
  } catch (error) {
    return toErrorResponse(error);
  }
}

/**
 * Writes an answer: its status and headers as they stand, beside what the application has set before.
 * Only `content-length` is added, where the body is in one piece. A stream that fails half-way ends the
 * connection, so that the client does not take the half for the whole.
 */
export function writeHostResponse(response: HostResponse, out: ServerResponse): void {
  try {
    if (out.headersSent || out.destroyed) dropBody(response.body);
    else if (response.body.kind === 'stream') writeStream(response, response.body.stream, out);
    else writeWhole(response, toBytes(response.body), out);
  } catch (error) {
    // Refused by Node before anything was sent: a header or a value that no response can carry.
    dropBody(response.body);
    if (out.headersSent) out.destroy();
    else writeHostResponse(toErrorResponse(error), out);
  }
}

function writeWhole({ status, headers, body }: HostResponse, bytes: Buffer, out: ServerResponse): void {
  const isHead = out.req.method === 'HEAD';
  // An answer to HEAD may say how long the body would be.
  const isTheirs = isBodiless(status) || (isHead && body.kind === 'empty');
  out.writeHead(
    status,
    toNodeHeaders(isTheirs ? headers : { ...headers, 'content-length': `${bytes.length}` }),
  );
  out.end(isHead || isBodiless(status) ? undefined : bytes);
}

function writeStream({ status, headers, body }: HostResponse, stream: Readable, out: ServerResponse): void {
  out.writeHead(status, toNodeHeaders(headers));
  if (out.req.method === 'HEAD' || isBodiless(status)) {
    dropBody(body);
    out.end();
    return;
  }
  out.flushHeaders();
  // Both sides are destroyed when one of them fails; there is nobody left to tell.
  pipeline(stream, out, () => {});
}

/** Node's types know mutable lists only. */
const toNodeHeaders = (headers: HostHeaders) => headers as OutgoingHttpHeaders;

/** A body in one piece, as bytes. Throws a TypeError for a value JSON cannot hold. */
export function toBytes(body: Exclude<HostBody, { kind: 'stream' }>): Buffer {
  switch (body.kind) {
    case 'json':
      return Buffer.from(body.text ?? JSON.stringify(body.value) ?? '');
    case 'text':
      return Buffer.from(body.text);
    case 'bytes':
      return body.bytes;
    case 'empty':
      return Buffer.alloc(0);
  }
}

/** Statuses that never have a body (RFC 9110 §6.4.1). */
export const isBodiless = (status: number): boolean => status === 204 || status === 304;

/** Lets go of a body that will not be sent. */
export function dropBody(body: HostBody): void {
  if (body.kind === 'stream') body.stream.destroy();
}

async function receiveRequest(http: HostHttp, incoming: NodeIncoming): Promise<HostRequest> {
  const { message, out, stream = message } = incoming;
  const { headers, method = 'GET' } = message;
  const url = toOriginForm(incoming.url);
  const search = url.indexOf('?');
  const path = search === -1 ? url : url.slice(0, search);
  const signal = closeSignal(out);
  const hasBody = message.httpVersionMajor > 1 || announcesBody(headers);
  const bodyConsumed = hasBody && stream.readableDidRead;
  const limit = http.bodyLimit?.({ method, path, headers }) ?? DEFAULT_LIMITS.bodyBytes;
  return {
    method,
    path,
    originalUrl: toOriginForm(incoming.originalUrl),
    query: parseQuery(search === -1 ? '' : url.slice(search + 1)) as Record<string, string | string[]>,
    headers,
    rawBody: hasBody && !bodyConsumed ? await readRawBody(stream, { headers, limit }) : Buffer.alloc(0),
    bodyConsumed,
    ip: normalizeAddress(incoming.ip ?? ''),
    protocol: incoming.protocol,
    host: incoming.host ?? headers.host ?? '',
    signal,
    raw: incoming.raw,
  };
}

/** A client may ask a proxy for `http://host/path`; it is the path that counts. */
function toOriginForm(url: string): string {
  if (url.startsWith('/')) return url;
  const path = url.replace(ORIGIN, '');
  return path.startsWith('/') ? path : `/${path}`;
}

function closeSignal(out: ServerResponse): AbortSignal {
  const controller = new AbortController();
  if (out.destroyed) controller.abort();
  else
    out.once('close', () => {
      if (!out.writableFinished) controller.abort();
    });
  return controller.signal;
}
