import type { SqlViolation } from './rules.js';

/** What a statement does: reads, writes rows, or changes tables. The strongest of all its parts. */
export type StatementKind = 'read' | 'write' | 'ddl';

/**
 * - `read`: rows are read
 * - `lock`: rows are read and locked (FOR UPDATE, FOR SHARE)
 * - `write`: rows are written; the written table's own WHERE and RETURNING are part of it
 * - `own`: altered, dropped, truncated, indexed or commented on
 * - `create`: made or renamed to
 * - `reference`: target of a foreign key that never blocks deletes
 * - `blocking-reference`: target of a foreign key that may
 */
export type TableUseMode = 'read' | 'lock' | 'write' | 'own' | 'create' | 'reference' | 'blocking-reference';

export interface TableUse {
  /** As written, absent if the name stands alone. */
  readonly schema?: string;
  readonly name: string;
  readonly mode: TableUseMode;
}

/** All the guard has to know about a SQL text, whichever plugin sends it. */
export interface SqlFacts {
  readonly kind: StatementKind;
  /** The statement in words, such as `ALTER TABLE`. */
  readonly statement: string;
  /** Whether rows of a table other than the written one are read. */
  readonly reads: boolean;
  readonly uses: readonly TableUse[];
  /** Types that are not built in: fine if they are the row type of an own table. */
  readonly rowTypes: readonly string[];
  /** What no plugin may send. */
  readonly violations: readonly SqlViolation[];
  readonly result: GuardedStatement;
}

/** What {@link guardStatement} says of a statement it lets pass. */
export interface GuardedStatement {
  readonly kind: StatementKind;
  /** Every table named, as written, without common table expressions. */
  readonly tables: readonly string[];
  /** Names of tables, indexes and sequences it makes or renames to. */
  readonly created: readonly string[];
  /** Names of tables, indexes and sequences it drops or renames from. */
  readonly dropped: readonly string[];
}
