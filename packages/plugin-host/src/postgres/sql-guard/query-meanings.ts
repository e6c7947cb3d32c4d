import { functionNotAllowed } from '../../foundation/errors/index.js';
import { ALLOWED_FUNCTIONS, nearestFunction, SEQUENCE_FUNCTIONS } from './allowed-functions.js';
import { ALLOWED_TYPES } from './allowed-types.js';
import {
  builtinName,
  isNode,
  type Node,
  type NodeMeaning,
  type NodeMeanings,
  nameParts,
  nodesOf,
  type TreeWalk,
  text,
} from './tree-walk.js';

const select: NodeMeaning = (walk, node) => {
  const outer = walk.locked;
  const clauses = nodesOf(node.lockingClause, 'LockingClause');
  let locked = outer;
  if (clauses.length > 0) {
    walk.raise('write');
    locked = clauses.every((clause) => clause.lockedRels)
      ? new Set(
          clauses.flatMap((clause) => nodesOf(clause.lockedRels, 'RangeVar')).map((of) => text(of.relname)),
        )
      : 'all';
  }
  walk.locked = undefined;
  walk.withClause(node.withClause as Node | undefined, () => {
    walk.fields('SelectStmt', node, 'withClause', 'fromClause', 'larg', 'rarg');
    walk.locked = locked;
    walk.nodes(node.fromClause);
    if (node.larg) select(walk, node.larg as Node);
    if (node.rarg) select(walk, node.rarg as Node);
  });
  walk.locked = outer;
};

/** The written table is never a common table expression, and its `RangeVar` comes without the wrapping key. */
const writing =
  (type: string): NodeMeaning =>
  (walk, node) => {
    walk.raise('write');
    walk.table(node.relation as Node, 'write');
    const outer = walk.locked;
    walk.locked = undefined;
    walk.withClause(node.withClause as Node | undefined, () =>
      walk.fields(type, node, 'relation', 'withClause'),
    );
    walk.locked = outer;
  };

const rangeVar: NodeMeaning = (walk, node) => {
  walk.fields('RangeVar', node);
  walk.table(node, isLocked(walk, node, text(node.relname)) ? 'lock' : 'read');
};

const rangeSubselect: NodeMeaning = (walk, node) => {
  const outer = walk.locked;
  walk.locked = isLocked(walk, node, '') ? 'all' : undefined;
  walk.fields('RangeSubselect', node);
  walk.locked = outer;
};

function isLocked(walk: TreeWalk, node: Node, name: string): boolean {
  if (walk.locked === undefined || walk.locked === 'all') return walk.locked === 'all';
  return walk.locked.has(isNode(node.alias) ? text(node.alias.aliasname) : name);
}

const functionCall: NodeMeaning = (walk, node) => {
  const parts = nameParts(node.funcname);
  const name = builtinName(parts) ?? '';
  const effect = SEQUENCE_FUNCTIONS.get(name);
  if (effect) {
    if (effect === 'write') walk.raise('write');
    sequenceArgument(walk, name, node.args);
  } else if (!ALLOWED_FUNCTIONS.has(name)) {
    const written = parts.join('.');
    walk.refuse({
      rule: 'function',
      error: () => {
        const suggestion = nearestFunction(parts.at(-1) ?? '');
        const details = { rule: 'function', function: written };
        return functionNotAllowed(suggestion === undefined ? details : { ...details, suggestion });
      },
    });
  }
  walk.fields('FuncCall', node);
};

/** The sequence has to stand there as a plain text, so that the one checked is the one used. */
function sequenceArgument(walk: TreeWalk, name: string, args: unknown): void {
  const first: unknown = Array.isArray(args) ? args[0] : undefined;
  const constant = isNode(first) && isNode(first.A_Const) ? first.A_Const.sval : undefined;
  const written = isNode(constant) ? text(constant.sval) : '';
  const [, bare, quoted] = /^(?:([A-Za-z_][A-Za-z0-9_$]*)|"([^".]+)")$/.exec(written) ?? [];
  const sequence = bare?.toLowerCase() ?? quoted;
  if (sequence === undefined) {
    const reason = 'the sequence has to be named by a plain text without a schema';
    walk.refuseSyntax('sequence', `${name}(${written})`, reason);
  } else walk.use('', sequence, 'own');
}

const typeName: NodeMeaning = (walk, node) => {
  const parts = nameParts(node.names);
  const name = builtinName(parts);
  if (name === undefined || node.setof || node.pct_type) {
    walk.refuseSyntax('type', parts.join('.'), 'types with a schema, SETOF and %TYPE are not allowed');
  } else if (!ALLOWED_TYPES.has(name)) {
    if (parts.length > 1) walk.refuseSyntax('type', parts.join('.'), 'it is not an allowed type');
    else walk.rowTypes.push(name);
  }
  walk.fields('TypeName', node);
};

const SESSION_FREE = /^SVFOP_(CURRENT_DATE|CURRENT_TIME|CURRENT_TIMESTAMP|LOCALTIME|LOCALTIMESTAMP)(_N)?$/;

const sessionValue: NodeMeaning = (walk, node) => {
  const op = text(node.op);
  if (!SESSION_FREE.test(op)) {
    walk.refuseSyntax('session-value', op.replace('SVFOP_', ''), 'it tells of the host’s connection');
  }
  walk.fields('SQLValueFunction', node);
};

/** Operators are found by name in every schema of the path; one with a schema could be anybody's. */
const operator =
  (type: string, field: string): NodeMeaning =>
  (walk, node) => {
    checkOperator(walk, node[field]);
    walk.fields(type, node);
  };

export function checkOperator(walk: TreeWalk, list: unknown): void {
  const parts = nameParts(list);
  if (parts.length < 2 || builtinName(parts) !== undefined) return;
  walk.refuseSyntax('operator', `OPERATOR(${parts.join('.')})`, 'operators are named without a schema');
}

export function checkCollation(walk: TreeWalk, list: unknown): void {
  const parts = nameParts(list);
  if (parts.length < 2 || builtinName(parts) !== undefined) return;
  walk.refuseSyntax('collation', parts.join('.'), 'it is named with a schema');
}

/** FOR UPDATE reaches into subqueries of a FROM, not into those of expressions. */
const subquery: NodeMeaning = (walk, node) => {
  const outer = walk.locked;
  walk.locked = undefined;
  checkOperator(walk, node.operName);
  walk.fields('SubLink', node);
  walk.locked = outer;
};

const collate: NodeMeaning = (walk, node) => {
  checkCollation(walk, node.collname);
  walk.fields('CollateClause', node);
};

const indexElement: NodeMeaning = (walk, node) => {
  checkCollation(walk, node.collation);
  checkCollation(walk, node.opclass);
  walk.fields('IndexElem', node);
};

const tableSample: NodeMeaning = (walk, node) => {
  const method = nameParts(node.method).join('.');
  if (method !== 'system' && method !== 'bernoulli') {
    walk.refuseSyntax('option', `TABLESAMPLE ${method}`, 'the methods are SYSTEM and BERNOULLI');
  }
  walk.fields('RangeTableSample', node);
};

/** What the nodes of reading and writing statements mean. */
export const QUERY_MEANINGS: NodeMeanings = {
  SelectStmt: select,
  InsertStmt: writing('InsertStmt'),
  UpdateStmt: writing('UpdateStmt'),
  DeleteStmt: writing('DeleteStmt'),
  MergeStmt: writing('MergeStmt'),
  RangeVar: rangeVar,
  RangeSubselect: rangeSubselect,
  RangeTableSample: tableSample,
  FuncCall: functionCall,
  TypeName: typeName,
  SQLValueFunction: sessionValue,
  A_Expr: operator('A_Expr', 'name'),
  SubLink: subquery,
  SortBy: operator('SortBy', 'useOp'),
  CollateClause: collate,
  IndexElem: indexElement,
};
