import { Readable } from 'node:stream';
import { captureFrame } from './plugin-frame.js';

export interface ResponseStreamOptions {
  /** What the answer's content-length promises. More or fewer bytes break it off rather than mislead the client. */
  readonly promised: number | undefined;
  /** Called in the plugin's frame when whoever reads goes away before the end. */
  readonly onAbandoned: () => void;
}

/** The body of an answer written bit by bit: as fast as the client reads it, and no faster. */
export class ResponseStream extends Readable {
  readonly #options: ResponseStreamOptions;
  readonly #enter = captureFrame();
  #written = 0;
  #ended = false;
  #waiting: (() => void) | undefined;

  constructor(options: ResponseStreamOptions) {
    super();
    this.#options = options;
    // Whoever reads attaches later; until then a failure must not count as unhandled.
    this.on('error', () => {});
  }

  /** Calls back once there is room for more. */
  accept(chunk: Buffer, callback: (error?: Error) => void): void {
    this.#written += chunk.length;
    const { promised } = this.#options;
    if (promised !== undefined && this.#written > promised) callback(lengthMismatch(promised, this.#written));
    else if (this.push(chunk)) callback();
    else this.#waiting = callback;
  }

  finish(callback: (error?: Error) => void): void {
    const { promised } = this.#options;
    if (promised !== undefined && this.#written < promised) {
      callback(lengthMismatch(promised, this.#written));
      return;
    }
    this.#ended = true;
    this.push(null);
    callback();
  }

  override _read(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    this.#enter(() => process.nextTick(waiting));
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.#ended) this.#enter(this.#options.onAbandoned);
    callback(error);
  }
}

const lengthMismatch = (promised: number, written: number): Error =>
  new Error(`The response promised ${promised} bytes by its content-length and wrote ${written}.`);
