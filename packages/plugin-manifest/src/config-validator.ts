import type { ConfigSchema } from '@verifywise/plugin-types';
import type { ValidateFunction } from 'ajv';
import { compileConfigSchema } from './config-ajv.js';
import { fillDefaults, findMissing, mapSecrets, secretPaths } from './config-values.js';
import { type ManifestIssue, pointerSegments } from './issue.js';
import { checkJson, type JsonObject } from './json-document.js';
import { toSchemaIssues } from './schema-issues.js';

/** What is wrong with one setting. */
export interface ConfigIssue {
  /**
   * Which one, in dotted form: `smtp.port`, `accounts.0.token`. `(root)` for the configuration as a whole.
   */
  readonly field: string;
  /** To be read after the field: `must be at least 10`. It never holds the value, which may be a secret. */
  readonly message: string;
}

export type ConfigResult =
  | { readonly ok: true; readonly value: Record<string, unknown> }
  | { readonly ok: false; readonly issues: readonly ConfigIssue[] };

/** Everything a plugin's configuration schema (§7) says about values. */
export interface ConfigValidator {
  /**
   * Checks values against every constraint of §7.2 and reports all that fail. Unknown keys are refused, types
   * are not converted, defaults are not filled in, and what is missing is no failure (see `missing`), so a
   * part of the settings can be checked alone.
   */
  validate(values: unknown): ConfigResult;
  /** The values of a plugin nobody has configured. Frozen. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /**
   * The values with defaults where nothing is set. A default inside a group fills in a group that is set; it
   * does not set it.
   */
  withDefaults(values: Readonly<Record<string, unknown>>): Record<string, unknown>;
  /** Where secrets can be, in dotted form, `*` for the elements of a list: `apiKey`, `accounts.*.token`. */
  readonly secretPaths: readonly string[];
  /**
   * The values with each secret that is set replaced by what `replace` answers, for encrypting, decrypting
   * and masking; `undefined` leaves it out. `field` is its dotted path. Keys the schema does not know stay as
   * they are.
   */
  mapSecrets(
    values: Readonly<Record<string, unknown>>,
    replace: (value: unknown, field: string) => unknown,
  ): Record<string, unknown>;
  /**
   * The required settings, in dotted form, that have neither a value nor a default; they stand in the way of
   * enabling, not of saving. An empty string counts as no value. Only presence matters, so secrets may be
   * encrypted or masked.
   */
  missing(values: Readonly<Record<string, unknown>>): string[];
}

/** A list of many thousand wrong elements need not become an answer of many megabytes. */
const MAX_ISSUES = 100;

/**
 * Makes the validator of a plugin's `config`. The schema must come from a manifest that was parsed. Compiled
 * at the first `validate`.
 */
export function createConfigValidator(schema: ConfigSchema): ConfigValidator {
  let compiled: ValidateFunction | undefined;

  return {
    validate(values) {
      compiled ??= compileConfigSchema(schema);
      const fits = compiled(values);
      const issues = toSchemaIssues(compiled.errors);
      const named = new Set(issues.map((issue) => issue.path));
      const unsafe = checkJson(values).filter((issue) => !named.has(issue.path));
      if (fits && unsafe.length === 0) return { ok: true, value: JSON.parse(JSON.stringify(values)) };
      return { ok: false, issues: [...issues, ...unsafe].slice(0, MAX_ISSUES).map(toConfigIssue) };
    },
    defaults: deepFreeze(fillDefaults(schema, {})),
    withDefaults: (values) => fillDefaults(schema, values),
    secretPaths: secretPaths(schema),
    mapSecrets: (values, replace) => mapSecrets(schema, values, replace),
    missing: (values) => findMissing(schema, fillDefaults(schema, values)),
  };
}

const toConfigIssue = ({ path, message, hint }: ManifestIssue): ConfigIssue => ({
  field: pointerSegments(path).join('.') || '(root)',
  message: hint === undefined ? message : `${message}. ${hint}`,
});

function deepFreeze(value: JsonObject): JsonObject {
  for (const child of Object.values(value)) {
    if (typeof child === 'object' && child !== null) deepFreeze(child as JsonObject);
  }
  return Object.freeze(value);
}
