import { readFileSync } from 'node:fs';

const TEXT = readFileSync(new URL('./fixtures/specification.md', import.meta.url), 'utf8');

/** A JSON example of the specification, as text. */
export function specificationJson(heading: string): string {
  const section = TEXT.split('\n## ').find((part) => part.startsWith(`${heading}\n`));
  const json = section?.split('```json\n')[1]?.split('```')[0];
  if (json === undefined) throw new Error(`There is no "${heading}" in specification.md`);
  return json;
}

/** A manifest with only what is required. */
export const minimalManifest = (changes: object = {}): Record<string, unknown> => ({
  id: 'my-plugin',
  name: 'My Plugin',
  description: 'Does something.',
  version: '1.0.0',
  author: { name: 'Author' },
  type: 'feature',
  tags: [],
  permissions: [],
  ...changes,
});
