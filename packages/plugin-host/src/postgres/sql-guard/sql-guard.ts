import { loadModule } from 'libpg-query';
import { queryFailed } from '../../foundation/errors/index.js';
import type { SqlViolation } from './rules.js';
import { analyseSql } from './sql-analysis.js';
import { SqlCache } from './sql-cache.js';
import type { GuardedStatement, SqlFacts } from './sql-facts.js';
import { type GuardRules, judge } from './sql-judgement.js';

export type { GuardRules } from './sql-judgement.js';

/** What a text does is the same for every plugin and tenant, so all share one cache. */
const known = new SqlCache<SqlFacts>({ entries: 5_000, characters: 4_000_000 });

let loading: Promise<void> | undefined;
let loaded = false;

/** Loads the parser, once per process. Awaited before the first {@link guardStatement}. */
export function loadSqlGuard(): Promise<void> {
  loading ??= loadModule().then(() => {
    loaded = true;
  });
  return loading;
}

/**
 * Refuses a plugin's SQL unless every part of it is known to be allowed (decision 6). Pure: it reads the text with
 * Postgres' own grammar and asks no database. What it finds out about a text is kept.
 *
 * @returns what the statement does, and to which tables
 * @throws SQL_UNPARSEABLE, SQL_MULTIPLE_STATEMENTS, SQL_STATEMENT_NOT_ALLOWED, SQL_SYNTAX_NOT_ALLOWED,
 * SQL_DDL_NOT_ALLOWED, FUNCTION_NOT_ALLOWED, PERMISSION_DENIED, TABLE_NOT_OWNED, CORE_TABLE_READ_ONLY,
 * TABLE_NAME_INVALID, IDENTIFIER_TOO_LONG; each with the rule in `details.rule`, but for PERMISSION_DENIED.
 * QUERY_FAILED for what is no text
 */
export function guardStatement(sql: string, pluginId: string, rules: GuardRules): GuardedStatement {
  const facts = factsOf(sql);
  judge(facts, pluginId, rules, refuse);
  return facts.result;
}

/** Every rule the statement breaks; of one that passes, none. */
export function violationsOf(sql: string, pluginId: string, rules: GuardRules): SqlViolation[] {
  const violations: SqlViolation[] = [];
  judge(factsOf(sql), pluginId, rules, (violation) => violations.push(violation));
  return violations;
}

function factsOf(sql: string): SqlFacts {
  if (typeof sql !== 'string') throw queryFailed({ reason: 'the first argument has to be SQL text' });
  if (!loaded) throw new Error('loadSqlGuard() has to be awaited before the first statement');
  return known.get(sql, analyseSql, isFinal);
}

/** Not so where the parser failed: called with little stack left, it fails on what it reads at other times. */
const isFinal = ({ violations }: SqlFacts): boolean => !violations.some(({ rule }) => rule === 'parse');

function refuse({ error }: SqlViolation): never {
  throw error();
}
