import { parseSync, scanSync } from 'libpg-query';
import {
  type HostError,
  identifierTooLong,
  multipleStatements,
  sqlUnparseable,
  statementNotAllowed,
} from '../../foundation/errors/index.js';
import { QUERY_MEANINGS } from './query-meanings.js';
import type { SqlRule, SqlViolation } from './rules.js';
import type { SqlFacts } from './sql-facts.js';
import { syntaxDepth } from './syntax-depth.js';
import { TABLE_MEANINGS } from './table-meanings.js';
import { isNode, type Node, type NodeMeanings, TreeWalk } from './tree-walk.js';

/** Bytes of one SQL text. */
const MAX_SQL_BYTES = 100_000;
/** Depth of the syntax tree. Shorter texts than `SHALLOW_LENGTH` characters cannot reach it. */
const MAX_DEPTH = 2_000;
const SHALLOW_LENGTH = 2 * MAX_DEPTH;
/** Bytes of a name; NAMEDATALEN - 1. */
const MAX_NAME_BYTES = 63;

const MEANINGS: NodeMeanings = Object.assign(Object.create(null), QUERY_MEANINGS, TABLE_MEANINGS);

/** The statements a plugin may send, in words. */
const STATEMENTS: ReadonlyMap<string, string> = new Map([
  ['SelectStmt', 'SELECT'],
  ['InsertStmt', 'INSERT'],
  ['UpdateStmt', 'UPDATE'],
  ['DeleteStmt', 'DELETE'],
  ['MergeStmt', 'MERGE'],
  ['TruncateStmt', 'TRUNCATE'],
  ['CreateStmt', 'CREATE TABLE'],
  ['CreateTableAsStmt', 'CREATE TABLE AS'],
  ['AlterTableStmt', 'ALTER TABLE'],
  ['RenameStmt', 'ALTER … RENAME'],
  ['DropStmt', 'DROP'],
  ['IndexStmt', 'CREATE INDEX'],
  ['CommentStmt', 'COMMENT'],
  ['CreateSeqStmt', 'CREATE SEQUENCE'],
  ['AlterSeqStmt', 'ALTER SEQUENCE'],
]);

/** Other statements whose nodes have names that are not their words. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['VariableSetStmt', 'SET or RESET'],
  ['VariableShowStmt', 'SHOW'],
  ['ViewStmt', 'CREATE VIEW'],
  ['RuleStmt', 'CREATE RULE'],
  ['CreateTrigStmt', 'CREATE TRIGGER'],
  ['CreatedbStmt', 'CREATE DATABASE'],
  ['DefineStmt', 'CREATE'],
]);

/** Reads a SQL text. It never throws: what cannot be read is a violation. Needs the parser to be loaded. */
export function analyseSql(sql: string): SqlFacts {
  const walk = new TreeWalk(MEANINGS);
  const violate = (rule: SqlRule, error: () => HostError) => walk.refuse({ rule, error });
  let statement = 'SQL';
  if (
    sql.length > MAX_SQL_BYTES ||
    (sql.length * 3 > MAX_SQL_BYTES && Buffer.byteLength(sql) > MAX_SQL_BYTES)
  ) {
    const reason = `it has more than ${MAX_SQL_BYTES} bytes`;
    violate('size', () => sqlUnparseable({ rule: 'size', reason }));
    // Parsing it is what the limit is there to prevent.
    return toFacts(walk, statement);
  }
  if (sql.length > SHALLOW_LENGTH && syntaxDepth(sql) > MAX_DEPTH) {
    const reason = 'it is nested too deeply, or strings too many operators together';
    violate('size', () => sqlUnparseable({ rule: 'size', reason }));
    return toFacts(walk, statement);
  }
  // The parser's text ends at NUL, and it joins a lone surrogate to the character behind it.
  // The first test is quick, and enough for nearly every text.
  if (/[\0\ud800-\udfff]/.test(sql) && /\0|\p{Surrogate}/u.test(sql)) {
    const reason = 'it holds a NUL character or half of a surrogate pair';
    violate('text', () => sqlUnparseable({ rule: 'text', reason }));
  }
  try {
    const statements = parseSync(sql).stmts ?? [];
    if (statements.length > 1) violate('one-statement', () => multipleStatements({ rule: 'one-statement' }));
    if (statements.length === 0) {
      violate('one-statement', () => notAllowed('one-statement', 'A text without a statement'));
    }
    for (const { stmt } of statements) {
      const name = topStatement(walk, stmt);
      if (statement === 'SQL') statement = name;
    }
    if (walk.kind === 'ddl') longNames(sql, walk);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const position = (error as { sqlDetails?: { cursorPosition?: number } }).sqlDetails?.cursorPosition;
    violate('parse', () =>
      sqlUnparseable({ rule: 'parse', reason, ...(position === undefined ? {} : { position }) }),
    );
  }
  return toFacts(walk, statement);
}

function topStatement(walk: TreeWalk, wrapped: unknown): string {
  const [type = '', node] = Object.entries(isNode(wrapped) ? wrapped : {})[0] ?? [];
  const statement = STATEMENTS.get(type);
  if (statement === undefined) {
    const kind = isNode(node) && type === 'TransactionStmt' ? String(node.kind) : '';
    const words = type.replace(/Stmt$/, '').replace(/(?<=[a-z])(?=[A-Z])/g, ' ');
    const written =
      REFUSED.get(type) ?? (kind.replace('TRANS_STMT_', '').replaceAll('_', ' ') || words.toUpperCase());
    walk.refuse({ rule: 'statement-kind', error: () => notAllowed('statement-kind', written) });
    return written;
  }
  walk.node(type, node as Node);
  return statement;
}

function notAllowed(rule: SqlRule, statement: string): HostError {
  const details = { rule, statement };
  return statementNotAllowed(details);
}

/** The tree holds names cut off already, so they are looked for in the text. */
function longNames(sql: string, walk: TreeWalk): void {
  // Scanning takes as long as parsing does; a plain text shows at a glance whether there is a long name in it.
  if (/^[\0-\x7f]*$/.test(sql) && !/[\w$]{64}|"(?:[^"]|""){64}/.test(sql)) return;
  for (const token of scanSync(sql).tokens) {
    const quoted = /^(U&)?"(.*)"$/is.exec(token.text);
    if (!quoted && token.tokenName !== 'IDENT') continue;
    const written = quoted?.[2]?.replaceAll('""', '"') ?? token.text;
    const identifier = quoted?.[1] ? written.replace(/\\(\+[\da-f]{6}|[\da-f]{4})/gi, '?') : written;
    const bytes = Buffer.byteLength(identifier);
    if (bytes <= MAX_NAME_BYTES) continue;
    const rule = 'identifier-length';
    const details = { rule, identifier, bytes, limit: MAX_NAME_BYTES } as const;
    walk.refuse({ rule, error: () => identifierTooLong(details) });
  }
}

function toFacts(walk: TreeWalk, statement: string): SqlFacts {
  const violations: readonly SqlViolation[] = walk.violations;
  const { kind, uses, created, dropped } = walk;
  const names = uses.map(({ schema, name }) => (schema === undefined ? name : `${schema}.${name}`));
  return {
    kind,
    statement,
    reads: uses.some(({ mode }) => mode === 'read' || mode === 'lock'),
    uses,
    rowTypes: walk.rowTypes,
    violations,
    result: Object.freeze({
      kind,
      tables: Object.freeze([...new Set(names)]),
      created: Object.freeze(created),
      dropped: Object.freeze(dropped),
    }),
  };
}
