import { BrandedError, hasBrandedCode } from './branded-error.js';
import { formatIssues, type ManifestIssue } from './issue.js';

/**
 * A manifest that cannot be used. `issues` names everything that is wrong with it, not just the first thing.
 */
export class ManifestError extends BrandedError<'MANIFEST_INVALID'> {
  readonly issues: readonly ManifestIssue[];

  constructor(issues: readonly ManifestIssue[]) {
    super({
      code: 'MANIFEST_INVALID',
      message: `manifest.json is not valid: ${formatIssues(issues)}`,
      hint: issues.find((issue) => issue.hint)?.hint ?? 'Correct the fields named.',
    });
    this.issues = issues;
  }
}

export const isManifestError = (error: unknown): error is ManifestError =>
  hasBrandedCode(error, ['MANIFEST_INVALID']);

/** A document that is not a registry at all. Single bad entries are skipped instead. */
export class RegistryError extends BrandedError<'REGISTRY_INVALID'> {
  readonly issues: readonly ManifestIssue[];

  constructor(issues: readonly ManifestIssue[]) {
    super({
      code: 'REGISTRY_INVALID',
      message: `The document is not a registry: ${formatIssues(issues)}`,
      hint: issues.find((issue) => issue.hint)?.hint ?? 'Check the address of the registry.',
    });
    this.issues = issues;
  }
}

export const isRegistryError = (error: unknown): error is RegistryError =>
  hasBrandedCode(error, ['REGISTRY_INVALID']);
