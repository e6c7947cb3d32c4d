import { type ManifestIssue, pointerTo } from './issue.js';
import { isObject } from './json-document.js';
import { isReservedId } from './naming.js';
import { isRange, parseRange } from './ranges.js';

/**
 * What the JSON Schema cannot say about `dependencies` (§9.3): that ranges are ranges, that a plugin does not
 * need itself.
 */
export function checkDependencies(
  dependencies: unknown,
  id: unknown,
  path = '/dependencies',
): { issues: ManifestIssue[]; warnings: ManifestIssue[] } {
  const issues: ManifestIssue[] = [];
  const warnings: ManifestIssue[] = [];
  for (const [dependency, range] of isObject(dependencies) ? Object.entries(dependencies) : []) {
    const at = pointerTo(path, dependency);
    if (isReservedId(dependency)) {
      issues.push({ path: at, message: `"${dependency}" is reserved, so no plugin has this id` });
    }
    if (dependency === id) {
      issues.push({ path: at, message: 'is the plugin itself', hint: 'Remove the dependency.' });
    }
    if (typeof range !== 'string' || range === '') continue;
    if (!isRange(range)) {
      issues.push({
        path: at,
        message: 'must be a range of versions',
        hint: 'Write >=, >, <=, <, =, ^ or ~ before a version, such as >=1.0.0; join several by spaces.',
      });
    } else if (parseRange(range).comparators.some(({ operator }) => operator === '')) {
      warnings.push({
        path: at,
        message: 'has a version without an operator',
        hint: `Write "=${range.trim()}", or >= for any later one.`,
      });
    }
  }
  return { issues, warnings };
}
