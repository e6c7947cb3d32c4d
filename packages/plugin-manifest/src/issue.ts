/** One thing that is wrong, or not in the strict form, in a manifest or registry. */
export interface ManifestIssue {
  /** Where, as a JSON pointer (RFC 6901); empty for the whole document. */
  readonly path: string;
  /** What is wrong there, to be read after the path: `must be at most 50 characters long`. */
  readonly message: string;
  /** What would be right. */
  readonly hint?: string;
}

/** The pointer to a member of what `parent` points to. */
export const pointerTo = (parent: string, key: string | number): string =>
  `${parent}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** The keys and indexes a pointer goes through. */
export const pointerSegments = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));

/** The issues in one line, as error messages carry them. */
export const formatIssues = (issues: readonly ManifestIssue[]): string =>
  issues.map(({ path, message }) => `${path || '(root)'}: ${message}`).join('; ');
