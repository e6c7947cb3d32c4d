/** A request as a document shows it. */
export interface DocumentedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** The bearer token. */
  readonly token: string | undefined;
  readonly body: unknown;
}

/**
 * The `curl` commands of a block. Knows the options the documents use, and throws on any other.
 *
 * @param fill replaces words of the body, such as an address only known when it runs
 */
export function readCurl(text: string, fill: Readonly<Record<string, string>> = {}): DocumentedRequest[] {
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.startsWith('curl '))
    .map((line) => readCommand(wordsOf(line).slice(1), fill));
}

function readCommand(words: string[], fill: Readonly<Record<string, string>>): DocumentedRequest {
  let method = 'GET';
  let url: URL | undefined;
  let token: string | undefined;
  let body: unknown;
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '-X') method = words.shift() ?? '';
    else if (word === '-H') token = /^authorization: Bearer (.+)$/.exec(words.shift() ?? '')?.[1] ?? token;
    else if (word === '-d') body = JSON.parse(filled(words.shift() ?? '', fill));
    else if (word.startsWith('-') || url) throw new Error(`${word} of a documented curl is not understood`);
    else url = new URL(word);
  }
  if (!url) throw new Error('a documented curl has no address');
  return { method, path: `${url.pathname}${url.search}`, token, body };
}

const filled = (text: string, fill: Readonly<Record<string, string>>): string =>
  Object.entries(fill).reduce((result, [word, value]) => result.replaceAll(word, value), text);

/** As a shell splits them, for single quotes only. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
