import type {
  ConfigField,
  ConfigSchema,
  ManifestUi,
  ManifestWidget,
  PluginManifest,
} from '@verifywise/plugin-types';
import { checkConfigSchema, checkConfigSize } from './config-schema-check.js';
import { checkDependencies } from './dependencies-check.js';
import type { ManifestIssue } from './issue.js';
import { checkJson, compact, FORBIDDEN_NAMES, isObject, type JsonObject, readJson } from './json-document.js';
import { ManifestError } from './manifest-error.js';
import { readManifest, whereWritten } from './manifest-reading.js';
import { checkManifestSchema } from './manifest-schema-check.js';
import { isReservedId } from './naming.js';

/** What there is to say about a manifest. */
export interface ManifestValidation {
  /** The manifest in its strict form; absent if there are issues. */
  readonly manifest?: PluginManifest;
  /** Why it cannot be used. */
  readonly issues: readonly ManifestIssue[];
  /** What is not in the strict form, or is ignored. The manifest works all the same. */
  readonly warnings: readonly ManifestIssue[];
}

/** A manifest's size, in bytes. */
export const MAX_MANIFEST_BYTES = 256 * 1024;

/**
 * Reads a manifest tolerantly and names everything that is wrong with it.
 *
 * @param source the file's bytes or text (UTF-8, a byte order mark is stripped, 256 KB at most), or the value
 * it holds
 */
export function validateManifest(source: unknown): ManifestValidation {
  const reading = readJson(source, { maxBytes: MAX_MANIFEST_BYTES });
  if ('issue' in reading) return { issues: [reading.issue], warnings: [] };
  const written = reading.value;
  if (!isObject(written)) return { issues: [{ path: '', message: 'must be an object' }], warnings: [] };
  const unsafe = [
    ...checkJson(written),
    ...(isObject(written.config) ? checkConfigSize(written.config) : []),
  ];
  if (unsafe.length > 0) return { issues: unsafe, warnings: [] };

  const { value, warnings, moved } = readManifest(written);
  const structure = checkManifestSchema(value);
  const dependencies = checkDependencies(value.dependencies, value.id);
  const found = [
    ...structure.issues,
    ...checkNames(value),
    ...dependencies.issues,
    ...(isObject(value.config) ? checkConfigSchema(value.config, structure.issues) : []),
  ];
  const issues = found.map((issue) => whereWritten(issue, moved));
  const complaints = [...warnings, ...structure.warnings, ...dependencies.warnings];
  if (issues.length > 0) return { issues, warnings: complaints };
  return { manifest: toManifest(value as unknown as PluginManifest), issues, warnings: complaints };
}

/**
 * Reads a manifest tolerantly, into its strict form.
 *
 * @param source the file's bytes or text (UTF-8, a byte order mark is stripped, 256 KB at most), or the value
 * it holds
 * @throws {ManifestError} `MANIFEST_INVALID` with all issues
 */
export function parseManifest(source: unknown): PluginManifest {
  const { manifest, issues } = validateManifest(source);
  if (!manifest) throw new ManifestError(issues);
  return manifest;
}

function checkNames({ id, tags }: JsonObject): ManifestIssue[] {
  const issues: ManifestIssue[] = [];
  if (typeof id === 'string' && isReservedId(id)) {
    issues.push({ path: '/id', message: `"${id}" is reserved`, hint: 'Choose another id.' });
  }
  for (const [index, tag] of Array.isArray(tags) ? tags.entries() : []) {
    if (FORBIDDEN_NAMES.includes(tag)) {
      issues.push({
        path: `/tags/${index}`,
        message: `"${tag}" cannot be used as a tag`,
        hint: 'Choose another tag.',
      });
    }
  }
  return issues;
}

/** The known fields of a manifest that passed; unknown ones are left behind. */
function toManifest(checked: PluginManifest): PluginManifest {
  const { id, name, description, version, author, homepage, repository, support, type, tags, permissions } =
    checked;
  const { config, compatibility, dependencies, main, ui, install, runs } = checked;
  return compact({
    id,
    name,
    description,
    version,
    author: compact({ name: author.name, url: author.url }),
    homepage,
    repository,
    support,
    type,
    tags: [...new Set(tags)],
    permissions: [...new Set(permissions)],
    config: config && toConfig(config),
    compatibility: compatibility && compact({ minVersion: compatibility.minVersion, api: compatibility.api }),
    dependencies: dependencies && { ...dependencies },
    main: main?.replace(/^\.\//, ''),
    ui: ui && toUi(ui),
    install: install && compact({ transactional: install.transactional }),
    runs:
      runs &&
      compact({
        owner: runs.owner,
        capabilities: runs.capabilities,
        schemaVersion: runs.schemaVersion,
        defaultConfig: runs.defaultConfig,
        settingsSchema: runs.settingsSchema?.replace(/^\.\//, ''),
      }),
  });
}

const toConfig = (config: ConfigSchema): ConfigSchema =>
  Object.fromEntries(Object.entries(config).map(([key, field]) => [key, toField(field)]));

function toField(field: ConfigField): ConfigField {
  const { required, description } = field;
  const base = { required, description };
  switch (field.type) {
    case 'string': {
      const { type, default: byDefault, secret, enum: choices, pattern, minLength, maxLength } = field;
      return compact({
        type,
        ...base,
        default: byDefault,
        secret,
        enum: choices,
        pattern,
        minLength,
        maxLength,
      });
    }
    case 'number': {
      const { type, default: byDefault, min, max } = field;
      return compact({ type, ...base, default: byDefault, min, max });
    }
    case 'boolean':
      return compact({ type: field.type, ...base, default: field.default });
    case 'array':
      return compact({ type: field.type, ...base, default: field.default, items: toField(field.items) });
    case 'object':
      return compact({
        type: field.type,
        ...base,
        default: field.default,
        properties: toConfig(field.properties),
      });
  }
}

const toUi = ({ dashboardWidgets, page }: ManifestUi): ManifestUi =>
  compact({ dashboardWidgets: dashboardWidgets?.map(toWidget), page });

const toWidget = ({ widgetId, title, template, endpoint, config }: ManifestWidget): ManifestWidget =>
  compact({ widgetId, title, template, endpoint, config });
