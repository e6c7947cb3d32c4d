import { posix } from 'node:path';
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import type { PackageSource } from './package-source.js';

/** A place in a file; line and column count from 1, as stack traces do. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A frame's place: an absolute path, line and column. Its path may hold spaces, parentheses, a drive letter. */
const PLACE = /((?:[A-Za-z]:)?[/\\][^\n]*?):(\d+):(\d+)/g;

/**
 * Puts other places into a stack trace; `find` returns `undefined` for a place that is to stay.
 *
 * The finished text is mapped, when an error is stored or logged, rather than `Error.prepareStackTrace`
 * installed: that hook is one per process, belongs to the application and its tools, and would cost every error
 * whose stack nobody reads.
 */
export function mapStack(stack: string, find: (place: Position) => Position | undefined): string {
  return stack
    .split('\n')
    .map((line) =>
      isFrame(line)
        ? line.replace(PLACE, (place: string, ...[file, row, column]: string[]) => {
            const mapped = find({ file: file ?? '', line: Number(row), column: Number(column) });
            return mapped ? `${mapped.file}:${mapped.line}:${mapped.column}` : place;
          })
        : line,
    )
    .join('\n');
}

/** The files a stack trace passes through, innermost first. */
export const filesOf = (stack: string): string[] =>
  stack
    .split('\n')
    .filter(isFrame)
    .flatMap((line) => [...line.matchAll(PLACE)].map((match) => match[1] ?? ''));

const isFrame = (line: string): boolean => /^\s+at /.test(line);

/** The source maps of one package, each read when a stack first needs it. */
export class SourceMaps {
  readonly #source: PackageSource;
  readonly #maps = new Map<string, TraceMap | undefined>();

  constructor(source: PackageSource) {
    this.#source = source;
  }

  /** Where the author wrote what a stack trace places in `path`, named after the package. */
  original(path: string, place: Omit<Position, 'file'>): Position {
    if (!this.#maps.has(path))
      this.#maps.set(
        path,
        readSourceMap(path, (file) => this.#text(file)),
      );
    const map = this.#maps.get(path);
    const original = (map && originalPlace(map, place)) ?? { ...place, file: path };
    const { pluginId, manifest } = this.#source;
    return { ...original, file: `${pluginId}@${manifest.version}/${original.file}` };
  }

  /** Read anew: the text of maps is needed once, and after the package may be gone. */
  #text(path: string): string | undefined {
    try {
      return this.#source.has(path) ? this.#source.read(path).toString('utf8') : undefined;
    } catch {
      return undefined;
    }
  }
}

const URL_COMMENT = /\/\/[#@]\s*sourceMappingURL=(\S+)\s*$/;
const DATA_URL = /^data:application\/json[^,]*?(;base64)?,(.*)$/s;

/**
 * The source map of a file: the data URL in its last line, the file that line names, or `<path>.map`. A map that
 * is missing or broken is no error: the stack then shows the built file.
 *
 * @param read a file of the package, `undefined` where there is none
 */
function readSourceMap(path: string, read: (path: string) => string | undefined): TraceMap | undefined {
  const code = read(path);
  if (code === undefined) return undefined;
  try {
    const url = URL_COMMENT.exec(code.slice(code.lastIndexOf('\n//')))?.[1];
    const map = mapText(path, url, read);
    return map === undefined ? undefined : new TraceMap(map);
  } catch {
    return undefined;
  }
}

function mapText(
  path: string,
  url: string | undefined,
  read: (path: string) => string | undefined,
): string | undefined {
  if (url === undefined) return read(`${path}.map`);
  const data = DATA_URL.exec(url);
  if (!data) return read(posix.join(posix.dirname(path), decodeURIComponent(url)));
  const [, base64, content = ''] = data;
  return base64 ? Buffer.from(content, 'base64').toString('utf8') : decodeURIComponent(content);
}

/** Where the author wrote what stands at `line` and `column` of the built file. */
function originalPlace(map: TraceMap, { line, column }: Omit<Position, 'file'>): Position | undefined {
  const original = originalPositionFor(map, { line, column: column - 1 });
  if (original.source === null) return undefined;
  return { file: plainSource(original.source), line: original.line, column: original.column + 1 };
}

/** `webpack://name/./src/a.ts` and `../src/a.ts` are both `src/a.ts` to the reader. */
const plainSource = (source: string): string =>
  posix.normalize(source.replace(/^webpack:\/\/[^/]*\//, '')).replace(/^(\.\.\/)+/, '');
