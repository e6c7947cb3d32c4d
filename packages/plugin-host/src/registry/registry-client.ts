import { compareVersions, isVersion, parseRegistry } from '@verifywise/plugin-manifest';
import type { Registry, RegistryEntry, RegistryRelease } from '@verifywise/plugin-types';
import {
  isHostError,
  registryInvalid,
  registryNotConfigured,
  registryUnavailable,
} from '../foundation/errors/index.js';
import type { Limits } from '../foundation/limits.js';
import type { HostLogger } from '../foundation/logger.js';
import { fetchBytes } from './fetch-bytes.js';
import { isLoopback } from './public-address.js';
import { withoutLogin } from './url-policy.js';

export interface RegistryClientOptions {
  /** `https:`, or on this machine `http:` or `file:`. Anything else is REGISTRY_UNAVAILABLE. */
  readonly url?: URL | undefined;
  /** How long a copy is served before the registry is asked again, in ms. Default 15 minutes (§18.1). */
  readonly ttlMs?: number | undefined;
  readonly limits: Pick<Limits, 'registryBytes' | 'registryMs' | 'redirects'>;
  readonly logger: HostLogger;
  /** Milliseconds that only grow. Default `performance.now`. */
  readonly now?: (() => number) | undefined;
}

export interface RegistryReading {
  readonly registry: Registry;
  /** The registry could not be asked; this is the last copy that was good. */
  readonly stale: boolean;
}

/** A copy in memory, with what is looked up in it. */
interface Copy extends RegistryReading {
  readonly entries: ReadonlyMap<string, RegistryEntry>;
}

const TTL_MS = 15 * 60_000;
/** How long an unreachable registry is left alone while an earlier copy can be served. */
const RETRY_MS = 30_000;

/** The registry, cached. Installed plugins never need it. */
export class RegistryClient {
  readonly #options: RegistryClientOptions;
  readonly #ttlMs: number;
  readonly #now: () => number;
  #copy: Copy | undefined;
  #freshUntil = Number.NEGATIVE_INFINITY;
  #reading: Promise<Copy> | undefined;

  constructor(options: RegistryClientOptions) {
    this.#options = options;
    this.#ttlMs = options.ttlMs ?? TTL_MS;
    this.#now = options.now ?? (() => performance.now());
  }

  /**
   * The registry, at most `ttlMs` old; callers at the same time share one request. One that cannot be read is
   * answered with the last good copy, and left alone for 30 s unless `refresh` asks for it.
   *
   * @throws REGISTRY_NOT_CONFIGURED, and without an earlier copy REGISTRY_UNAVAILABLE or REGISTRY_INVALID
   */
  async read({ refresh = false }: { refresh?: boolean } = {}): Promise<RegistryReading> {
    const { registry, stale } = await this.#current(refresh);
    return { registry, stale };
  }

  /** What the registry last offered of a plugin. Asks nobody, so listing plugins never waits for the registry. */
  offered(pluginId: string): RegistryEntry | undefined {
    return this.#copy?.entries.get(pluginId);
  }

  /** A release, by default the one offered; `undefined` where there is none or the registry cannot be read. */
  async find(pluginId: string, version?: string): Promise<RegistryRelease | undefined> {
    let copy: Copy;
    try {
      copy = await this.#current(false);
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'the registry could not be read');
      return undefined;
    }
    const entry = copy.entries.get(pluginId);
    if (version === undefined) return entry;
    if (!isVersion(version)) return undefined;
    return entry?.versions.find((release) => compareVersions(release.version, version) === 0);
  }

  async #current(refresh: boolean): Promise<Copy> {
    if (!refresh && this.#copy && this.#now() < this.#freshUntil) return this.#copy;
    this.#reading ??= this.#load().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #load(): Promise<Copy> {
    const { url, logger } = this.#options;
    if (!url) throw registryNotConfigured({});
    try {
      this.#copy = toCopy(this.#parse(await this.#fetch(url), url));
      this.#freshUntil = this.#now() + this.#ttlMs;
    } catch (error) {
      const earlier = this.#copy;
      if (!earlier) throw error;
      logger.warn(
        { err: error, url: withoutLogin(url) },
        'the registry could not be read; its last copy is served',
      );
      this.#copy = { ...earlier, stale: true };
      this.#freshUntil = this.#now() + RETRY_MS;
    }
    return this.#copy;
  }

  async #fetch(url: URL): Promise<Buffer> {
    const { registryBytes, registryMs, redirects } = this.#options.limits;
    try {
      return await fetchBytes(url, {
        maxBytes: registryBytes,
        totalMs: registryMs,
        idleMs: registryMs,
        redirects,
        check: (hop) => refuseAddress(url, hop),
        // The host chose where its registry is, but not where that one may lead.
        mustBePublic: (hop) => hop.protocol === 'https:' && hop.hostname !== url.hostname,
      });
    } catch (error) {
      throw registryUnavailable({ url: withoutLogin(url), reason: messageOf(error) }, { cause: error });
    }
  }

  #parse(bytes: Buffer, url: URL): Registry {
    const { logger } = this.#options;
    const skip = (entry: object): void =>
      logger.warn({ url: withoutLogin(url), entry }, 'a registry entry is not valid and is left out');
    try {
      const { registry, skipped } = parseRegistry(bytes);
      for (const entry of skipped) skip(entry);
      const base = new URL(withoutLogin(url));
      return { ...registry, plugins: registry.plugins.flatMap((entry) => absolute(entry, base, skip)) };
    } catch (error) {
      throw registryInvalid({ url: withoutLogin(url), reason: messageOf(error) }, { cause: error });
    }
  }
}

const toCopy = (registry: Registry): Copy => ({
  registry,
  entries: new Map(registry.plugins.map((entry) => [entry.id, entry])),
  stale: false,
});

/** A redirect may lead elsewhere, but never to a weaker kind of address. */
function refuseAddress(start: URL, hop: URL): void {
  const refuse = (reason: string) => registryUnavailable({ url: withoutLogin(start), reason });
  if (hop.protocol === 'https:') return;
  if (hop.protocol !== start.protocol) throw refuse(`it redirects to a ${hop.protocol} address.`);
  if (hop.protocol === 'file:') return;
  if (hop.protocol !== 'http:') throw refuse(`a ${hop.protocol} address is none of a registry.`);
  if (!isLoopback(hop.hostname)) throw refuse('plain http: is for registries on this machine alone.');
}

/** Addresses in a registry may be relative to it. A release with one that is none is left out. */
function absolute({ versions }: RegistryEntry, base: URL, skip: (entry: object) => void): RegistryEntry[] {
  const usable = versions.flatMap((release) => {
    try {
      return [resolveAddresses(release, base)];
    } catch (error) {
      skip({ id: release.id, version: release.version, issues: [{ path: '', message: messageOf(error) }] });
      return [];
    }
  });
  const [offered] = usable;
  return offered ? [{ ...offered, versions: usable }] : [];
}

const resolveAddresses = (release: RegistryRelease, base: URL): RegistryRelease => ({
  ...release,
  download: new URL(release.download, base).href,
  ...(release.icon === undefined ? {} : { icon: new URL(release.icon, base).href }),
});

const messageOf = (error: unknown): string =>
  isHostError(error) && typeof error.details.reason === 'string'
    ? error.details.reason
    : error instanceof Error
      ? error.message
      : String(error);
