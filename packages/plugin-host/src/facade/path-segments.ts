import { pathMalformed } from '../foundation/errors/index.js';

/** A path, split and decoded once, so that everything that matches on it sees the same thing. */
export interface PathSegments {
  /** Decoded. An encoded slash stays inside its segment; `//` yields an empty one; a trailing slash yields none. */
  readonly decoded: readonly string[];
  /** The same segments as received. */
  readonly raw: readonly string[];
  readonly trailingSlash: boolean;
  /** Whether a segment is `.` or `..`, encoded or not. They are never resolved here. */
  readonly dotted: boolean;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for.
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * Splits an absolute path without query string.
 *
 * Throws PATH_MALFORMED where it does not begin with a slash, is not percent-encoded UTF-8 (`%zz`, `%ff`)
 * or hides a control character.
 */
export function splitPath(path: string): PathSegments {
  if (!path.startsWith('/')) throw pathMalformed({ reason: 'it does not begin with a slash.' });
  const trailingSlash = path.length > 1 && path.endsWith('/');
  const inner = path.slice(1, trailingSlash ? -1 : undefined);
  const raw = path === '/' ? [] : inner.split('/');
  const decoded = raw.map(decodeSegment);
  return {
    decoded,
    raw,
    trailingSlash,
    dotted: decoded.some((segment) => segment === '.' || segment === '..'),
  };
}

/** The path below the first `count` segments, as received; `/` where nothing is left. */
export function pathBelow({ raw, trailingSlash }: PathSegments, count: number): string {
  const rest = raw.slice(count);
  return rest.length === 0 ? '/' : `/${rest.join('/')}${trailingSlash ? '/' : ''}`;
}

function decodeSegment(segment: string): string {
  const decoded = segment.includes('%') ? decodeUtf8(segment) : segment;
  if (CONTROL.test(decoded)) throw pathMalformed({ reason: 'it holds a control character.' });
  return decoded;
}

function decodeUtf8(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw pathMalformed({ reason: `"${segment}" is not percent-encoded UTF-8.` });
  }
}
