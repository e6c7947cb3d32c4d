/** Words that put what stands beside them one level deeper in the tree. */
const NESTING = new Set(
  'NOT IS IN LIKE ILIKE SIMILAR BETWEEN COLLATE AT CASE WHEN JOIN UNION INTERSECT EXCEPT'.split(' '),
);
/** What stands behind these is beside what stands before: the tree holds both in one list. */
const BESIDE = new Set(['AND', 'OR']);

/** Strings, quoted names and comments, which hold no syntax; brackets; commas; operators; words. */
const TOKENS =
  /(?<text>'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<dollar>\$(?:[A-Za-z_]\w*)?\$)(?:.*?\k<dollar>|.*)|--[^\n]*|\/\*(?:.*?\*\/|.*))|(?<open>[([{])|(?<close>[)\]}])|,|[-+*/<>=~!@#%^&|`?:]+|[A-Za-z_]\w*/gs;

/**
 * About how deep the syntax tree of a text will be, from its brackets and chains of operators: `1+1+1` is two
 * operators deep, as each holds all that stands before it.
 *
 * Looked at before a long text is parsed: the parser leaves by a stack overflow where the tree is too deep, and
 * then never frees the memory it had taken.
 */
export function syntaxDepth(sql: string): number {
  /** Operators strung together, in each bracket that is open. */
  const chains: number[] = [];
  let chain = 0;
  let depth = 0;
  let deepest = 0;
  for (const { 0: token, groups } of sql.matchAll(TOKENS)) {
    if (groups?.text) continue;
    if (groups?.open) {
      chains.push(chain);
      chain = 0;
      depth++;
    } else if (groups?.close) {
      const outer = chains.pop();
      if (outer === undefined) continue;
      depth -= chain + 1;
      chain = outer;
    } else {
      const levels = levelsOf(token, chain);
      chain += levels;
      depth += levels;
    }
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

/** How much deeper a comma, an operator or a word leads into a chain of operators, or out of it. */
function levelsOf(token: string, chain: number): number {
  const word = token.toUpperCase();
  if (token === ',' || BESIDE.has(word)) return -chain;
  return !/\w/.test(token) || NESTING.has(word) ? 1 : 0;
}
