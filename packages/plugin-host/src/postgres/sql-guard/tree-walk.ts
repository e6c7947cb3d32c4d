import { sqlSyntaxNotAllowed } from '../../foundation/errors/index.js';
import type { SqlRule, SqlViolation } from './rules.js';
import type { StatementKind, TableUse, TableUseMode } from './sql-facts.js';
import { SYNTAX_NODES } from './syntax-nodes.js';

/** The inside of a node of the syntax tree. */
export type Node = Readonly<Record<string, unknown>>;

/** Names of common table expressions, innermost first. */
interface CteScope {
  readonly names: ReadonlySet<string>;
  readonly outer: CteScope | undefined;
}

/** Which tables of a FROM are locked: all of them, those with these aliases, or none. */
export type Locked = 'all' | ReadonlySet<string> | undefined;

/** What a kind of node means. It walks the fields itself where their order or scope matters. */
export type NodeMeaning = (walk: TreeWalk, node: Node) => void;

export type NodeMeanings = Readonly<Record<string, NodeMeaning>>;

const STRENGTH: Readonly<Record<StatementKind, number>> = { read: 0, write: 1, ddl: 2 };

/** One way through a syntax tree, gathering what it does. */
export class TreeWalk {
  kind: StatementKind = 'read';
  locked: Locked;
  readonly uses: TableUse[] = [];
  readonly rowTypes: string[] = [];
  readonly violations: SqlViolation[] = [];
  readonly created: string[] = [];
  readonly dropped: string[] = [];
  readonly #meanings: NodeMeanings;
  #scope: CteScope | undefined;

  constructor(meanings: NodeMeanings) {
    this.#meanings = meanings;
  }

  /** Walks a wrapped node, or a list of them; an empty node is an absent one. */
  nodes(value: unknown): void {
    if (Array.isArray(value)) for (const item of value) this.nodes(item);
    else if (isNode(value)) for (const type in value) this.node(type, value[type] as Node);
  }

  /** Walks one node of a known type. */
  node(type: string, node: Node): void {
    const meaning = this.#meanings[type];
    if (meaning) meaning(this, node);
    else this.fields(type, node);
  }

  /** Walks every field of a node but those `except` names, which its meaning has dealt with. */
  fields(type: string, node: Node, ...except: string[]): void {
    const known = SYNTAX_NODES[type];
    if (!known) {
      this.refuseSyntax('unknown-syntax', type, 'it is not among the syntax plugins may use');
      this.#unknown(node);
      return;
    }
    for (const field in node) {
      const kind = known[field];
      if (kind === 'value' || except.includes(field)) continue;
      const value = node[field];
      if (kind === 'nodes') this.nodes(value);
      else if (kind !== undefined) this.node(kind, value as Node);
      else {
        this.refuseSyntax('unknown-syntax', `${type}.${field}`, 'it is not among the syntax plugins may use');
        this.#unknown(value);
      }
    }
  }

  /** Goes on beneath what is refused anyway, so that all violations come out and not the first alone. */
  #unknown(value: unknown): void {
    if (Array.isArray(value)) for (const item of value) this.#unknown(item);
    else if (isNode(value)) {
      for (const key in value) {
        if (key in SYNTAX_NODES && isNode(value[key])) this.node(key, value[key]);
        else this.#unknown(value[key]);
      }
    }
  }

  raise(kind: StatementKind): void {
    if (STRENGTH[kind] > STRENGTH[this.kind]) this.kind = kind;
  }

  /** Notes a table by its `RangeVar`. Common table expressions are no tables where rows are read. */
  table(range: Node, mode: TableUseMode): void {
    const name = text(range.relname);
    const schema = [range.catalogname, range.schemaname].map(text).filter(Boolean).join('.');
    if ((mode === 'read' || mode === 'lock') && !schema && this.#isCte(name)) return;
    if (range.relpersistence === 't') {
      this.refuseSyntax('temporary', 'TEMPORARY', 'temporary tables outlive the statement');
    }
    this.use(schema, name, mode);
  }

  use(schema: string, name: string, mode: TableUseMode): void {
    this.uses.push(schema ? { schema, name, mode } : { name, mode });
    if (mode === 'create') this.created.push(name);
  }

  refuse(violation: SqlViolation): void {
    this.violations.push(violation);
  }

  refuseSyntax(rule: SqlRule, token: string, reason: string): void {
    this.refuse({ rule, error: () => sqlSyntaxNotAllowed({ rule, token, reason }) });
  }

  /**
   * Runs `body` with the names of a WITH clause known. Each expression sees those before it, of WITH RECURSIVE all
   * of them: so `WITH t AS (SELECT * FROM t)` reads the table t.
   */
  withClause(clause: Node | undefined, body: () => void): void {
    const outer = this.#scope;
    if (clause) {
      const all = nodesOf(clause.ctes, 'CommonTableExpr');
      if (clause.recursive) this.#open(all.map((cte) => text(cte.ctename)));
      for (const cte of all) {
        this.fields('CommonTableExpr', cte);
        if (!clause.recursive) this.#open([text(cte.ctename)]);
      }
    }
    body();
    this.#scope = outer;
  }

  #open(names: readonly string[]): void {
    this.#scope = { names: new Set(names), outer: this.#scope };
  }

  #isCte(name: string): boolean {
    for (let scope = this.#scope; scope; scope = scope.outer) if (scope.names.has(name)) return true;
    return false;
  }
}

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The insides of a list's nodes of one type. */
export function nodesOf(list: unknown, type: string): Node[] {
  if (!Array.isArray(list)) return [];
  return list.map((item: unknown) => (isNode(item) ? item[type] : undefined)).filter(isNode);
}

/** The parts of a possibly qualified name: a list of `String` nodes, or a `List` node of them. */
export function nameParts(list: unknown): string[] {
  if (isNode(list) && isNode(list.List)) return nameParts(list.List.items);
  return nodesOf(list, 'String').map((part) => text(part.sval));
}

/** The bare name, of one that has no schema but Postgres' own; undefined of every other. */
export function builtinName(parts: readonly string[]): string | undefined {
  if (parts.length === 1) return parts[0];
  return parts.length === 2 && parts[0] === 'pg_catalog' ? parts[1] : undefined;
}
