import type { HostResponse } from './host-http.js';

/** Settles once with what a plugin answers; whoever comes second changes nothing. */
export class PluginAnswer {
  readonly promise: Promise<HostResponse>;
  #given = false;
  #resolve: (response: HostResponse) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // It is awaited later, or not at all.
    this.promise.catch(() => {});
  }

  get given(): boolean {
    return this.#given;
  }

  /** False where there was an answer already. */
  give(response: HostResponse): boolean {
    if (this.#given) return false;
    this.#given = true;
    this.#resolve(response);
    return true;
  }

  fail(error: unknown): void {
    if (this.#given) return;
    this.#given = true;
    this.#reject(error);
  }
}
