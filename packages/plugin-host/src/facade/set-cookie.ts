export interface CookieOptions {
  /** How long the browser keeps it, in ms. Default: until it closes. */
  readonly maxAge?: number;
  readonly expires?: Date;
  /** Default `/`. */
  readonly path?: string;
  readonly domain?: string;
  readonly secure?: boolean;
  readonly httpOnly?: boolean;
  readonly sameSite?: boolean | 'strict' | 'lax' | 'none';
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const ATTRIBUTE = /^[\x20-\x3a\x3c-\x7e]*$/;

/** A Set-Cookie value as Express writes it. Throws a TypeError where a part would break out of its place. */
export function formatSetCookie(name: string, value: unknown, options: CookieOptions = {}): string {
  if (!TOKEN.test(name)) throw new TypeError(`A cookie cannot be named "${name}".`);
  const text = typeof value === 'object' && value !== null ? `j:${JSON.stringify(value)}` : String(value);
  const parts = [`${name}=${encodeURIComponent(text)}`];
  if (options.maxAge !== undefined) parts.push(`Max-Age=${Math.floor(options.maxAge / 1000)}`);
  if (options.domain !== undefined) parts.push(`Domain=${attribute(options.domain)}`);
  parts.push(`Path=${attribute(options.path ?? '/')}`);
  const expires =
    options.expires ?? (options.maxAge === undefined ? undefined : new Date(Date.now() + options.maxAge));
  if (expires !== undefined) parts.push(`Expires=${expires.toUTCString()}`);
  if (options.httpOnly) parts.push('HttpOnly');
  if (options.secure) parts.push('Secure');
  const sameSite = options.sameSite === true ? 'strict' : options.sameSite;
  if (sameSite) parts.push(`SameSite=${attribute(`${sameSite[0]?.toUpperCase()}${sameSite.slice(1)}`)}`);
  return parts.join('; ');
}

function attribute(value: string): string {
  if (!ATTRIBUTE.test(value)) throw new TypeError(`"${value}" cannot be part of a cookie.`);
  return value;
}
