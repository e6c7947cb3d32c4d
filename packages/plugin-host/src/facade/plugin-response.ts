import { STATUS_CODES } from 'node:http';
import type { HostBody, HostRequest, HostResponse } from './host-http.js';
import { JSON_TYPE } from './json-response.js';
import { withUtf8 } from './media-types.js';
import { PluginAnswer } from './plugin-answer.js';
import { captureFrame } from './plugin-frame.js';
import { type HeaderMap, ResponseHead } from './response-head.js';
import { ResponseStream } from './response-stream.js';

type Done = (error?: Error | null) => void;

/** Nobody is listening any more; the number is nginx's. It never reaches a client. */
const CLIENT_GONE: HostResponse = { status: 499, headers: {}, body: { kind: 'empty' } };

/**
 * The response as plugin code knows it from Express: a writable stream that collects an answer.
 *
 * One call of `json`, `send` or `end` makes an answer in one piece; the first `write` makes it a stream.
 * Where the plugin answers twice, status and headers throw ERR_HTTP_HEADERS_SENT as Express does; where the
 * host has answered in its place, or the client is gone, every later call does nothing.
 */
export class PluginResponseFacade extends ResponseHead {
  locals: Record<string, unknown> = Object.create(null);
  readonly #isHead: boolean;
  readonly #answer: PluginAnswer;
  #committed = false;
  #abandoned = false;
  #stream: ResponseStream | undefined;

  constructor(isHead: boolean, answer: PluginAnswer) {
    super();
    this.#isHead = isHead;
    this.#answer = answer;
    // Failures go to the answer or to whoever watches; unwatched they must not end the process.
    this.on('error', () => {});
  }

  /** Whether status and headers stand. */
  get headersSent(): boolean {
    return this.#committed;
  }

  json(value?: unknown): this {
    if (!this._open()) return this;
    const text = JSON.stringify(value);
    if (!this._head.has('content-type')) this._head.set('content-type', JSON_TYPE);
    return this.#finish(text === undefined ? { kind: 'empty' } : { kind: 'json', value, text });
  }

  send(body?: unknown): this {
    if (!this._open()) return this;
    if (body === undefined || body === null) return this.#finish({ kind: 'empty' });
    if (typeof body === 'string') {
      this._head.set('content-type', withUtf8(this.get('content-type') ?? 'text/html'));
    } else if (!ArrayBuffer.isView(body)) {
      return this.json(body);
    } else if (!this._head.has('content-type')) {
      this._head.set('content-type', 'application/octet-stream');
    }
    return this.#finish(toBody(body, 'utf8'));
  }

  sendStatus(code: number): this {
    return this.status(code)
      .type('txt')
      .send(STATUS_CODES[code] ?? String(code));
  }

  redirect(url: string): void;
  redirect(status: number, url: string): void;
  redirect(first: number | string, second?: string): void {
    const [status, url] = typeof first === 'number' ? [first, String(second)] : [302, first];
    this.status(status).location(url).type('txt');
    this.send(`${STATUS_CODES[status] ?? 'Redirect'}. Redirecting to ${this.get('location')}`);
  }

  writeHead(status: number, reason?: string | HeaderMap, headers?: HeaderMap): this {
    if (!this._open()) return this;
    this.status(status);
    const given = typeof reason === 'object' ? reason : headers;
    for (const [name, value] of Object.entries(given ?? {})) this._head.set(name, value);
    this.#committed = true;
    return this;
  }

  /** Sends status and headers now, before there is a body: what server-sent events need. */
  flushHeaders(): void {
    if (!this.#isOver()) this.#start();
  }

  override write(chunk: unknown, encoding?: BufferEncoding | Done, callback?: Done): boolean {
    const done = typeof encoding === 'function' ? encoding : callback;
    if (this.#isOver()) {
      if (done) process.nextTick(done, new Error('The response has already been sent.'));
      return false;
    }
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) this.#start();
    return super.write(chunk, typeof encoding === 'string' ? encoding : 'utf8', done);
  }

  override end(chunk?: unknown, encoding?: BufferEncoding | (() => void), callback?: () => void): this {
    const done = [chunk, encoding, callback].find((last): last is () => void => typeof last === 'function');
    if (this.#isOver()) {
      if (done) process.nextTick(done);
      return this;
    }
    const data = typeof chunk === 'function' || chunk === null ? undefined : chunk;
    const charset = typeof encoding === 'string' ? encoding : 'utf8';
    if (!this.#answer.given) this.#give(toBody(data, charset));
    else if (data !== undefined) super.write(data, charset);
    return super.end(done);
  }

  override _open(): boolean {
    if (this.#abandoned) return false;
    if (!this.#committed) return true;
    throw Object.assign(new Error('Cannot set headers after they are sent to the client'), {
      code: 'ERR_HTTP_HEADERS_SENT',
    });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Done): void {
    if (this.#stream === undefined) callback();
    else this.#stream.accept(chunk, callback);
  }

  override _final(callback: Done): void {
    if (this.#stream === undefined) callback();
    else this.#stream.finish(callback);
  }

  override _destroy(error: Error | null, callback: Done): void {
    this.#committed = true;
    this.#answer.fail(error ?? new Error('The response was destroyed before it was sent.'));
    if (!this.writableFinished) this.#stream?.destroy(error ?? undefined);
    callback(error);
  }

  /** Gives `answer` in the plugin's place if there is still time, and makes the plugin's later calls void. */
  static abandon(response: PluginResponseFacade, answer: HostResponse): boolean {
    response.#abandoned = true;
    response.#committed = true;
    const inTime = response.#answer.give(answer);
    response.destroy();
    return inTime;
  }

  #isOver(): boolean {
    return this.#abandoned || this.writableEnded || this.destroyed;
  }

  #finish(body: HostBody): this {
    this.#give(body);
    return super.end();
  }

  #start(): void {
    if (this.#answer.given) return;
    // A method or status without a body still takes what is written, and drops it.
    if (this.#isHead || isBodiless(this.statusCode)) {
      this.#give({ kind: 'empty' });
      return;
    }
    const promised = Number(this.get('content-length') ?? Number.NaN);
    this.#stream = new ResponseStream({
      promised: Number.isSafeInteger(promised) ? promised : undefined,
      onAbandoned: () => PluginResponseFacade.abandon(this, CLIENT_GONE),
    });
    this.#give({ kind: 'stream', stream: this.#stream });
  }

  #give(body: HostBody): void {
    this.#committed = true;
    const bodiless = isBodiless(this.statusCode);
    // The adapter counts what it has in one piece; only a stream's length, or HEAD's, is the plugin's to say.
    const ownLength = body.kind === 'stream' || this.#isHead;
    const without = bodiless ? ['content-type', 'content-length'] : ownLength ? [] : ['content-length'];
    this.#answer.give({
      status: this.statusCode,
      headers: this._head.toHostHeaders(without),
      body: bodiless ? { kind: 'empty' } : body,
    });
  }
}

export interface PluginExchange {
  /** What plugin code sees. */
  readonly response: PluginResponseFacade;
  /**
   * The answer, as soon as its status and headers stand. Rejects with what destroyed the response before.
   * Status 499 where the client went away first.
   */
  readonly answer: Promise<HostResponse>;
  /**
   * Answers in the plugin's place. Whatever the plugin does with the response afterwards has no effect.
   * False where the plugin has answered already; if that answer is a stream still open, it is broken off.
   */
  answerInstead(response: HostResponse): boolean;
}

/** Call it inside the plugin's frame: listeners the plugin adds are later called in that same frame. */
export function openPluginResponse({
  method,
  signal,
}: Pick<HostRequest, 'method' | 'signal'>): PluginExchange {
  const enter = captureFrame();
  const answer = new PluginAnswer();
  const response = new PluginResponseFacade(method === 'HEAD', answer);
  const answerInstead = (instead: HostResponse) =>
    enter(() => PluginResponseFacade.abandon(response, instead));
  const abort = () => void answerInstead(CLIENT_GONE);
  if (signal.aborted) abort();
  else {
    signal.addEventListener('abort', abort, { once: true });
    response.once('close', () => signal.removeEventListener('abort', abort));
  }
  return { response, answer: answer.promise, answerInstead };
}

const isBodiless = (status: number): boolean => status === 204 || status === 304;

function toBody(data: unknown, encoding: BufferEncoding): HostBody {
  if (data === undefined) return { kind: 'empty' };
  if (typeof data === 'string') {
    return /^utf-?8$/i.test(encoding)
      ? { kind: 'text', text: data }
      : { kind: 'bytes', bytes: Buffer.from(data, encoding) };
  }
  if (!ArrayBuffer.isView(data))
    throw new TypeError('A response body is a string, a Buffer or a Uint8Array.');
  return { kind: 'bytes', bytes: Buffer.from(data.buffer, data.byteOffset, data.byteLength) };
}
