/** Recognised by brand, not `instanceof`: plugins, hosts and tools may each bundle their own copy. */
const BRAND = Symbol.for('@verifywise/plugin-manifest/error');

/** What every error of this package has: a stable code, a message, and a hint a person can act on. */
export abstract class BrandedError<Code extends string> extends Error {
  readonly code: Code;
  readonly hint: string;

  constructor(init: { readonly code: Code; readonly message: string; readonly hint: string }) {
    super(init.message);
    this.name = new.target.name;
    this.code = init.code;
    this.hint = init.hint;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

export const hasBrandedCode = (error: unknown, codes: readonly string[]): boolean =>
  typeof error === 'object' &&
  error !== null &&
  (error as Record<symbol, unknown>)[BRAND] === true &&
  codes.includes(String((error as { code?: unknown }).code));
