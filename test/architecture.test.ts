import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const source = resolve(dirname(fileURLToPath(import.meta.url)), '../packages/plugin-host/src');

/** Folder → floor. A file imports only from lower floors or its own folder. */
const FLOORS: Readonly<Record<string, number>> = {
  foundation: 1,
  facade: 2,
  postgres: 3,
  secrets: 4,
  records: 4,
  'package-store': 5,
  registry: 5,
  capabilities: 6,
  context: 7,
  lifecycle: 8,
  http: 9,
  '': 10,
  // Beside the house: embedded stands on the foundation alone, testing may use everything.
  embedded: 2,
  testing: 11,
};

interface Edge {
  readonly from: string;
  readonly to: string;
}

const isTest = (file: string): boolean => /\.test(-d)?\.ts$/.test(file) || file.includes('/fixtures/');

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts') && !isTest(file));

// Type-only imports count too: a cycle of types is still a cycle for whoever reads it.
const edges: Edge[] = files.flatMap((from) =>
  [...readFileSync(join(source, from), 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(
    (match) => ({
      from,
      to: relative(source, resolve(source, dirname(from), match[1] ?? ''))
        .replaceAll('\\', '/')
        .replace(/\.js$/, '.ts'),
    }),
  ),
);

const folderOf = (file: string): string => (file.includes('/') ? (file.split('/')[0] ?? '') : '');
const capabilityOf = (file: string): string => file.split('/').slice(0, 2).join('/');

describe('the architecture of plugin-host', () => {
  it('has a floor for every folder', () => {
    expect([...new Set(files.map(folderOf))].filter((folder) => !(folder in FLOORS))).toEqual([]);
  });

  it('imports only from lower floors or from the same folder', () => {
    const offending = edges.filter(({ from, to }) => {
      const [here, there] = [folderOf(from), folderOf(to)];
      if (here === there) return false;
      return (FLOORS[there] ?? 99) >= (FLOORS[here] ?? 0);
    });
    expect(offending.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it('keeps the capabilities from knowing each other', () => {
    const offending = edges.filter(
      ({ from, to }) =>
        folderOf(from) === 'capabilities' &&
        folderOf(to) === 'capabilities' &&
        capabilityOf(from) !== capabilityOf(to),
    );
    expect(offending.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it('has no import cycle', () => {
    const imports = new Map<string, string[]>();
    for (const { from, to } of edges) imports.set(from, [...(imports.get(from) ?? []), to]);
    const state = new Map<string, 'open' | 'done'>();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (state.get(file) === 'done') return;
      if (state.get(file) === 'open') {
        cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
        return;
      }
      state.set(file, 'open');
      for (const next of imports.get(file) ?? []) visit(next, [...path, file]);
      state.set(file, 'done');
    };
    for (const file of files) visit(file, []);
    expect(cycles).toEqual([]);
  });

  it('has no bags without a noun', () => {
    const bags = files.filter((file) => /(^|\/)(utils?|helpers?|common|misc|lib|types)\.ts$/.test(file));
    expect(bags).toEqual([]);
  });
});
