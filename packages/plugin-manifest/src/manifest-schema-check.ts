import { MANIFEST_SCHEMA } from '@verifywise/plugin-types';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import type { ManifestIssue } from './issue.js';
import type { JsonObject } from './json-document.js';
import { MANIFEST_WORDING } from './manifest-wording.js';
import { PERMISSION_ALIASES } from './permission-aliases.js';
import { type SchemaIssue, toIssue, toSchemaIssues } from './schema-issues.js';
import { nearest } from './suggestion.js';

/** For the two schemas of plugin-types, which are constants: one instance may keep them. */
export function createSchemaAjv(): Ajv {
  const ajv = new Ajv({ allErrors: true, verbose: true, ownProperties: true });
  addFormats.default(ajv, ['uri', 'date-time']);
  return ajv;
}

let compiled: ValidateFunction | undefined;

/** Holds a manifest against the schema of its strict form, and tells what cannot be used from what can. */
export function checkManifestSchema(manifest: JsonObject): {
  issues: ManifestIssue[];
  warnings: ManifestIssue[];
} {
  compiled ??= createSchemaAjv().compile(MANIFEST_SCHEMA);
  compiled(manifest);
  const issues: ManifestIssue[] = [];
  const warnings: ManifestIssue[] = [];
  for (const issue of toSchemaIssues(compiled.errors, MANIFEST_WORDING)) {
    if (isTolerated(issue)) warnings.push(wordWarning(issue));
    else issues.push(issue.keyword === 'additionalProperties' ? wordSecret(issue) : toIssue(issue));
  }
  return { issues, warnings };
}

/** Unknown keys, unknown permissions, and permissions and tags named twice do no harm. */
function isTolerated(issue: SchemaIssue): boolean {
  const { keyword, path } = issue;
  if (keyword === 'additionalProperties') return !isLostSecret(issue);
  if (keyword === 'uniqueItems') return path === '/permissions' || path === '/tags';
  return keyword === 'enum' && path.startsWith('/permissions/');
}

/** An option of a setting that is meant to be `secret`. Ignoring it would keep a secret in the open. */
function isLostSecret({ path, value }: SchemaIssue): boolean {
  const key = path.slice(path.lastIndexOf('/') + 1);
  const near = nearest(key, ['secret', 'secrets', 'isSecret']) !== undefined;
  return path.startsWith('/config/') && near && value !== false;
}

const wordSecret = ({ path }: ManifestIssue): ManifestIssue =>
  path.endsWith('/secret')
    ? {
        path,
        message: 'only a setting of type string can be secret',
        hint: 'Make it a string, or remove "secret".',
      }
    : { path, message: 'is not known', hint: 'Did you mean "secret"?' };

function wordWarning(issue: SchemaIssue): ManifestIssue {
  const { keyword, path, value } = issue;
  if (keyword === 'additionalProperties')
    return toIssue({ ...issue, message: 'is not known and is ignored' });
  if (keyword !== 'enum') return toIssue(issue);
  const permission = String(value);
  const current = Object.hasOwn(PERMISSION_ALIASES, permission) ? PERMISSION_ALIASES[permission] : undefined;
  if (current) {
    return { path, message: `"${permission}" is an older name of ${current}`, hint: `Write "${current}".` };
  }
  return toIssue({ ...issue, message: `"${permission}" is not a permission and grants nothing` });
}
