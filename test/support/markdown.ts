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

/** The cells of one row, without the backticks of those that are nothing but code. */
export interface TableRow {
  /** The heading the table stands under. */
  readonly heading: string;
  readonly line: number;
  readonly cells: readonly string[];
}

/** One markdown file, taken apart as far as tests need it. */
export class MarkdownFile {
  readonly file: string;
  readonly fences: readonly Fence[];
  readonly links: readonly Link[];
  readonly rows: readonly TableRow[];
  /** Anchors of its headings, as GitHub makes them. */
  readonly anchors: ReadonlySet<string>;

  constructor(root: string, file: string) {
    this.file = file;
    const fences: Fence[] = [];
    const links: Link[] = [];
    const rows: TableRow[] = [];
    const anchors = new Set<string>();
    let heading = '';
    let open: { line: number; language: string; title: string | undefined; lines: string[] } | undefined;
    for (const [index, text] of readFileSync(join(root, file), 'utf8').split('\n').entries()) {
      const line = index + 1;
      const [, language, info] = /^```(\S*)(.*)$/.exec(text) ?? [];
      if (language !== undefined && !open) {
        open = { line: line + 1, language, title: /title="([^"]+)"/.exec(info ?? '')?.[1], lines: [] };
      } else if (language !== undefined && open) {
        const { lines, ...rest } = open;
        fences.push({ file, ...rest, text: lines.join('\n') });
        open = undefined;
      } else if (open) {
        open.lines.push(text);
      } else {
        const title = /^#+ (.+)$/.exec(text)?.[1];
        if (title !== undefined) {
          heading = title;
          anchors.add(toAnchor(title));
        }
        if (/^\|(?! ?-)/.test(text)) rows.push({ heading, line, cells: cellsOf(text) });
        for (const [, target = ''] of text.replace(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)) {
          links.push({ file, line, target });
        }
      }
    }
    if (open) throw new Error(`${file}:${open.line} begins a block of code that does not end`);
    this.fences = fences;
    this.links = links;
    this.rows = rows;
    this.anchors = anchors;
  }

  /** The rows of every table whose first column is headed `column`, without the head. */
  table(column: string): TableRow[] {
    let inside = false;
    let last = Number.NaN;
    return this.rows.filter((row) => {
      // The line of dashes below the head is no row.
      if (row.line - last > 2 || Number.isNaN(last)) inside = row.cells[0] === column;
      const isHead = inside && row.cells[0] === column;
      last = row.line;
      return inside && !isHead;
    });
  }
}

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
