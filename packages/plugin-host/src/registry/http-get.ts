import { lookup } from 'node:dns';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { urlNotAllowed } from '../foundation/errors/index.js';
import { isPublicAddress } from './public-address.js';
import { withoutLogin } from './url-policy.js';

export interface HttpGetOptions {
  readonly signal: AbortSignal;
  /** How long the connection may stand still, in ms; then `onIdle` is called. */
  readonly idleMs: number;
  readonly onIdle: () => void;
  /** Refuse to connect where the name leads to anything but the public internet. */
  readonly mustBePublic: boolean;
}

/**
 * Sends one GET on a connection of its own, which ends with the answer. Follows nothing.
 *
 * Node's own client and not `fetch`, which cannot be told which of a name's addresses to connect to without
 * another package.
 *
 * @throws URL_NOT_ALLOWED where `mustBePublic` and it is not, else what the network reports
 */
export function httpGet(url: URL, options: HttpGetOptions): Promise<IncomingMessage> {
  const { signal, idleMs, onIdle, mustBePublic } = options;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // A literal address is not looked up.
  if (mustBePublic && isIP(host) !== 0 && !isPublicAddress(host)) return Promise.reject(notPublic(url));
  const { request } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      agent: false,
      signal,
      timeout: idleMs,
      headers: { accept: '*/*', 'accept-encoding': 'gzip, br', 'user-agent': 'verifywise-plugin-host' },
      ...(mustBePublic ? { lookup: publicLookup(url) } : {}),
    });
    sent.once('response', resolve);
    // Stays: the connection may also break while the body is read, which the body itself reports.
    sent.on('error', reject);
    sent.on('timeout', onIdle);
    sent.end();
  });
}

/** The body, decompressed as it arrives. `undefined` for an encoding that was not asked for. */
export function decodedBody(response: IncomingMessage): Readable | undefined {
  const decoder = decoderFor(response.headers['content-encoding']);
  if (!decoder) return undefined;
  if (decoder === 'identity') return response;
  // What goes wrong is thrown to whoever reads the last stream.
  return pipeline(response, decoder, () => {});
}

function decoderFor(encoding = 'identity'): 'identity' | ReturnType<typeof createGunzip> | undefined {
  switch (encoding.trim().toLowerCase()) {
    case 'identity':
    case '':
      return 'identity';
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'br':
      return createBrotliDecompress();
    default:
      return undefined;
  }
}

/** The addresses looked at are those that are connected to: a name that changes in between gains nothing. */
const publicLookup =
  (url: URL): LookupFunction =>
  (hostname, options, callback) =>
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error || !first) return callback(error ?? notPublic(url), '', 0);
      if (!addresses.every(({ address }) => isPublicAddress(address))) return callback(notPublic(url), '', 0);
      if (options.all) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });

const notPublic = (url: URL): Error =>
  urlNotAllowed({ url: withoutLogin(url), reason: `${url.hostname} is not on the public internet.` });
