import type { ErrorObject } from 'ajv';
import { type ManifestIssue, pointerTo } from './issue.js';
import type { JsonObject } from './json-document.js';
import { didYouMean } from './suggestion.js';

/** An issue with the keyword of the schema that found it, and what it found. */
export interface SchemaIssue extends ManifestIssue {
  readonly keyword: string;
  readonly value: unknown;
}

/** The issue without what only the code here needs; the value may be a secret. */
export const toIssue = ({ path, message, hint }: SchemaIssue): ManifestIssue =>
  hint === undefined ? { path, message } : { path, message, hint };

/** What to say instead of quoting a pattern or format. */
export interface Wording {
  readonly message: string;
  readonly hint?: string;
  /** What a text that does not match was probably meant to be. */
  readonly suggest?: (text: string) => string | undefined;
}

/** Wording by pattern or format. */
export type PatternWording = ReadonlyMap<string, Wording>;

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

/** These only sum up errors that are reported on their own. */
const SUMMARIES: ReadonlySet<string> = new Set(['if', 'propertyNames', 'false schema']);

/**
 * Ajv's errors in words, one per thing that is wrong.
 *
 * Written by hand rather than with `@apideck/better-ajv-errors`, which reports one error per path, cannot
 * tell what may be tolerated from what may not, and would put a pattern where `X.Y or X.Y.Z` is meant. The
 * validator must be compiled with `verbose`.
 */
export function toSchemaIssues(
  errors: readonly ErrorObject[] | null | undefined,
  wording: PatternWording = new Map(),
): SchemaIssue[] {
  const found = new Map<string, SchemaIssue>();
  const mistyped = new Set(errors?.filter(({ keyword }) => keyword === 'type').map(pathOf));
  for (const error of errors ?? []) {
    // What is of the wrong type fails other rules as well; saying so would only distract.
    if (SUMMARIES.has(error.keyword) || (error.keyword !== 'type' && mistyped.has(pathOf(error)))) continue;
    const { keyword, params, data } = error;
    const value = keyword === 'additionalProperties' ? (data as JsonObject)[params.additionalProperty] : data;
    const issue = { path: pathOf(error), keyword, value, ...describe(error, wording) };
    const key = `${issue.path}\n${issue.message}`;
    if (!found.has(key)) found.set(key, issue);
  }
  return [...found.values()];
}

function pathOf({ keyword, instancePath, params, propertyName }: ErrorObject): string {
  if (keyword === 'required') return pointerTo(instancePath, params.missingProperty);
  if (keyword === 'additionalProperties') return pointerTo(instancePath, params.additionalProperty);
  return propertyName === undefined ? instancePath : pointerTo(instancePath, propertyName);
}

function describe(error: ErrorObject, wording: PatternWording): { message: string; hint?: string } {
  const { keyword, params } = error;
  switch (keyword) {
    case 'type':
      return { message: `must be ${TYPE_NAMES[String(params.type)] ?? `of type ${params.type}`}` };
    case 'required':
      return withHint('is required', misspelt(error));
    case 'additionalProperties':
      return withHint('is not known', didYouMean(params.additionalProperty, knownProperties(error)));
    case 'enum': {
      const allowed: readonly unknown[] = params.allowedValues;
      const suggestion =
        typeof error.data === 'string' ? didYouMean(error.data, allowed.map(String)) : undefined;
      return withHint(
        `must be one of ${allowed.map((value) => JSON.stringify(value)).join(', ')}`,
        suggestion,
      );
    }
    case 'pattern':
      return (
        inWords(wording.get(params.pattern), error) ?? { message: `must match the pattern ${params.pattern}` }
      );
    case 'format':
      return inWords(wording.get(params.format), error) ?? { message: `must be a valid ${params.format}` };
    case 'minimum':
      return { message: `must be at least ${params.limit}` };
    case 'maximum':
      return { message: `must be at most ${params.limit}` };
    case 'minLength':
      return {
        message:
          params.limit === 1 ? 'must not be empty' : `must be at least ${params.limit} characters long`,
      };
    case 'maxLength':
      return { message: `must be at most ${params.limit} characters long` };
    case 'minItems':
      return {
        message: params.limit === 1 ? 'must not be empty' : `must have at least ${params.limit} elements`,
      };
    case 'uniqueItems':
      return { message: 'must not name anything twice' };
    default:
      return { message: error.message ?? 'is not valid' };
  }
}

function inWords(
  words: Wording | undefined,
  { data }: ErrorObject,
): { message: string; hint?: string } | undefined {
  if (!words) return undefined;
  const suggestion = typeof data === 'string' ? words.suggest?.(data) : undefined;
  return withHint(words.message, suggestion === undefined ? words.hint : `Did you mean "${suggestion}"?`);
}

const withHint = (message: string, hint: string | undefined): { message: string; hint?: string } =>
  hint === undefined ? { message } : { message, hint };

const knownProperties = (error: ErrorObject): string[] => Object.keys(error.parentSchema?.properties ?? {});

/** A field that is missing is often there under a misspelt name. */
function misspelt(error: ErrorObject): string | undefined {
  const known = new Set(knownProperties(error));
  const present = Object.keys((error.data as object | null) ?? {}).filter((key) => !known.has(key));
  const written = present.find((key) => didYouMean(key, [error.params.missingProperty]) !== undefined);
  return written === undefined ? undefined : `Rename "${written}" to "${error.params.missingProperty}".`;
}
