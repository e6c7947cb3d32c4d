import {
  type ConfigField,
  type ConfigSchema,
  MANIFEST_SCHEMA,
  type StringConfigField,
} from '@verifywise/plugin-types';
import { compileConfigSchema } from './config-ajv.js';
import { mapSecrets } from './config-values.js';
import { type ManifestIssue, pointerSegments, pointerTo } from './issue.js';
import { isObject, type JsonObject } from './json-document.js';
import { reasonUnsupported } from './pattern.js';
import { toSchemaIssues } from './schema-issues.js';

/** Settings and patterns of one plugin, those in groups and lists counted. Checking them takes time. */
const MAX_SETTINGS = 500;
const MAX_PATTERNS = 100;

const MAX_PATTERN_LENGTH = MANIFEST_SCHEMA.definitions.stringField.properties.pattern.maxLength;

/** What would take too long to check, if anything. */
export function checkConfigSize(config: JsonObject): ManifestIssue[] {
  let settings = 0;
  let patterns = 0;
  const count = (field: unknown): void => {
    if (!isObject(field)) return;
    settings += 1;
    if (field.pattern !== undefined) patterns += 1;
    count(field.items);
    if (isObject(field.properties)) Object.values(field.properties).forEach(count);
  };
  Object.values(config).forEach(count);
  const issues: ManifestIssue[] = [];
  if (settings > MAX_SETTINGS) {
    issues.push({
      path: '/config',
      message: `must have at most ${MAX_SETTINGS} settings, but has ${settings}`,
    });
  }
  if (patterns > MAX_PATTERNS) {
    issues.push({
      path: '/config',
      message: `must have at most ${MAX_PATTERNS} patterns, but has ${patterns}`,
    });
  }
  return issues;
}

/** A setting whose default is to be checked against the setting itself. */
interface Default {
  readonly path: string;
  readonly field: ConfigField;
}

/**
 * What the JSON Schema of manifests cannot say about `config` (§7): that bounds do not contradict each other,
 * that patterns compile, that a secret has no default, that defaults and choices are values the setting
 * allows.
 *
 * @param written the config, of which nothing is known but that it is JSON
 * @param structural what the JSON Schema found; defaults of settings named there are not looked at
 */
export function checkConfigSchema(
  written: JsonObject,
  structural: readonly ManifestIssue[],
): ManifestIssue[] {
  const check = new ConfigSchemaCheck(structural);
  check.fields(written, '/config');
  return check.finish();
}

class ConfigSchemaCheck {
  readonly #issues: ManifestIssue[] = [];
  readonly #defaults: Default[] = [];
  /** Pointers at or beneath which something is wrong. */
  readonly #unsound = new Set<string>();

  constructor(structural: readonly ManifestIssue[]) {
    for (const issue of structural) this.#markUnsound(issue.path);
  }

  fields(fields: JsonObject, path: string): void {
    for (const [key, field] of Object.entries(fields)) this.#field(field, pointerTo(path, key));
  }

  finish(): ManifestIssue[] {
    const sound = this.#defaults.filter(({ path }) => !this.#unsound.has(path));
    if (sound.length > 0) this.#checkDefaults(sound);
    return this.#issues;
  }

  #field(field: unknown, path: string): void {
    if (!isObject(field)) return;
    this.#bounds(field, path, 'min', 'max');
    this.#bounds(field, path, 'minLength', 'maxLength');
    if (field.type === 'string') this.#string(field, path);
    if (field.type === 'array') this.#field(field.items, `${path}/items`);
    if (field.type === 'object' && isObject(field.properties))
      this.fields(field.properties, `${path}/properties`);
    // A schema that is unsound here or beneath cannot be compiled, so this is asked once all of it has been
    // looked at.
    if (field.default !== undefined) this.#defaults.push({ path, field: field as unknown as ConfigField });
  }

  #bounds(field: JsonObject, path: string, low: string, high: string): void {
    const [least, most] = [field[low], field[high]];
    if (typeof least !== 'number' || typeof most !== 'number' || least <= most) return;
    this.#report(
      `${path}/${low}`,
      `must not be greater than ${high}, which is ${most}`,
      'No value satisfies both.',
    );
  }

  #string(field: JsonObject, path: string): void {
    if (field.secret === true && field.default !== undefined) {
      this.#report(
        `${path}/default`,
        'is not allowed on a secret: everyone who has the package could read it',
        'Remove the default; the administrator enters the secret.',
      );
    }
    // The schema has refused a longer one already, and compiling it would take its time.
    const compilable = typeof field.pattern === 'string' && field.pattern.length <= MAX_PATTERN_LENGTH;
    const reason = compilable ? reasonUnsupported(String(field.pattern)) : undefined;
    if (reason !== undefined) {
      this.#report(
        `${path}/pattern`,
        `PATTERN_UNSUPPORTED: the pattern cannot be used: ${reason}`,
        'Patterns are RE2: no lookaround, back-references or flags; repeat counts up to 1,000.',
      );
    }
    if (Array.isArray(field.enum) && !this.#unsound.has(path)) this.#choices(field, path);
  }

  /** A choice that the setting's own constraints refuse can never be made. */
  #choices(written: JsonObject, path: string): void {
    const { pattern, minLength, maxLength, enum: choices = [] } = written as unknown as StringConfigField;
    if (pattern === undefined && minLength === undefined && maxLength === undefined) return;
    const choice: StringConfigField = { type: 'string', pattern, minLength, maxLength };
    const validate = compileConfigSchema({ choices: { type: 'array', items: choice } });
    validate({ choices });
    for (const { path: at, message } of toSchemaIssues(validate.errors)) {
      this.#report(path + at.replace('/choices', '/enum'), message, 'This choice could never be made.');
    }
  }

  /** All defaults in one compile, which costs far more than the checks. */
  #checkDefaults(defaults: readonly Default[]): void {
    const schema: ConfigSchema = Object.fromEntries(
      defaults.map(({ field }, index) => [`default${index}`, field]),
    );
    const values = Object.fromEntries(defaults.map(({ field }, index) => [`default${index}`, field.default]));
    const validate = compileConfigSchema(schema);
    validate(values);
    for (const issue of toSchemaIssues(validate.errors)) {
      this.#report(this.#placeOf(pointerSegments(issue.path), defaults), issue.message, issue.hint);
    }
    mapSecrets(schema, values, (_, field) => {
      this.#report(
        this.#placeOf(field.split('.'), defaults),
        'is the default of a secret: everyone who has the package could read it',
        'Leave the secret out; the administrator enters it.',
      );
      return undefined;
    });
  }

  #placeOf([name = '', ...rest]: readonly string[], defaults: readonly Default[]): string {
    const path = defaults[Number(name.slice('default'.length))]?.path ?? '/config';
    return rest.reduce(pointerTo, `${path}/default`);
  }

  #report(path: string, message: string, hint?: string): void {
    this.#issues.push(hint === undefined ? { path, message } : { path, message, hint });
    this.#markUnsound(path);
  }

  #markUnsound(path: string): void {
    for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) this.#unsound.add(at);
  }
}
