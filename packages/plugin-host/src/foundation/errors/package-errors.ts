import { defineError } from './host-error.js';

/** What can be wrong with a package: its bytes, its manifest, its code. */

export const checksumFormat = defineError('CHECKSUM_FORMAT', 400, {
  message: (d: { checksum: string }) => `"${d.checksum}" is not a checksum.`,
  hint: 'Write it as sha256: followed by 64 lower-case hexadecimal digits.',
});

export const checksumMismatch = defineError('CHECKSUM_MISMATCH', 422, {
  message: (d: { expected: string; actual: string }) =>
    `The package's sha256 is ${d.actual}, but ${d.expected} was expected.`,
  hint: 'The file was changed or damaged on its way. Download it again, or correct the checksum in the registry.',
});

export const manifestMissing = defineError('MANIFEST_MISSING', 422, {
  message: (_: object) => 'The package holds no manifest.json.',
  hint: 'Put manifest.json at the root of the zip.',
});

export interface ManifestIssueDetail {
  readonly path: string;
  readonly message: string;
  readonly hint?: string;
}

export const manifestInvalid = defineError('MANIFEST_INVALID', 422, {
  message: (d: { issues: readonly ManifestIssueDetail[] }) =>
    `manifest.json is not valid: ${d.issues.map((issue) => `${issue.path || '(root)'}: ${issue.message}`).join('; ')}`,
  hint: (d) =>
    d.issues.find((issue) => issue.hint)?.hint ?? 'Correct the fields named and pack the plugin again.',
});

export const manifestIdMismatch = defineError('MANIFEST_ID_MISMATCH', 422, {
  message: (d: { expected: string; actual: string }) =>
    `The package is plugin "${d.actual}", but "${d.expected}" was asked for.`,
  hint: 'Check the registry entry: its download belongs to another plugin.',
});

export const versionMismatch = defineError('VERSION_MISMATCH', 422, {
  message: (d: { pluginId: string; expected: string; actual: string }) =>
    `The package of "${d.pluginId}" is version ${d.actual}, but ${d.expected} was asked for.`,
  hint: 'Check the registry entry: its download belongs to another version.',
});

export const entryMissing = defineError('ENTRY_MISSING', 422, {
  message: (d: { pluginId: string; entry: string }) => `Plugin "${d.pluginId}" has no file ${d.entry}.`,
  hint: 'Build the plugin to a CommonJS index.js and pack it at the root of the zip.',
});

export const entryThrew = defineError('ENTRY_THREW', 422, {
  message: (d: { pluginId: string; reason: string }) =>
    `The code of plugin "${d.pluginId}" failed while loading: ${d.reason}`,
  hint: 'The stack trace in the host’s log names the line. Nothing may fail at the top level of a plugin; move work into a hook.',
});

export const entryNotAPlugin = defineError('ENTRY_NOT_A_PLUGIN', 422, {
  message: (d: { pluginId: string; reason: string }) =>
    `Plugin "${d.pluginId}" exports no plugin: ${d.reason}`,
  hint: 'Write `export default definePlugin({ … })`, or in plain CommonJS `module.exports = { … }`.',
});

export const entryIsModule = defineError('ENTRY_IS_ESM', 422, {
  message: (d: { pluginId: string; file: string }) =>
    `${d.file} of plugin "${d.pluginId}" is an ECMAScript module.`,
  hint: 'Plugins are CommonJS. Bundle with esbuild --format=cjs.',
});

export const dynamicImport = defineError('DYNAMIC_IMPORT', 422, {
  message: (d: { pluginId: string; file: string; line: number }) =>
    `${d.file} of plugin "${d.pluginId}" uses import() in line ${d.line}.`,
  hint: 'Plugins are CommonJS: bundle with esbuild --format=cjs --supported:dynamic-import=false, which makes import() a require().',
});

export const moduleNotFound = defineError('MODULE_NOT_FOUND', 422, {
  message: (d: { pluginId: string; request: string; from: string }) =>
    `Cannot find "${d.request}", required by ${d.from} of plugin "${d.pluginId}".`,
  hint: 'A plugin bundles its dependencies: only its own files and the allowed Node modules can be required.',
});

export const moduleForbidden = defineError('MODULE_FORBIDDEN', 422, {
  message: (d: { pluginId: string; request: string }) => `Plugin "${d.pluginId}" may not use "${d.request}".`,
  hint: 'Modules that reach outside the plugin host (processes, threads, module system, inspector) are refused to every plugin.',
});

export const packageLost = defineError('PACKAGE_LOST', 500, {
  message: (d: { sha256: string }) => `The package ${d.sha256} is no longer in the database.`,
  hint: 'Uninstall the plugin and install it again, or restore the database from a backup.',
});

export const packageModified = defineError('PACKAGE_MODIFIED', 500, {
  message: (d: { sha256: string; file: string }) =>
    `File ${d.file} of package ${d.sha256} was changed on disk.`,
  hint: 'The host rebuilds the folder from the database; if this returns, find out what writes to the data directory.',
});

export const zipCorrupt = defineError('ZIP_CORRUPT', 422, {
  message: (d: { reason: string }) => `The file is not a sound zip: ${d.reason}`,
  hint: 'Pack the plugin again; if it was downloaded, download it again.',
});

export const zipPathUnsafe = defineError('ZIP_PATH_UNSAFE', 422, {
  message: (d: { path: string; reason: string }) =>
    `The zip holds an unsafe file name ${JSON.stringify(d.path)}: ${d.reason}`,
  hint: 'Use relative names of letters, digits, dot, underscore, space and hyphen.',
});

export const zipEntryType = defineError('ZIP_ENTRY_TYPE', 422, {
  message: (d: { path: string }) => `The zip entry ${JSON.stringify(d.path)} is neither a file nor a folder.`,
  hint: 'Pack without symbolic links and special files.',
});

export const zipDuplicateEntry = defineError('ZIP_DUPLICATE_ENTRY', 422, {
  message: (d: { path: string; other: string }) =>
    `The zip holds ${JSON.stringify(d.path)} and ${JSON.stringify(d.other)}, which are one name on some systems.`,
  hint: 'Rename one of them.',
});

export const zipTooLarge = defineError('ZIP_TOO_LARGE', 413, {
  message: (d: { what: string; limit: number; actual: number }) =>
    `The zip is too large: ${d.what} is ${d.actual}, at most ${d.limit} is allowed.`,
  hint: 'Leave out what the plugin does not need, or ask the host to raise the limit.',
});

export const zipBomb = defineError('ZIP_BOMB', 422, {
  message: (d: { reason: string }) => `The zip was refused: ${d.reason}`,
  hint: 'Pack the plugin again with an ordinary zip tool.',
});

export const diskFull = defineError('DISK_FULL', 507, {
  message: (d: { reason: string }) => `The data directory cannot be used: ${d.reason}.`,
  hint: 'Nothing was changed. Free space on its disk, and see that the host may read and write it.',
});
