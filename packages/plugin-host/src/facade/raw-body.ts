import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { bodyTooLarge } from '../foundation/errors/index.js';

export interface RawBodyOptions {
  readonly headers: IncomingHttpHeaders;
  /** In bytes. */
  readonly limit: number;
  /**
   * How long a client whose body was refused may go on sending, in ms. Default 5_000. Cutting it off at once
   * would reset the connection, and the answer that says why would be lost with it.
   */
  readonly lingerMs?: number;
}

/** Whether HTTP/1 announces a body. */
export const announcesBody = (headers: IncomingHttpHeaders): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** The exact bytes. Rejects with BODY_TOO_LARGE as soon as that is clear; what still comes is thrown away. */
export function readRawBody(stream: Readable, options: RawBodyOptions): Promise<Buffer> {
  const { headers, limit, lingerMs = 5_000 } = options;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (finish: () => void) => {
      stream.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken);
      // The connection may still break; that must not count as unhandled.
      stream.on('error', () => {});
      finish();
    };
    const refuse = () =>
      settle(() => {
        discard(stream, lingerMs);
        reject(bodyTooLarge({ limit }));
      });
    const onData = (chunk: Buffer | string) => {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      size += bytes.length;
      if (size > limit) refuse();
      else chunks.push(bytes);
    };
    const onEnd = () => settle(() => resolve(Buffer.concat(chunks, size)));
    const onBroken = () => settle(() => reject(new Error('The client went away while sending the body.')));
    if (stream.destroyed) onBroken();
    else if (Number(headers['content-length'] ?? 0) > limit) refuse();
    else stream.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken);
  });
}

function discard(stream: Readable, lingerMs: number): void {
  const timer = setTimeout(() => stream.destroy(), lingerMs);
  timer.unref();
  const stop = () => clearTimeout(timer);
  stream.once('end', stop).once('close', stop).resume();
}
