import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { isHostError } from '../../foundation/errors/index.js';
import { ATTACKS, type Attack } from './fixtures/attacks.js';
import { BENIGN } from './fixtures/benign.js';
import { PLUGIN, rulesFor } from './fixtures/guarded-plugin.js';
import { SQL_RULES, type SqlRule } from './rules.js';
import { guardStatement, loadSqlGuard, violationsOf } from './sql-guard.js';

const RULES = Object.keys(SQL_RULES) as SqlRule[];
const ALL_ATTACKS = Object.values(ATTACKS).flat();
const brief = (sql: string) => (sql.length > 100 ? `${sql.slice(0, 97)}…` : sql);

function refusal(sql: string, how: Omit<Attack, 'sql'> = {}) {
  try {
    guardStatement(sql, PLUGIN, rulesFor(how));
  } catch (error) {
    if (isHostError(error)) return error;
    throw error;
  }
  return undefined;
}

beforeAll(loadSqlGuard);

describe.each(RULES)('the rule %s', (rule) => {
  it.each(ATTACKS[rule].map((attack) => [brief(attack.sql), attack] as const))('refuses %s', (_, attack) => {
    const rules = violationsOf(attack.sql, PLUGIN, rulesFor(attack)).map((violation) => violation.rule);
    expect(rules).toContain(rule);
    expect(refusal(attack.sql, attack)).toBeDefined();
  });

  it('is what alone stops an attack: switched off, one passes', () => {
    const passing = ATTACKS[rule].filter((attack) =>
      violationsOf(attack.sql, PLUGIN, rulesFor(attack)).every((violation) => violation.rule === rule),
    );
    expect(passing).not.toEqual([]);
  });
});

describe('the guard', () => {
  it('knows at least 150 attacks and 60 statements plugins need', () => {
    expect(new Set(ALL_ATTACKS.map((attack) => JSON.stringify(attack))).size).toBeGreaterThanOrEqual(150);
    expect(new Set(BENIGN.map(({ sql }) => sql)).size).toBeGreaterThanOrEqual(60);
  });

  it.each(BENIGN.map((benign) => [brief(benign.sql.trim()), benign] as const))(
    'lets pass: %s',
    (_, benign) => {
      expect(violationsOf(benign.sql, PLUGIN, rulesFor(benign)).map(({ error }) => error().message)).toEqual(
        [],
      );
      expect(guardStatement(benign.sql, PLUGIN, rulesFor(benign)).kind).toBe(benign.kind);
    },
  );
});

it('throws catalogue errors only, whatever becomes of a statement', () => {
  const statement = fc.constantFrom(
    ...BENIGN.map(({ sql }) => sql),
    ...ALL_ATTACKS.map(({ sql }) => sql.slice(0, 500)),
  );
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.constantFrom(
      ';',
      "'",
      '"',
      '--',
      '/*',
      '$$',
      '(',
      ')',
      ',',
      ' SELECT ',
      ' FROM users',
      '::regclass',
      '\0',
      '\ud800',
    ),
    statement,
  );
  fc.assert(
    fc.property(statement, fc.nat(), fc.nat(40), piece, fc.boolean(), (sql, at, cut, inserted, ddl) => {
      const start = at % (sql.length + 1);
      const error = refusal(sql.slice(0, start) + inserted + sql.slice(start + cut), { ddl });
      expect(error === undefined || error.status < 500).toBe(true);
    }),
    { numRuns: 1_000, seed: 3 },
  );
});

describe('a refusal', () => {
  it.each([
    ['COMMIT', {}, 'SQL_STATEMENT_NOT_ALLOWED', 'COMMIT'],
    [
      'CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f()',
      {},
      'SQL_STATEMENT_NOT_ALLOWED',
      'CREATE TRIG',
    ],
    ['SELECT 1; SELECT 2', {}, 'SQL_MULTIPLE_STATEMENTS', 'one statement'],
    ['SELEC 1', {}, 'SQL_UNPARSEABLE', 'SELEC'],
    ['DELETE FROM plugin_jira_integration_logs', { access: 'read' }, 'PERMISSION_DENIED', 'database:write'],
    ['SELECT 1', { access: 'write' }, 'PERMISSION_DENIED', 'database:read'],
    ['SELECT * FROM secrets', {}, 'TABLE_NOT_OWNED', 'plugin_jira_integration_'],
    ['SELECT * FROM mappings', {}, 'TABLE_NOT_OWNED', 'plugin_jira_integration_mappings'],
    [
      'SELECT * FROM public.plugin_jira_integration_logs',
      {},
      'TABLE_NOT_OWNED',
      'plugin_jira_integration_logs if',
    ],
    ['DELETE FROM users', {}, 'CORE_TABLE_READ_ONLY', 'users'],
    ['CREATE TABLE logs (a int)', { ddl: true }, 'TABLE_NAME_INVALID', '"plugin_jira_integration_logs" is'],
    ['DROP TABLE plugin_jira_integration_logs', {}, 'SQL_DDL_NOT_ALLOWED', 'DROP'],
    ['SELECT uper(tenant) FROM users', {}, 'FUNCTION_NOT_ALLOWED', 'uper'],
    ["SELECT 'x'::regclass", {}, 'SQL_SYNTAX_NOT_ALLOWED', 'regclass'],
  ] as const)('of %s with %o is %s and names %s', (sql, how, code, token) => {
    const error = refusal(sql, how);
    expect(error?.code).toBe(code);
    expect(error?.message).toContain(token);
    if (code !== 'PERMISSION_DENIED') expect(SQL_RULES).toHaveProperty([String(error?.details.rule)]);
  });

  it('proposes the function that may have been meant', () => {
    expect(refusal('SELECT uper(name) FROM users')?.hint).toBe('Did you mean upper?');
    expect(refusal('SELECT pg_terminate_backend(1)')?.hint).not.toContain('Did you mean');
  });

  it('is the same on the second look', () => {
    for (const attack of ALL_ATTACKS.filter(({ sql }) => sql.length < 1_000)) {
      expect(refusal(attack.sql, attack)?.message).toBe(refusal(attack.sql, attack)?.message);
    }
  });

  it('for want of stack is no lasting one', () => {
    const sql = `SELECT ${'1 + '.repeat(500)}1`;
    const atDepth = (depth: number): unknown => {
      try {
        return atDepth(depth + 1) ?? depth;
      } catch {
        return refusal(sql) ?? depth;
      }
    };
    atDepth(0);
    expect(refusal(sql)).toBeUndefined();
  });
});

describe('what the guard says of a statement that passes', () => {
  const said = (sql: string) => guardStatement(sql, PLUGIN, rulesFor({ ddl: true }));

  it('is the tables it names, without common table expressions', () => {
    expect(
      said(
        'WITH x AS (SELECT * FROM users) INSERT INTO plugin_jira_integration_logs SELECT x.id FROM x, app.risks',
      ),
    ).toEqual({
      kind: 'write',
      tables: ['plugin_jira_integration_logs', 'users', 'app.risks'],
      created: [],
      dropped: [],
    });
  });

  it('is what it makes and drops', () => {
    expect(said('CREATE TABLE plugin_jira_integration_a (a int)').created).toEqual([
      'plugin_jira_integration_a',
    ]);
    expect(said('DROP TABLE plugin_jira_integration_a, plugin_jira_integration_b').dropped).toEqual([
      'plugin_jira_integration_a',
      'plugin_jira_integration_b',
    ]);
    expect(said('ALTER TABLE plugin_jira_integration_a RENAME TO plugin_jira_integration_b')).toMatchObject({
      kind: 'ddl',
      created: ['plugin_jira_integration_b'],
      dropped: ['plugin_jira_integration_a'],
    });
  });
});
