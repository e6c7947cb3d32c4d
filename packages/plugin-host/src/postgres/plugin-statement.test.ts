import { describe, expect, it } from 'vitest';
import { checkStatement, firstWord } from './plugin-statement.js';

const checked = (sql: string, access: 'read' | 'write' | 'read-write' = 'read-write') => {
  try {
    checkStatement(sql, { pluginId: 'jira', access });
    return 'passes';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('the first word of a statement', () => {
  it.each([
    ['select 1', 'SELECT'],
    ['  \t\r\n\f\vCoMmIt', 'COMMIT'],
    [';;  ; COMMIT', 'COMMIT'],
    ['-- a comment\nCOMMIT', 'COMMIT'],
    ['-- a comment\rCOMMIT', 'COMMIT'],
    ['--\n--\n;COMMIT', 'COMMIT'],
    ['/* one /* inside another */ still */COMMIT', 'COMMIT'],
    ['/*/**/*/ /**/COMMIT', 'COMMIT'],
    ['/* ; */ -- x\n/* */ ((SELECT 1))', 'SELECT'],
    ['/* no end COMMIT', ''],
    ['-- no end COMMIT', ''],
    ['"COMMIT"', ''],
    ['\u00a0COMMIT', ''],
    ['', ''],
  ])('of %j is %j', (sql, word) => {
    expect(firstWord(sql)).toBe(word);
  });

  it('is found quickly in a long text', () => {
    expect(firstWord(`${'/*'.repeat(200_000)}${'*/'.repeat(200_000)}${'--\n;('.repeat(100_000)}SELECT`)).toBe(
      'SELECT',
    );
  });
});

describe('a plugin’s statement', () => {
  it.each([
    'COMMIT',
    'ROLLBACK',
    'BEGIN',
    'END',
    'ABORT',
    'START TRANSACTION',
    'SAVEPOINT x',
    'RELEASE vw',
    "PREPARE TRANSACTION 'x'",
  ])('may not be %s', (sql) => {
    expect(checked(sql)).toBe('SQL_STATEMENT_NOT_ALLOWED');
  });

  it.each([
    'SET search_path TO public',
    'RESET ROLE',
    'DISCARD ALL',
    'LISTEN x',
    'DO $$BEGIN END$$',
    'COPY t TO STDOUT',
    'EXECUTE x',
  ])('may not be %s', (sql) => {
    expect(checked(sql)).toBe('SQL_STATEMENT_NOT_ALLOWED');
  });

  it('may be what plugins need', () => {
    for (const sql of [
      'CREATE TABLE IF NOT EXISTS t (id int)',
      'ALTER TABLE t ADD c int',
      'DROP TABLE t',
      'INSERT INTO t VALUES (1)',
      'WITH x AS (SELECT 1) SELECT * FROM x',
      'SELECT 1',
      '(SELECT 1) UNION (SELECT 2)',
      'TRUNCATE t',
    ]) {
      expect(checked(sql)).toBe('passes');
    }
  });

  it('has to be text without NUL', () => {
    expect(checked(undefined as unknown as string)).toBe('QUERY_FAILED');
    expect(checked('SELECT 1\0')).toBe('QUERY_FAILED');
  });

  it('may not plainly read with database:write alone', () => {
    for (const sql of [
      'SELECT 1',
      ' (select 1)',
      'TABLE t',
      'VALUES (1)',
      'SHOW search_path',
      '/* */ SELECT 1',
    ]) {
      expect(checked(sql, 'write')).toBe('PERMISSION_DENIED');
      expect(checked(sql, 'read')).not.toBe('PERMISSION_DENIED');
    }
    expect(checked('INSERT INTO t VALUES (1) RETURNING id', 'write')).toBe('passes');
    expect(checked('UPDATE t SET a = (SELECT 1)', 'write')).toBe('passes');
  });
});
