/**
 * How a field of a syntax node is read: `value` holds names and flags; `nodes` holds one or several nodes, each
 * wrapped in its type's name; the name of a type means a bare node of that type.
 */
export type FieldKind = 'value' | 'nodes' | (string & {});

export type NodeFields = Readonly<Record<string, FieldKind>>;

/** `'a b'` becomes fields of one kind; a field may say `name:Type`. */
function fields(nodes: string, values = ''): NodeFields {
  const all: Record<string, FieldKind> = Object.create(null);
  for (const entry of nodes.split(' ').filter(Boolean)) {
    const [name = '', type = 'nodes'] = entry.split(':');
    all[name] = type;
  }
  for (const name of `location ${values}`.trim().split(' ')) all[name] = 'value';
  return all;
}

const QUERY = 'withClause:WithClause returningClause:ReturningClause relation:RangeVar whereClause';
const EXPR = 'xpr';

/**
 * The syntax a plugin may use: every node by name, with every field. What is not here is refused, so that neither
 * a new kind of node nor a new field of a known one passes unread.
 */
export const SYNTAX_NODES: Readonly<Record<string, NodeFields>> = Object.assign(Object.create(null), {
  SelectStmt: fields(
    `distinctClause intoClause:IntoClause targetList fromClause whereClause groupClause havingClause windowClause
     valuesLists sortClause limitOffset limitCount lockingClause withClause:WithClause larg:SelectStmt
     rarg:SelectStmt`.replace(/\s+/g, ' '),
    'groupDistinct limitOption op all',
  ),
  InsertStmt: fields(`${QUERY} cols selectStmt onConflictClause:OnConflictClause`, 'override'),
  UpdateStmt: fields(`${QUERY} targetList fromClause`),
  DeleteStmt: fields(`${QUERY} usingClause`),
  MergeStmt: fields(`${QUERY} sourceRelation joinCondition mergeWhenClauses`),
  MergeWhenClause: fields('condition targetList values', 'matchKind commandType override'),
  MergeSupportFunc: fields('', `${EXPR} msftype msfcollid`),
  OnConflictClause: fields('infer:InferClause targetList whereClause', 'action'),
  InferClause: fields('indexElems whereClause', 'conname'),
  ReturningClause: fields('options exprs'),
  ReturningOption: fields('', 'option value'),
  WithClause: fields('ctes', 'recursive'),
  CommonTableExpr: fields(
    'ctequery search_clause:CTESearchClause cycle_clause:CTECycleClause',
    'ctename aliascolnames ctematerialized',
  ),
  CTESearchClause: fields('', 'search_col_list search_breadth_first search_seq_column'),
  CTECycleClause: fields(
    'cycle_mark_value cycle_mark_default',
    'cycle_col_list cycle_mark_column cycle_path_column',
  ),
  ResTarget: fields('indirection val', 'name'),
  MultiAssignRef: fields('source', 'colno ncolumns'),
  RangeVar: fields('', 'catalogname schemaname relname inh relpersistence alias'),
  RangeSubselect: fields('subquery', 'lateral alias'),
  RangeFunction: fields('functions coldeflist', 'lateral ordinality is_rowsfrom alias'),
  RangeTableSample: fields('relation args repeatable', 'method'),
  JoinExpr: fields('larg rarg quals', 'jointype isNatural usingClause join_using_alias alias rtindex'),
  LockingClause: fields('', 'lockedRels strength waitPolicy'),
  SortBy: fields('node', 'sortby_dir sortby_nulls useOp'),
  WindowDef: fields('partitionClause orderClause startOffset endOffset', 'name refname frameOptions'),
  GroupingSet: fields('content', 'kind'),
  GroupingFunc: fields('args', EXPR),
  List: fields('items'),
  String: fields('', 'sval'),
  Integer: fields('', 'ival'),
  Float: fields('', 'fval'),
  Boolean: fields('', 'boolval'),
  A_Star: fields(''),
  A_Const: fields('', 'ival fval boolval sval bsval isnull'),
  A_Expr: fields('lexpr rexpr', 'kind name rexpr_list_start rexpr_list_end'),
  A_ArrayExpr: fields('elements', 'list_start list_end'),
  A_Indices: fields('lidx uidx', 'is_slice'),
  A_Indirection: fields('arg indirection'),
  BoolExpr: fields('args', `${EXPR} boolop`),
  BooleanTest: fields('arg', `${EXPR} booltesttype`),
  NullTest: fields('arg', `${EXPR} nulltesttype argisrow`),
  CaseExpr: fields('arg args defresult', EXPR),
  CaseWhen: fields('expr result', EXPR),
  CoalesceExpr: fields('args', EXPR),
  MinMaxExpr: fields('args', `${EXPR} op`),
  CollateClause: fields('arg', 'collname'),
  ColumnRef: fields('', 'fields'),
  FuncCall: fields(
    'args agg_order agg_filter over:WindowDef',
    'funcname agg_within_group agg_star agg_distinct func_variadic funcformat',
  ),
  NamedArgExpr: fields('arg', `${EXPR} name argnumber`),
  ParamRef: fields('', 'number'),
  RowExpr: fields('args', `${EXPR} row_format colnames`),
  SQLValueFunction: fields('', `${EXPR} op typmod`),
  SubLink: fields('testexpr subselect', `${EXPR} subLinkType subLinkId operName`),
  TypeCast: fields('arg typeName:TypeName'),
  TypeName: fields('typmods', 'names setof pct_type typemod arrayBounds'),
  SetToDefault: fields('', EXPR),
  JsonObjectConstructor: fields('exprs output:JsonOutput', 'absent_on_null unique'),
  JsonArrayConstructor: fields('exprs output:JsonOutput', 'absent_on_null'),
  JsonArrayQueryConstructor: fields('query output:JsonOutput', 'format absent_on_null'),
  JsonObjectAgg: fields('constructor:JsonAggConstructor arg:JsonKeyValue', 'absent_on_null unique'),
  JsonArrayAgg: fields('constructor:JsonAggConstructor arg:JsonValueExpr', 'absent_on_null'),
  JsonAggConstructor: fields('output:JsonOutput agg_filter agg_order over:WindowDef'),
  JsonKeyValue: fields('key value:JsonValueExpr'),
  JsonValueExpr: fields('raw_expr formatted_expr', 'format'),
  JsonOutput: fields('typeName:TypeName', 'returning'),
  JsonFuncExpr: fields(
    'context_item:JsonValueExpr pathspec passing output:JsonOutput on_empty:JsonBehavior on_error:JsonBehavior',
    'op column_name wrapper quotes',
  ),
  JsonBehavior: fields('expr', 'btype coerce'),
  JsonArgument: fields('val:JsonValueExpr', 'name'),
  JsonIsPredicate: fields('expr', 'format item_type unique_keys'),
  JsonParseExpr: fields('expr:JsonValueExpr output:JsonOutput', 'unique_keys'),
  JsonScalarExpr: fields('expr output:JsonOutput'),
  JsonSerializeExpr: fields('expr:JsonValueExpr output:JsonOutput'),

  TruncateStmt: fields('relations', 'restart_seqs behavior'),
  CreateStmt: fields('relation:RangeVar tableElts options', 'oncommit if_not_exists'),
  CreateTableAsStmt: fields('query into:IntoClause', 'objtype is_select_into if_not_exists'),
  IntoClause: fields('rel:RangeVar options', 'colNames onCommit skipData'),
  ColumnDef: fields(
    'typeName:TypeName raw_default collClause:CollateClause constraints',
    'colname is_local is_not_null compression storage_name identity generated',
  ),
  Constraint: fields(
    'raw_expr options exclusions where_clause pktable:RangeVar',
    `contype conname deferrable initdeferred is_enforced skip_validation initially_valid is_no_inherit generated_when
     generated_kind nulls_not_distinct keys without_overlaps including indexname access_method fk_attrs pk_attrs
     fk_with_period pk_with_period fk_matchtype fk_upd_action fk_del_action fk_del_set_cols`.replace(
      /\s+/g,
      ' ',
    ),
  ),
  TableLikeClause: fields('relation:RangeVar', 'options'),
  AlterTableStmt: fields('relation:RangeVar cmds', 'objtype missing_ok'),
  AlterTableCmd: fields('def', 'subtype name num behavior missing_ok recurse'),
  ATAlterConstraint: fields(
    '',
    'conname alterEnforceability is_enforced alterDeferrability deferrable initdeferred alterInheritability noinherit',
  ),
  RenameStmt: fields('relation:RangeVar', 'renameType relationType subname newname behavior missing_ok'),
  DropStmt: fields('', 'objects removeType behavior missing_ok concurrent'),
  IndexStmt: fields(
    'relation:RangeVar indexParams indexIncludingParams options whereClause',
    'idxname accessMethod unique nulls_not_distinct concurrent if_not_exists',
  ),
  IndexElem: fields('expr', 'name indexcolname collation opclass ordering nulls_ordering'),
  CommentStmt: fields('', 'objtype object comment'),
  CreateSeqStmt: fields('sequence:RangeVar options', 'if_not_exists'),
  AlterSeqStmt: fields('sequence:RangeVar options', 'missing_ok'),
  DefElem: fields('', 'defname defaction arg'),
} satisfies Record<string, NodeFields>);
