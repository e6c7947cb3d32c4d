import type { Limits } from '../foundation/limits.js';
import { fetchBytes } from './fetch-bytes.js';
import type { UrlPolicy } from './url-policy.js';

/** Fetches packages from the addresses the policy allows. */
export class Download {
  readonly #policy: UrlPolicy;
  readonly #limits: Limits;

  constructor(policy: UrlPolicy, limits: Limits) {
    this.#policy = policy;
    this.#limits = limits;
  }

  /** @throws URL_NOT_ALLOWED, DOWNLOAD_FAILED, DOWNLOAD_TIMEOUT, DOWNLOAD_TOO_LARGE */
  async fetch(url: string): Promise<Buffer> {
    const { packageBytes, downloadMs, downloadIdleMs, redirects } = this.#limits;
    return fetchBytes(this.#policy.parse(url), {
      maxBytes: packageBytes,
      totalMs: downloadMs,
      idleMs: downloadIdleMs,
      redirects,
      check: (hop) => this.#policy.check(hop),
      mustBePublic: (hop) => this.#policy.mustBePublic(hop),
    });
  }
}
