import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import * as config from '../packages/plugin-host/src/foundation/errors/config-errors.js';
import * as data from '../packages/plugin-host/src/foundation/errors/data-errors.js';
import * as http from '../packages/plugin-host/src/foundation/errors/http-errors.js';
import { ERROR_CATALOGUE } from '../packages/plugin-host/src/foundation/errors/index.js';
import * as lifecycle from '../packages/plugin-host/src/foundation/errors/lifecycle-errors.js';
import * as packages from '../packages/plugin-host/src/foundation/errors/package-errors.js';
import * as registry from '../packages/plugin-host/src/foundation/errors/registry-errors.js';
import * as runtime from '../packages/plugin-host/src/foundation/errors/runtime-errors.js';
import { DEFAULT_LIMITS } from '../packages/plugin-host/src/foundation/limits.js';
import { CONTEXT_MEMBERS } from '../packages/plugin-host/src/foundation/permissions.js';
import { RESERVED_SEGMENTS, ROUTES } from '../packages/plugin-host/src/http/route-table.js';
import { validateManifest } from '../packages/plugin-manifest/src/index.js';
import { type Fence, MarkdownFile, markdownFiles } from './support/markdown.js';
import { typeCheck } from './support/snippets.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const files = markdownFiles(root);
const fences = files.flatMap((file) => file.fences);
const inLanguage = (language: string): Fence[] => fences.filter((fence) => fence.language === language);
const doc = (name: string): MarkdownFile => new MarkdownFile(root, `docs/${name}.md`);
const place = ({ file, line }: { file: string; line: number }): string => `${file}:${line}`;

describe('code in the documents', () => {
  it('is in a language the tests know', () => {
    const known = ['ts', 'json', 'sh', 'sql', 'text'];
    // CONTRIBUTING.md draws a diagram.
    const unknown = fences.filter(
      ({ language, file }) => !known.includes(language) && file !== 'CONTRIBUTING.md',
    );
    expect(unknown.map(place)).toEqual([]);
  });

  // One program for all: the sources of the host are read once.
  it('compiles, each piece as a module of its own', { timeout: 240_000 }, () => {
    const wrong = {
      file: 'docs/wrong.md',
      line: 7,
      text: "import { createPluginHost } from '@verifywise/plugin-host';\n\ncreatePluginHost({ database: 7 });",
    };
    const [caught, ...others] = typeCheck([wrong, ...inLanguage('ts')]);
    expect(others).toEqual([]);
    expect(caught).toMatch(/^docs\/wrong\.md:9 /);
  });

  it('is JSON where it says so', () => {
    for (const fence of inLanguage('json')) {
      expect(() => JSON.parse(fence.text), place(fence)).not.toThrow();
    }
  });

  it('holds manifests that are valid', () => {
    const manifests = inLanguage('json')
      .map((fence) => ({ fence, value: JSON.parse(fence.text) }))
      .filter(({ value }) => 'permissions' in value || 'compatibility' in value);
    expect(manifests.length).toBeGreaterThan(0);
    for (const { fence, value } of manifests) {
      const { issues, warnings } = validateManifest(value);
      expect({ issues, warnings }, place(fence)).toEqual({ issues: [], warnings: [] });
    }
  });

  it('runs npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const texts = files.map(({ file }) => ({ file, text: readFileSync(join(root, file), 'utf8') }));
    const named = texts.flatMap(({ file, text }) =>
      [...text.matchAll(/\bnpm (?:run |(?=test\b))([a-z][\w:-]*)/g)].map(([, script]) => ({ file, script })),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter(({ script }) => !(script && script in scripts))).toEqual([]);
  });
});

describe('links in the documents', () => {
  it('lead to files and headings that exist', () => {
    const byPath = new Map(files.map((file) => [resolve(root, file.file), file]));
    const broken = files
      .flatMap((file) => file.links.map((link) => ({ file, link })))
      .filter(({ link }) => !/^(https?|mailto):/.test(link.target))
      .filter(({ file, link }) => {
        const [path = '', anchor] = link.target.split('#');
        const target = path === '' ? resolve(root, file.file) : resolve(root, dirname(file.file), path);
        if (!existsSync(target)) return true;
        if (anchor === undefined) return false;
        return statSync(target).isDirectory() || !byPath.get(target)?.anchors.has(anchor);
      });
    expect(broken.map(({ link }) => `${place(link)} ${link.target}`)).toEqual([]);
  });
});

describe('every public package', () => {
  it.each(readdirSync(join(root, 'packages')))('%s says what it is and under which licence', (name) => {
    const read = (file: string): string => readFileSync(join(root, file), 'utf8');
    expect(read(`packages/${name}/README.md`)).toMatch(new RegExp(`^# @verifywise/${name}\n`));
    expect(read(`packages/${name}/LICENSE`)).toBe(read('LICENSE'));
  });
});

describe('docs/errors.md', () => {
  /** The heading of each file of the catalogue. */
  const GROUPS: Readonly<Record<string, object>> = {
    'Configuration and secrets': config,
    'Database, tables and metadata': data,
    HTTP: http,
    Lifecycle: lifecycle,
    Packages: packages,
    'Registry and download': registry,
    'Running plugins': runtime,
  };

  it('has every code of the catalogue with its status, once, under its heading, and no other', () => {
    const written = doc('errors')
      .table('Code')
      .map(({ heading, cells: [code, status] }) => `${heading}: ${code} ${status}`);
    const catalogued = Object.entries(GROUPS).flatMap(([heading, module]) =>
      Object.values(module)
        .filter((entry) => typeof entry === 'function' && 'code' in entry)
        .map(({ code, status }) => `${heading}: ${code} ${status}`),
    );
    expect(written.sort()).toEqual(catalogued.sort());
    expect(catalogued).toHaveLength(ERROR_CATALOGUE.length);
  });

  it('says of each when it occurs and what to do', () => {
    const rows = doc('errors').table('Code');
    expect(
      rows.filter(({ cells }) => cells.length !== 4 || cells.includes('')).map(({ line }) => line),
    ).toEqual([]);
  });
});

describe('docs/http-api.md', () => {
  it('has every route of the host with who may call it, and no other', () => {
    const written = doc('http-api')
      .table('Method')
      .map(({ cells: [method, path, access] }) => `${method} ${path} ${access}`);
    expect(written.sort()).toEqual(
      ROUTES.map(({ method, path, access }) => `${method} ${path} ${access}`).sort(),
    );
  });

  it('shows how to call each of them', () => {
    const calls = doc('http-api').fences.filter(({ language }) => language === 'sh');
    const uncalled = ROUTES.filter(({ method, path }) => {
      const pattern = path.replace(/:\w+/g, '[a-z-]+').replace('/-/', '/-/');
      const address = new RegExp(`127\\.0\\.0\\.1:3000${pattern}(?:['? \\n]|$)`);
      return !calls.some(
        ({ text }) => address.test(text) && (/-X (\w+)/.exec(text)?.[1] ?? 'GET') === method,
      );
    });
    expect(uncalled.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  });

  it.each(['http-api', 'writing-plugins'])('and %s name the segments that are the host’s', (name) => {
    const text = readFileSync(join(root, `docs/${name}.md`), 'utf8');
    const sentence = /first segments[^.]*?host[^.]*?\./.exec(text)?.[0] ?? '';
    expect(new Set([...sentence.matchAll(/`([^`]+)`/g)].map(([, word]) => word))).toEqual(RESERVED_SEGMENTS);
  });
});

describe('docs/writing-plugins.md', () => {
  it('has every member of the context with its permission, and no other', () => {
    const written = doc('writing-plugins')
      .table('Member')
      .map(({ cells }) => cells.map((cell) => cell.replaceAll('`', '')).join(': '));
    const actual = Object.entries(CONTEXT_MEMBERS).map(([member, { anyOf, returns }]) =>
      anyOf.length === 0
        ? `${member}: none: `
        : `${member}: ${anyOf.join(' or ')}: ${returns === 'promise' ? 'rejects' : 'throws'}`,
    );
    expect(written.sort()).toEqual(actual.sort());
  });
});

describe('docs/embedding.md', () => {
  it.each([
    ['Option', 'PluginHostOptions'],
    ['Field', 'RegistryOptions'],
  ])('has every %s of %s, and no other', (column, name) => {
    const written = doc('embedding')
      .table(column)
      .map(({ cells }) => cells[0]);
    expect(written.sort()).toEqual(membersOf('packages/plugin-host/src/host-options.ts', name).sort());
  });

  it('has every limit with its default, and no other', () => {
    const written = doc('embedding')
      .table('Limit')
      .map(({ cells: [limit, amount] }) => [limit, toNumber(amount ?? '')]);
    expect(Object.fromEntries(written)).toEqual(DEFAULT_LIMITS);
  });
});

describe('docs/example-hosts.md', () => {
  it('has every variable the example hosts read, and no other', () => {
    const written = doc('example-hosts')
      .table('Variable')
      .map(({ cells }) => cells[0]);
    const settings = readFileSync(join(root, 'examples/app/src/settings.ts'), 'utf8');
    const read = new Set([...settings.matchAll(/\benv\.([A-Z_]+)/g)].map(([, name]) => name));
    expect(written.sort()).toEqual([...read].sort());
  });

  it('has every token they know', () => {
    const written = doc('example-hosts')
      .table('Token')
      .map(({ cells }) => cells[0]);
    const settings = readFileSync(join(root, 'examples/app/src/settings.ts'), 'utf8');
    const known = [...settings.matchAll(/^ {2}'([\w-]+)': \{$/gm)].map(([, token]) => token);
    expect(written).toEqual(known);
  });

  it('has every route of the application', () => {
    const text = readFileSync(join(root, 'docs/example-hosts.md'), 'utf8');
    for (const area of ['projects', 'risks']) {
      expect(text).toContain(`\`GET /api/${area}\`, \`POST /api/${area}\``);
      expect(text).toContain(`\`GET\`, \`PUT\`, \`DELETE\` \`/api/${area}/:id\``);
    }
    expect(text).toContain('`GET /api/users/:id`');
    expect(text).toContain('`GET /healthz`');
  });
});

/** The names of an interface's members. */
function membersOf(file: string, name: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.ES2022);
  const found = source.statements.find(
    (statement): statement is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(statement) && statement.name.text === name,
  );
  if (!found) throw new Error(`${file} has no interface ${name}`);
  return found.members.map((member) => (member.name as ts.Identifier).text);
}

/** `32 MB`, `60 s` and plain numbers. */
function toNumber(text: string): number {
  const [amount, unit = ''] = text.split(' ');
  const factor = { '': 1, s: 1000, MB: 1024 * 1024 }[unit];
  if (factor === undefined) throw new Error(`${text} has an unknown unit`);
  return Number(amount) * factor;
}
