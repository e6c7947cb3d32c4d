import { permissionDenied, queryFailed, statementNotAllowed } from '../foundation/errors/index.js';

/** What a plugin may do with its tables, after its `database:*` permissions. */
export type DatabaseAccess = 'read' | 'write' | 'read-write';

/**
 * Statements that would end the transaction a plugin's statement runs in, outlive it on a connection that other
 * tenants and the application use next, or hide any of that in code. As the first word of a statement these words
 * mean nothing else.
 */
const SESSION_STATEMENTS: ReadonlySet<string> = new Set(
  `ABORT BEGIN CALL CHECKPOINT CLOSE COMMIT COPY DEALLOCATE DECLARE DISCARD DO END EXECUTE FETCH GRANT LISTEN LOAD LOCK
  MOVE NOTIFY PREPARE REASSIGN RELEASE RESET REVOKE ROLLBACK SAVEPOINT SET START UNLISTEN VACUUM`.split(
    /\s+/,
  ),
);

const READING_STATEMENTS: ReadonlySet<string> = new Set(['SELECT', 'TABLE', 'VALUES', 'SHOW']);

/**
 * Refuses what neither the extended protocol nor a read-only transaction stops.
 *
 * The first word decides. For transaction control that is exact; for reading with `database:write` alone it
 * catches what plainly only reads, since a `WITH` may lead to either.
 *
 * @throws SQL_STATEMENT_NOT_ALLOWED, PERMISSION_DENIED, QUERY_FAILED for what is no SQL text
 */
export function checkStatement(
  sql: string,
  { pluginId, access }: { pluginId: string; access: DatabaseAccess },
): void {
  if (typeof sql !== 'string') throw queryFailed({ reason: 'the first argument has to be SQL text' });
  // In the protocol, NUL ends the text.
  if (sql.includes('\0')) throw queryFailed({ reason: 'the SQL text holds a NUL character' });
  const word = firstWord(sql);
  if (SESSION_STATEMENTS.has(word)) throw statementNotAllowed({ statement: word });
  if (access === 'write' && READING_STATEMENTS.has(word)) {
    throw permissionDenied({ pluginId, member: 'db.query', required: ['database:read'] });
  }
}

/**
 * The keyword a statement starts with, in capitals; empty if it starts with anything else. Comments, empty
 * statements and parentheses may stand before it, as Postgres' own scanner has it.
 */
export function firstWord(sql: string): string {
  let at = 0;
  for (;;) {
    const rest = sql.slice(at);
    // Not \s: to Postgres, blanks beyond ASCII are part of a name.
    const skipped = /^(?:[ \t\n\r\f\v;(]+|--[^\n\r]*)+/.exec(rest)?.[0].length ?? 0;
    if (skipped > 0) at += skipped;
    else if (rest.startsWith('/*')) at += commentLength(rest);
    else return /^[A-Za-z_]+/.exec(rest)?.[0].toUpperCase() ?? '';
  }
}

/** Comments nest. One without an end is all there is. */
function commentLength(text: string): number {
  const marks = /\/\*|\*\//g;
  let depth = 0;
  for (let mark = marks.exec(text); mark; mark = marks.exec(text)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return text.length;
}
