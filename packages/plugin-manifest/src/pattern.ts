import { RE2JS } from 're2js';

/** A pattern of a manifest, compiled. */
interface Pattern {
  test(text: string): boolean;
  toString(): string;
}

/**
 * Compiles a pattern that a manifest brings with RE2's engine, whose time is linear in the text whatever the
 * pattern: a manifest cannot stop the host with `(a+)+$`.
 *
 * @throws {Error} for what RE2 does not know (lookaround, back-references, repeat counts over 1,000) and for
 * syntax errors
 */
export function compilePattern(source: string): Pattern {
  const compiled = RE2JS.compile(RE2JS.translateRegExp(source));
  return {
    test: (text) => compiled.test(text),
    // Ajv files patterns under their `toString()`. Without one of their own all of them are "[object
    // Object]", so every field of a schema is tested with the first pattern, and validation passes silently.
    toString: () => `/${source}/`,
  };
}

/** Why a pattern cannot be used, or nothing if it can. */
export function reasonUnsupported(source: string): string | undefined {
  try {
    compilePattern(source);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error);
  }
}
