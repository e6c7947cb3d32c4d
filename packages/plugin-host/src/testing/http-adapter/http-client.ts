import { type IncomingHttpHeaders, type IncomingMessage, request as openRequest } from 'node:http';

export interface ClientRequestOptions {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  /** One piece is sent with its length, several are sent in chunks. */
  readonly body?: string | Buffer | readonly (string | Buffer)[];
}

export interface ClientResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Header lines as they came, in order: name, value, name, value. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly text: string;
}

/** Opens a request on a connection of its own and leaves the body unread. `fetch` would tidy the path first. */
export function openExchange(
  base: string,
  path: string,
  { method = 'GET', headers = {}, body }: ClientRequestOptions = {},
): Promise<IncomingMessage> {
  const { hostname, port } = new URL(base);
  const whole = typeof body === 'string' || Buffer.isBuffer(body);
  const chunks = whole ? [body] : (body ?? []);
  // Node frames a body by itself for some methods only.
  const framing: Record<string, string> = whole
    ? { 'content-length': String(Buffer.byteLength(body)) }
    : { 'transfer-encoding': 'chunked' };
  return new Promise((resolve, reject) => {
    const sent = body === undefined ? headers : { ...framing, ...headers };
    const client = openRequest({ hostname, port, path, method, headers: sent, agent: false }, resolve);
    client.on('error', reject);
    for (const chunk of chunks) client.write(chunk);
    client.end();
  });
}

/** Reads a response to its end. Rejects where the connection ends before it. */
export async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export async function exchange(
  base: string,
  path: string,
  options?: ClientRequestOptions,
): Promise<ClientResponse> {
  const message = await openExchange(base, path, options);
  const body = await readAll(message);
  const { statusCode = 0, headers, rawHeaders } = message;
  return { status: statusCode, headers, rawHeaders, body, text: body.toString('utf8') };
}
