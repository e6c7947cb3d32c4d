import { statementNotAllowed } from '../../foundation/errors/index.js';
import { checkOperator } from './query-meanings.js';
import {
  isNode,
  type Node,
  type NodeMeaning,
  type NodeMeanings,
  nameParts,
  nodesOf,
  type TreeWalk,
  text,
} from './tree-walk.js';

/** Kinds of objects by the words they have in SQL. */
const OBJECTS: Readonly<Record<string, string>> = {
  OBJECT_TABLE: 'TABLE',
  OBJECT_INDEX: 'INDEX',
  OBJECT_SEQUENCE: 'SEQUENCE',
  OBJECT_COLUMN: 'COLUMN',
  OBJECT_TABCONSTRAINT: 'CONSTRAINT',
};

const WHOLE_OBJECTS = new Set(['TABLE', 'INDEX', 'SEQUENCE']);

/** What ALTER TABLE may do: columns, their defaults and constraints, nothing else. */
const ALTER_ACTIONS = new Set(
  `AT_AddColumn AT_DropColumn AT_ColumnDefault AT_AlterColumnType AT_SetNotNull AT_DropNotNull AT_SetExpression
  AT_DropExpression AT_AddConstraint AT_AlterConstraint AT_ValidateConstraint AT_DropConstraint AT_AddIdentity
  AT_SetIdentity AT_DropIdentity AT_SetStatistics AT_SetCompression AT_SetStorage`.split(/\s+/),
);

const OPTIONS = new Set(
  `fillfactor fastupdate gin_pending_list_limit deduplicate_items buffering pages_per_range autosummarize
  start restart increment minvalue maxvalue cache cycle as owned_by generated`.split(/\s+/),
);

const INDEX_METHODS = new Set(['btree', 'hash', 'gin', 'gist', 'spgist', 'brin']);

const notAllowed = (walk: TreeWalk, statement: string) =>
  walk.refuse({
    rule: 'statement-kind',
    error: () => {
      const details = { rule: 'statement-kind', statement };
      return statementNotAllowed(details);
    },
  });

/** The object's word in SQL; refused if it is none a plugin may have. */
function objectWord(walk: TreeWalk, verb: string, kind: unknown, allowed: (word: string) => boolean): string {
  const word = OBJECTS[text(kind)];
  if (word !== undefined && allowed(word)) return word;
  notAllowed(walk, `${verb} ${text(kind).replace('OBJECT_', '').replaceAll('_', ' ')}`);
  return '';
}

/** Notes an object by its name in parts: schema and name, or the name alone. */
function object(walk: TreeWalk, parts: readonly string[]): void {
  walk.use(parts.slice(0, -1).join('.'), parts.at(-1) ?? '', 'own');
}

/** A statement that does `meaning` to the table it names first. */
const altering =
  (type: string, field: string, meaning?: NodeMeaning): NodeMeaning =>
  (walk, node) => {
    walk.raise('ddl');
    if (isNode(node[field])) walk.table(node[field], 'own');
    meaning?.(walk, node);
    walk.fields(type, node, field);
  };

const making =
  (type: string, field: string): NodeMeaning =>
  (walk, node) => {
    walk.raise('ddl');
    if (isNode(node[field])) walk.table(node[field], 'create');
    walk.fields(type, node, field);
  };

const createTableAs: NodeMeaning = (walk, node) => {
  objectWord(walk, 'CREATE', node.objtype, (word) => word === 'TABLE');
  walk.fields('CreateTableAsStmt', node);
};

const truncate: NodeMeaning = (walk, node) => {
  walk.raise('write');
  for (const relation of nodesOf(node.relations, 'RangeVar')) walk.table(relation, 'own');
  walk.fields('TruncateStmt', node, 'relations');
};

const like: NodeMeaning = (walk, node) => {
  walk.table(node.relation as Node, 'read');
  walk.fields('TableLikeClause', node, 'relation');
};

const alterTable = altering('AlterTableStmt', 'relation', (walk, node) => {
  objectWord(walk, 'ALTER', node.objtype, (word) => word === 'TABLE');
});

const alterAction: NodeMeaning = (walk, node) => {
  const action = text(node.subtype);
  if (!ALTER_ACTIONS.has(action)) {
    const token = action
      .replace('AT_', '')
      .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
      .toUpperCase();
    walk.refuseSyntax('alter-action', token, 'ALTER TABLE may change columns, defaults and constraints');
  }
  walk.fields('AlterTableCmd', node);
};

const rename = altering('RenameStmt', 'relation', (walk, node) => {
  const word = objectWord(walk, 'RENAME', node.renameType, () => true);
  if (WHOLE_OBJECTS.has(word)) {
    if (isNode(node.relation)) walk.dropped.push(text(node.relation.relname));
    walk.use('', text(node.newname), 'create');
  } else if (word === 'COLUMN') {
    objectWord(walk, 'RENAME COLUMN OF', node.relationType, (of) => of === 'TABLE');
  }
});

const drop: NodeMeaning = (walk, node) => {
  walk.raise('ddl');
  objectWord(walk, 'DROP', node.removeType, (word) => WHOLE_OBJECTS.has(word));
  if (node.concurrent) notAllowed(walk, 'DROP INDEX CONCURRENTLY');
  if (Array.isArray(node.objects)) {
    for (const item of node.objects) {
      const parts = nameParts(item);
      object(walk, parts);
      walk.dropped.push(parts.at(-1) ?? '');
    }
  }
  walk.fields('DropStmt', node);
};

const comment: NodeMeaning = (walk, node) => {
  walk.raise('ddl');
  const word = objectWord(walk, 'COMMENT ON', node.objtype, () => true);
  const parts = nameParts(node.object);
  object(walk, WHOLE_OBJECTS.has(word) ? parts : parts.slice(0, -1));
  walk.fields('CommentStmt', node);
};

const createIndex = altering('IndexStmt', 'relation', (walk, node) => {
  if (node.idxname) walk.use('', text(node.idxname), 'create');
  if (node.concurrent) notAllowed(walk, 'CREATE INDEX CONCURRENTLY');
  const method = text(node.accessMethod);
  if (!INDEX_METHODS.has(method)) walk.refuseSyntax('option', `USING ${method}`, 'it is not an index method');
});

const constraint: NodeMeaning = (walk, node) => {
  if (isNode(node.pktable)) {
    const blocks = node.fk_del_action === 'a' || node.fk_del_action === 'r';
    walk.table(node.pktable, blocks ? 'blocking-reference' : 'reference');
  }
  // Of each pair the second is the operator.
  for (const pair of nodesOf(node.exclusions, 'List')) {
    if (Array.isArray(pair.items)) checkOperator(walk, pair.items[1]);
  }
  walk.fields('Constraint', node, 'pktable');
};

const option: NodeMeaning = (walk, node) => {
  const name = text(node.defname);
  if (!OPTIONS.has(name)) walk.refuseSyntax('option', name, 'it is not an allowed option');
  if (name === 'owned_by') {
    const parts = nameParts(node.arg);
    // OWNED BY NONE
    if (parts.length > 1) object(walk, parts.slice(0, -1));
  }
  // Elsewhere `off` and `auto` come as types; no option but this one names one, and none holds an expression.
  if (name === 'as') walk.nodes(node.arg);
  walk.fields('DefElem', node);
};

/** What the nodes of statements that make, change and drop tables mean. */
export const TABLE_MEANINGS: NodeMeanings = {
  TruncateStmt: truncate,
  CreateStmt: making('CreateStmt', 'relation'),
  IntoClause: making('IntoClause', 'rel'),
  CreateSeqStmt: making('CreateSeqStmt', 'sequence'),
  AlterSeqStmt: altering('AlterSeqStmt', 'sequence'),
  CreateTableAsStmt: createTableAs,
  TableLikeClause: like,
  AlterTableStmt: alterTable,
  AlterTableCmd: alterAction,
  RenameStmt: rename,
  DropStmt: drop,
  CommentStmt: comment,
  IndexStmt: createIndex,
  Constraint: constraint,
  DefElem: option,
};
