import { allowedHostInvalid, urlNotAllowed } from '../foundation/errors/index.js';

/** Where packages may come from unless the host adds more (§18.3). GitHub moves its assets between these sub-domains. */
const GITHUB = /^(?:github\.com|[^.]+\.githubusercontent\.com)$/;

export interface UrlPolicyOptions {
  /**
   * Further hosts packages may come from, beside GitHub: `host` or `host:port`, without a port any port will do;
   * `*.host` for its sub-domains. Naming a host here is the only way to allow plain `http:` or an address of this
   * machine or its network. Default none.
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /** The registry's own address. Beneath a `file:` registry, `file:` packages are allowed too. */
  readonly registryUrl?: URL | undefined;
}

/** Decides from which addresses a package may be fetched. Asked anew for every hop of a redirect. */
export class UrlPolicy {
  readonly #hosts: ReadonlySet<string>;
  readonly #folder: string | undefined;

  /** @throws ALLOWED_HOST_INVALID */
  constructor({ allowedHosts = [], registryUrl }: UrlPolicyOptions) {
    this.#hosts = new Set(allowedHosts.filter((host) => host.trim() !== '').map(normaliseHost));
    this.#folder = registryUrl?.protocol === 'file:' ? new URL('.', registryUrl).href : undefined;
  }

  /** @throws URL_NOT_ALLOWED */
  parse(text: string): URL {
    let url: URL;
    try {
      url = new URL(text);
    } catch (error) {
      throw urlNotAllowed({ url: text, reason: 'it is not an absolute address.' }, { cause: error });
    }
    this.check(url);
    return url;
  }

  /** @throws URL_NOT_ALLOWED */
  check(url: URL): void {
    const reason = this.#objection(url);
    if (reason) throw urlNotAllowed({ url: withoutLogin(url), reason });
  }

  /** Whether the address must lead to the public internet: who names a host vouches for where it is. */
  mustBePublic(url: URL): boolean {
    return !this.#names(url);
  }

  #objection(url: URL): string | undefined {
    if (url.protocol === 'file:') return this.#objectionToFile(url);
    if (url.protocol !== 'https:' && url.protocol !== 'http:')
      return `${url.protocol} is not a way to fetch packages.`;
    if (url.username || url.password) return 'an address with a login is not accepted.';
    if (this.#names(url)) return undefined;
    if (!GITHUB.test(url.hostname)) return `${url.host} is not an allowed host.`;
    if (url.protocol !== 'https:') return 'only https is allowed.';
    if (url.port !== '') return `port ${url.port} is not allowed.`;
    return undefined;
  }

  #objectionToFile(url: URL): string | undefined {
    // The parser has resolved `..` and `%2e%2e` by now, so comparing the beginning is enough. An encoded slash it
    // leaves alone, but the file system's own reading of the address does not.
    const beneath = this.#folder !== undefined && url.href.startsWith(this.#folder);
    if (beneath && !/%2f|%5c|%00/i.test(url.pathname)) return undefined;
    return 'files are only read beneath a registry that is itself a file.';
  }

  #names(url: URL): boolean {
    if (this.#hosts.size === 0) return false;
    const port = url.port || DEFAULT_PORTS[url.protocol];
    return namesFor(url.hostname).some((name) => this.#hosts.has(name) || this.#hosts.has(`${name}:${port}`));
  }
}

/** An address as it may be shown and logged. */
export const withoutLogin = (url: URL): string => {
  const copy = new URL(url);
  copy.username = '';
  copy.password = '';
  return copy.href;
};

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** What a host may be listed as: itself, and `*.` with each domain it is in. */
const namesFor = (hostname: string): string[] => {
  const labels = hostname.split('.');
  return [hostname, ...labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join('.')}`)];
};

const LISTED_HOST = /^(\*\.)?(\[[^\]]+\]|[^:/?#@*\\[\]\s]+)(?::0*(\d{1,5}))?$/;

/**
 * `Bücher.Example:443` as addresses are compared: lower case, punycode, an IP address in its one form.
 *
 * @throws ALLOWED_HOST_INVALID
 */
function normaliseHost(written: string): string {
  const [, wildcard = '', host = '', port] = LISTED_HOST.exec(written.trim()) ?? [];
  if (!URL.canParse(`http://${host}`)) throw allowedHostInvalid({ host: written });
  const { hostname } = new URL(`http://${host}`);
  return `${wildcard}${hostname}${port === undefined ? '' : `:${port}`}`;
}
