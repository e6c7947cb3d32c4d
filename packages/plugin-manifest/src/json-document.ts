import { type ManifestIssue, pointerTo } from './issue.js';

export type JsonObject = Record<string, unknown>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Names that reach an object's prototype wherever they are used as a key. */
export const FORBIDDEN_NAMES: readonly string[] = ['__proto__', 'constructor', 'prototype'];

/** How deeply a manifest, a registry entry or a configuration may be nested. */
const MAX_DEPTH = 32;

type JsonReading = { readonly value: unknown } | { readonly issue: ManifestIssue };

/**
 * Reads JSON from UTF-8 bytes or text, a byte order mark stripped; anything else is handed through as it is.
 */
export function readJson(source: unknown, { maxBytes }: { readonly maxBytes: number }): JsonReading {
  if (typeof source !== 'string' && !(source instanceof Uint8Array)) return { value: source };
  const size = typeof source === 'string' ? Buffer.byteLength(source) : source.byteLength;
  if (size > maxBytes) {
    return { issue: { path: '', message: `must be at most ${maxBytes} bytes, but has ${size}` } };
  }
  const text = typeof source === 'string' ? source.replace(/^\uFEFF/, '') : decodeUtf8(source);
  if (text === undefined) {
    return {
      issue: {
        path: '',
        message: 'must be UTF-8 text',
        hint: 'Save the file as UTF-8, not UTF-16 or Latin-1.',
      },
    };
  }
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      issue: {
        path: '',
        message: `is not JSON: ${reason}`,
        hint: 'JSON has no comments, no trailing commas, and double quotes around every key.',
      },
    };
  }
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  // ASCII in UTF-16 without a byte order mark is valid UTF-8; the zero bytes give it away.
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * What keeps a value from being stored and read back as the same JSON: nesting beyond `MAX_DEPTH` (so also a
 * cycle), names that reach a prototype, values JSON does not have, and text that Postgres cannot hold.
 */
export function checkJson(root: unknown, at = ''): ManifestIssue[] {
  const issues: ManifestIssue[] = [];
  const pending = [{ value: root, path: at, depth: 1 }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { value, path, depth } = next;
    const reason = reasonNotJson(value);
    if (reason) issues.push({ path, message: reason });
    if (reason || typeof value !== 'object' || value === null) continue;
    if (depth > MAX_DEPTH) {
      issues.push({ path, message: `is nested more than ${MAX_DEPTH} levels deep` });
      continue;
    }
    // Pushed in reverse, so that issues come in the order of the document.
    for (const [key, child] of Object.entries(value).reverse()) {
      const childPath = pointerTo(path, key);
      if (FORBIDDEN_NAMES.includes(key)) {
        issues.push({
          path: childPath,
          message: `"${key}" cannot be used as a name`,
          hint: 'Choose another name.',
        });
      } else if (child !== undefined) {
        pending.push({ value: child, path: childPath, depth: depth + 1 });
      }
      const keyReason = reasonNotText(key);
      if (keyReason) issues.push({ path: childPath, message: `has a name that ${keyReason}` });
    }
  }
  return issues;
}

function reasonNotJson(value: unknown): string | undefined {
  if (value === null || typeof value === 'boolean') return undefined;
  if (typeof value === 'string') return reasonNotText(value);
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'must be a finite number';
  if (typeof value !== 'object') return `must be a JSON value; ${typeof value} is not one`;
  if (Array.isArray(value)) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Plain objects of another realm have another Object.prototype, whose own prototype is null as well.
  const plain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return plain ? undefined : 'must be a plain JSON object';
}

function reasonNotText(text: string): string | undefined {
  if (text.includes('\u0000')) return 'holds a NUL character, which cannot be stored';
  // With the `u` flag only a surrogate without its partner is one.
  if (/\p{Surrogate}/u.test(text)) return 'holds half of a character, which cannot be stored';
  return undefined;
}

/** Without the members that are undefined. */
export const compact = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
