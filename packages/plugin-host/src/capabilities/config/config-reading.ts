import type { ConfigValidator } from '@verifywise/plugin-manifest';
import type { ConfigField, ConfigSchema } from '@verifywise/plugin-types';
import { MASK } from '../../foundation/redact.js';
import { canonicalJson, unwrapSecrets, wrapSecrets } from './config-fields.js';
import { type ConfigRows, etagOf } from './config-rows.js';

/** A plugin's configuration as an administrator sees it: no secret in it, only whether one is set. */
export interface ConfigReading {
  /** Defaults applied; a secret that is set is `••••••••`, one that is not is absent. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly schema: ConfigSchema;
  /** Required settings without a value, in dotted form; they stand in the way of enabling. */
  readonly missing: readonly string[];
  /** For `If-Match`. */
  readonly etag: string;
}

/** key → what an administrator saw before and sees now; `null` is not set. Secrets are masked. */
export type ConfigChanges = Readonly<Record<string, { readonly before: unknown; readonly after: unknown }>>;

export interface ConfigUpdate extends ConfigReading {
  readonly changes: ConfigChanges;
}

/** The declared settings that are stored, their secrets wrapped. */
export function wrapRows(schema: ConfigSchema, rows: ConfigRows): Record<string, unknown> {
  const entries = Object.entries(schema).map(([key, field]) => [key, wrapSecrets(field, rows.get(key), key)]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

export function readingOf(schema: ConfigSchema, validator: ConfigValidator, rows: ConfigRows): ConfigReading {
  const stored = wrapRows(schema, rows);
  const config = Object.entries(validator.withDefaults(stored)).map(([key, value]) => [key, mask(value)]);
  return {
    config: Object.fromEntries(config),
    schema,
    missing: validator.missing(stored),
    etag: etagOf(rows),
  };
}

/** What became of `keys`. A secret entered anew is a change, though both sides show the mask. */
export function changesOf(
  schema: ConfigSchema,
  keys: Iterable<string>,
  { before, after }: { before: ConfigRows; after: ConfigRows },
): ConfigChanges {
  const given = new Set(keys);
  const shown = (key: string, field: ConfigField, rows: ConfigRows) =>
    mask(wrapSecrets(field, rows.get(key), key)) ?? null;
  const changed = Object.entries(schema).filter(
    ([key]) => given.has(key) && canonicalJson(before.get(key)) !== canonicalJson(after.get(key)),
  );
  return Object.fromEntries(
    changed.map(([key, field]) => [
      key,
      { before: shown(key, field, before), after: shown(key, field, after) },
    ]),
  );
}

const mask = (value: unknown): unknown => unwrapSecrets(value, () => MASK);
