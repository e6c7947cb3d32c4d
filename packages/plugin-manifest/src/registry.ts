import {
  REGISTRY_SCHEMA,
  type Registry,
  type RegistryEntry,
  type RegistryRelease,
} from '@verifywise/plugin-types';
import type { ValidateFunction } from 'ajv';
import { checkDependencies } from './dependencies-check.js';
import type { ManifestIssue } from './issue.js';
import { checkJson, compact, isObject, type JsonObject, readJson } from './json-document.js';
import { RegistryError } from './manifest-error.js';
import { ReadingNotes, readAuthor, readCompatibility, whereWritten } from './manifest-reading.js';
import { createSchemaAjv } from './manifest-schema-check.js';
import { MANIFEST_WORDING } from './manifest-wording.js';
import { isReservedId } from './naming.js';
import { type SchemaIssue, toIssue, toSchemaIssues } from './schema-issues.js';
import { compareVersions, parseVersion } from './versions.js';

/** An entry of a registry that cannot be used, and why. */
export interface SkippedEntry {
  /** Its place among `plugins`. */
  readonly index: number;
  /** Its id, if it says one. */
  readonly id?: string;
  /** Paths are pointers into the whole document. */
  readonly issues: readonly ManifestIssue[];
}

export interface ParsedRegistry {
  readonly registry: Registry;
  readonly skipped: readonly SkippedEntry[];
}

/** A registry's size, in bytes. */
export const MAX_REGISTRY_BYTES = 16 * 1024 * 1024;

/**
 * Reads a registry (§8.3). An entry that cannot be used is skipped and reported; the others stand. Of several
 * versions of a plugin the highest is offered and all are listed.
 *
 * @param source the document's bytes or text (UTF-8, 16 MB at most), or the value it holds
 * @throws {RegistryError} `REGISTRY_INVALID` if the document is not a registry at all
 */
export function parseRegistry(source: unknown): ParsedRegistry {
  const document = readDocument(source);
  const skipped: SkippedEntry[] = [];
  const releases: Releases = new Map();
  for (const [index, written] of document.plugins.entries()) {
    const reading = readEntry(written);
    const issues = 'issues' in reading ? reading.issues : addRelease(releases, reading.release);
    if (issues.length === 0) continue;
    const id = isObject(written) && typeof written.id === 'string' ? { id: written.id } : {};
    const base = `/plugins/${index}`;
    skipped.push({ index, ...id, issues: issues.map((issue) => ({ ...issue, path: base + issue.path })) });
  }
  const { version, generated } = document;
  return { registry: { version, generated, plugins: [...releases.values()].flatMap(toEntries) }, skipped };
}

/** Plugin id → version as it is compared → release. */
type Releases = Map<string, Map<string, RegistryRelease>>;

/** Adds a release to those of its plugin. The first of two entries for one version stands. */
function addRelease(releases: Releases, release: RegistryRelease): ManifestIssue[] {
  const ofPlugin = releases.get(release.id) ?? new Map<string, RegistryRelease>();
  const { normalized } = parseVersion(release.version);
  if (ofPlugin.has(normalized)) {
    return [{ path: '/version', message: 'is listed twice', hint: 'The first entry is used.' }];
  }
  releases.set(release.id, ofPlugin.set(normalized, release));
  return [];
}

interface RegistryDocument {
  readonly version: string | null;
  readonly generated: string | null;
  readonly plugins: readonly unknown[];
}

function readDocument(source: unknown): RegistryDocument {
  const reading = readJson(source, { maxBytes: MAX_REGISTRY_BYTES });
  if ('issue' in reading) throw new RegistryError([reading.issue]);
  if (!isObject(reading.value)) throw new RegistryError([{ path: '', message: 'must be an object' }]);
  const { version = null, generated = null, plugins } = reading.value;
  const issues: ManifestIssue[] = [];
  if (version !== null && typeof version !== 'string')
    issues.push({ path: '/version', message: 'must be a string' });
  if (generated !== null && (typeof generated !== 'string' || Number.isNaN(Date.parse(generated)))) {
    issues.push({
      path: '/generated',
      message: 'must be a date and time',
      hint: 'Such as 2024-12-07T12:00:00Z.',
    });
  }
  if (!Array.isArray(plugins)) issues.push({ path: '/plugins', message: 'must be a list' });
  if (issues.length > 0) throw new RegistryError(issues);
  return { version, generated, plugins } as RegistryDocument;
}

let compiled: ValidateFunction | undefined;

function validateEntry(entry: JsonObject): ManifestIssue[] {
  const { definitions } = REGISTRY_SCHEMA;
  compiled ??= createSchemaAjv().compile({ $ref: '#/definitions/entry', definitions });
  compiled(entry);
  return toSchemaIssues(compiled.errors, MANIFEST_WORDING)
    .filter((issue) => !isTolerated(issue))
    .map(toIssue);
}

/** The manifest in the package is what counts; what is unknown or named twice here does no harm. */
const isTolerated = ({ keyword, path }: SchemaIssue): boolean =>
  keyword === 'additionalProperties' ||
  keyword === 'uniqueItems' ||
  (keyword === 'enum' && path.startsWith('/permissions/'));

function readEntry(written: unknown): { release: RegistryRelease } | { issues: ManifestIssue[] } {
  if (!isObject(written)) return { issues: [{ path: '', message: 'must be an object' }] };
  const unsafe = checkJson(written);
  if (unsafe.length > 0) return { issues: unsafe };
  const notes = new ReadingNotes();
  const entry = readForms(written, notes);
  const issues = [...validateEntry(entry), ...checkDependencies(entry.dependencies, entry.id).issues];
  if (typeof entry.id === 'string' && isReservedId(entry.id)) {
    issues.push({ path: '/id', message: `"${entry.id}" is reserved` });
  }
  if (issues.length > 0) return { issues: issues.map((issue) => whereWritten(issue, notes.moved)) };
  return { release: toRelease(entry as unknown as RegistryRelease) };
}

/**
 * Brings the forms met in practice to one: `downloadUrl`, an author as text, `minCoreVersion`, what is left
 * out.
 */
function readForms(written: JsonObject, notes: ReadingNotes): JsonObject {
  const entry: JsonObject = { tags: [], permissions: [], dependencies: {}, ...written };
  if (typeof entry.author === 'string') entry.author = readAuthor(entry.author, '', notes);
  if (isObject(entry.compatibility)) entry.compatibility = readCompatibility(entry.compatibility, '', notes);
  if (entry.download === undefined && entry.downloadUrl !== undefined) {
    entry.download = entry.downloadUrl;
    notes.move('', 'downloadUrl', 'download');
  }
  return entry;
}

/** The known fields of an entry that passed. */
function toRelease(checked: RegistryRelease): RegistryRelease {
  const { id, name, description, version, author, homepage, repository, support, type, tags, icon } = checked;
  const { download, checksum, compatibility, permissions, dependencies } = checked;
  return compact({
    id,
    name,
    description,
    version,
    author: author && compact({ name: author.name, url: author.url }),
    homepage,
    repository,
    support,
    type,
    tags: [...new Set(tags)],
    icon,
    download,
    checksum,
    compatibility: compatibility && compact({ minVersion: compatibility.minVersion, api: compatibility.api }),
    permissions: [...new Set(permissions)],
    dependencies: { ...dependencies },
  });
}

function toEntries(releases: ReadonlyMap<string, RegistryRelease>): RegistryEntry[] {
  const versions = [...releases.values()].sort((a, b) => compareVersions(b.version, a.version));
  const [offered] = versions;
  return offered ? [{ ...offered, versions }] : [];
}
