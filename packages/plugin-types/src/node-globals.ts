import type { Untyped } from './untyped.js';

// These are looked up instead of named, so that the declarations also compile where `@types/node` is absent,
// as in a browser bundle that only wants the widget types.

/** Node's `Buffer`; `Uint8Array` where `@types/node` is not installed. */
export type Bytes = typeof globalThis extends { Buffer: { isBuffer(value: Untyped): value is infer B } }
  ? B
  : Uint8Array;

/** The type of the global `fetch`. */
export type Fetch = typeof globalThis extends { fetch: infer F }
  ? F
  : (input: string, init?: object) => Promise<Untyped>;

/** The global `AbortSignal`. */
export type Signal = typeof globalThis extends { AbortSignal: { prototype: infer S } }
  ? S
  : { readonly aborted: boolean; readonly reason: unknown };
