import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import {
  downloadFailed,
  downloadTimeout,
  downloadTooLarge,
  isHostError,
} from '../foundation/errors/index.js';
import { decodedBody, type HttpGetOptions, httpGet } from './http-get.js';
import { withoutLogin } from './url-policy.js';

export interface FetchBytesOptions {
  /** Most bytes accepted, after decoding. More is DOWNLOAD_TOO_LARGE. */
  readonly maxBytes: number;
  /** For the whole of it, in ms. */
  readonly totalMs: number;
  /** For standing still, in ms. */
  readonly idleMs: number;
  /** Redirects followed. */
  readonly redirects: number;
  /** Throws where an address may not be asked. Called for each hop before it is. */
  readonly check: (url: URL) => void;
  /** Whether an address must lead to the public internet; asked for each hop. Default: none must. */
  readonly mustBePublic?: ((url: URL) => boolean) | undefined;
}

/**
 * Fetches an address to memory, whole or not at all.
 *
 * @throws DOWNLOAD_FAILED, DOWNLOAD_TIMEOUT, DOWNLOAD_TOO_LARGE, URL_NOT_ALLOWED, and what `check` throws
 */
export async function fetchBytes(start: URL, options: FetchBytesOptions): Promise<Buffer> {
  const url = withoutLogin(start);
  const abort = new AbortController();
  const give = (ms: number) => () => abort.abort(downloadTimeout({ url, ms }));
  const total = setTimeout(give(options.totalMs), options.totalMs);
  try {
    options.check(start);
    const body =
      start.protocol === 'file:'
        ? await openFile(start, options.maxBytes)
        : await follow(start, options, {
            signal: abort.signal,
            idleMs: options.idleMs,
            onIdle: give(options.idleMs),
          });
    return await readAll(body, start, options.maxBytes);
  } catch (error) {
    // An aborted request only says that it was aborted.
    if (abort.signal.aborted) throw abort.signal.reason;
    if (isHostError(error)) throw error;
    throw downloadFailed({ url, reason: reasonOf(error) }, { cause: error });
  } finally {
    clearTimeout(total);
    // Whatever is still open is closed.
    abort.abort();
  }
}

async function follow(
  start: URL,
  { check, mustBePublic, redirects, maxBytes }: FetchBytesOptions,
  connection: Omit<HttpGetOptions, 'mustBePublic'>,
): Promise<Readable> {
  const failed = (reason: string) => downloadFailed({ url: withoutLogin(start), reason });
  let url = start;
  for (let hop = 0; hop <= redirects; hop++) {
    if (hop > 0) check(url);
    if (!/^https?:$/.test(url.protocol)) throw failed(`it redirects to a ${url.protocol} address.`);
    const response = await httpGet(url, { ...connection, mustBePublic: mustBePublic?.(url) ?? false });
    const { statusCode: status = 0, headers } = response;
    if (REDIRECTS.has(status) && headers.location !== undefined) {
      response.destroy();
      url = new URL(headers.location, url);
      continue;
    }
    if (status < 200 || status > 299) throw failed(`the server answered ${status}.`);
    if (Number(headers['content-length']) > maxBytes) {
      throw downloadTooLarge({ url: withoutLogin(start), limit: maxBytes });
    }
    const body = decodedBody(response);
    if (!body) throw failed(`the server sent it as ${headers['content-encoding']}.`);
    return body;
  }
  throw failed(`it redirects more than ${redirects} times.`);
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

async function readAll(body: Readable, url: URL, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Counted as they arrive: a content-length may lie, and a compressed body grows on the way in.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > maxBytes) throw downloadTooLarge({ url: withoutLogin(url), limit: maxBytes });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

async function openFile(url: URL, maxBytes: number): Promise<Readable> {
  const file = await stat(url);
  // A pipe or device would have no end.
  if (!file.isFile()) throw downloadFailed({ url: url.href, reason: 'it is not a file.' });
  if (file.size > maxBytes) throw downloadTooLarge({ url: url.href, limit: maxBytes });
  return createReadStream(url, { end: maxBytes });
}

/** A name with several addresses fails with a list of failures that has no message of its own. */
const reasonOf = (error: unknown): string => {
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  return first instanceof Error ? first.message || first.name : String(first);
};
