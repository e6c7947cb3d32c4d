import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** A fenced block of code. */
export interface Fence {
  /** Relative to the repository. */
  readonly file: string;
  /** Where its text begins. */
  readonly line: number;
  /** The first word after the backticks; empty where there is none. */
  readonly language: string;
  /** `title="src/index.ts"`: the file this is the whole of. */
  readonly title: string | undefined;
  readonly text: string;
}

export interface Link {
  readonly file: string;
  readonly line: number;
  readonly target: string;
}

export interface TableRow {
  /** The heading the table stands under. */
  readonly heading: string;
  readonly line: number;
  /** Without the backticks of those that are nothing but code. */
  readonly cells: readonly string[];
}

interface Line {
  readonly line: number;
  readonly text: string;
}

/** One markdown file, taken apart as far as tests need it. */
export class MarkdownFile {
  readonly file: string;
  readonly fences: readonly Fence[];
  readonly links: readonly Link[];
  /** Anchors of its headings, as GitHub makes them. */
  readonly anchors: ReadonlySet<string>;
  readonly #prose: readonly Line[];

  constructor(root: string, file: string) {
    const lines = readFileSync(join(root, file), 'utf8')
      .split('\n')
      .map((text, index) => ({ line: index + 1, text }));
    const { fences, prose } = separate(file, lines);
    this.file = file;
    this.fences = fences;
    this.#prose = prose;
    this.links = prose.flatMap(({ line, text }) =>
      [...text.replace(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({
        file,
        line,
        target,
      })),
    );
    this.anchors = new Set(prose.flatMap(({ text }) => headingOf(text) ?? []).map(toAnchor));
  }

  /** The rows of every table whose first column is headed `column`, without the head. */
  table(column: string): TableRow[] {
    const rows: TableRow[] = [];
    let heading = '';
    let head: string | undefined;
    for (const { line, text } of this.#prose) {
      heading = headingOf(text) ?? heading;
      if (!text.startsWith('|')) {
        head = undefined;
        continue;
      }
      const cells = cellsOf(text);
      if (head === undefined) head = cells[0];
      else if (head === column && !/^-+$/.test(cells[0] ?? '')) rows.push({ heading, line, cells });
    }
    return rows;
  }
}

function separate(file: string, lines: readonly Line[]): { fences: Fence[]; prose: Line[] } {
  const fences: Fence[] = [];
  const prose: Line[] = [];
  let open: { line: number; language: string; title: string | undefined; lines: string[] } | undefined;
  for (const { line, text } of lines) {
    const [, language, info = ''] = /^```(\S*)(.*)$/.exec(text) ?? [];
    if (open && language !== undefined) {
      const { lines: content, ...rest } = open;
      fences.push({ file, ...rest, text: content.join('\n') });
      open = undefined;
    } else if (open) {
      open.lines.push(text);
    } else if (language !== undefined) {
      open = { line: line + 1, language, title: /title="([^"]+)"/.exec(info)?.[1], lines: [] };
    } else {
      prose.push({ line, text });
    }
  }
  if (open) throw new Error(`${file}:${open.line} begins a block of code that does not end`);
  return { fences, prose };
}

const headingOf = (text: string): string | undefined => /^#+ (.+)$/.exec(text)?.[1];

/** Every markdown file of the repository that users read. */
export function markdownFiles(root: string): MarkdownFile[] {
  const folders = (folder: string): string[] =>
    readdirSync(resolve(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
      .map(({ name }) => `${folder}/${name}`);
  const inFolder = (folder: string): string[] =>
    readdirSync(resolve(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => (folder === '.' ? name : `${folder}/${name}`));
  return ['.', 'docs', 'docs/adr', ...folders('packages'), ...folders('examples/plugins')]
    .flatMap(inFolder)
    .map((file) => new MarkdownFile(root, file));
}

const cellsOf = (row: string): string[] =>
  row
    .replace(/^\|\s?|\s?\|\s*$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'))
    .map((cell) => /^`([^`]+)`$/.exec(cell)?.[1] ?? cell);

const toAnchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
