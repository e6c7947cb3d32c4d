import { describe, expect, it } from 'vitest';
import {
  isNamingError,
  isPluginId,
  NamingError,
  pluginTableName,
  pluginTablePrefix,
  RESERVED_PLUGIN_IDS,
  zipName,
} from './naming.js';

const codeOf = (action: () => unknown): string | undefined => {
  try {
    action();
  } catch (error) {
    return isNamingError(error) ? error.code : String(error);
  }
  return undefined;
};

describe('isPluginId', () => {
  it.each(['a', 'slack-notifications', 'iso-27001', 'soc2', 'a'.repeat(50)])('accepts %s', (id) =>
    expect(isPluginId(id)).toBe(true),
  );

  it.each([
    '',
    'A',
    'Slack',
    'slack_notifications',
    '-a',
    'a-',
    'a--b',
    '1a',
    '27001-iso',
    'a.b',
    'a b',
    'a/b',
    '../a',
    'ä',
    'a\n',
    'a'.repeat(51),
  ])('refuses %j', (id) => expect(isPluginId(id)).toBe(false));

  it.each([...RESERVED_PLUGIN_IDS, 'constructor', 'prototype', '__proto__'])(
    'refuses the reserved %s',
    (id) => expect(isPluginId(id)).toBe(false),
  );

  it.each([undefined, null, 7, ['a']])('refuses %j, which is no text', (id) =>
    expect(isPluginId(id)).toBe(false),
  );
});

describe('table names', () => {
  it('are made as §13.2 says', () => {
    expect(pluginTablePrefix('jira-integration')).toBe('plugin_jira_integration_');
    expect(pluginTableName('jira-integration', 'mappings')).toBe('plugin_jira_integration_mappings');
    expect(pluginTableName('slack-notifications', 'logs')).toBe('plugin_slack_notifications_logs');
  });

  it('may have 63 bytes and are never cut off', () => {
    const fitting = 'a'.repeat(63 - 'plugin_iso_27001_'.length);
    expect(pluginTableName('iso-27001', fitting)).toHaveLength(63);
    expect(() => pluginTableName('iso-27001', `${fitting}a`)).toThrow(NamingError);
    expect(codeOf(() => pluginTableName('iso-27001', `${fitting}a`))).toBe('IDENTIFIER_TOO_LONG');
  });

  it.each(['', 'Logs', 'a-b', 'a"b', 'a b', 'ä', 'a;drop table x'])('refuse the table %j', (table) =>
    expect(codeOf(() => pluginTableName('jira', table))).toBe('IDENTIFIER_INVALID'),
  );

  it('refuse what is not a plugin id', () => {
    expect(codeOf(() => pluginTablePrefix('Jira"; drop table x; --'))).toBe('IDENTIFIER_INVALID');
  });
});

describe('zipName', () => {
  it('is the id and the version as written', () => {
    expect(zipName('slack-notifications', '1.0.0')).toBe('slack-notifications-1.0.0.zip');
    expect(zipName('soc2', '1.2')).toBe('soc2-1.2.zip');
  });

  it.each([
    ['../x', '1.0.0'],
    ['soc2', '../../etc'],
  ])('refuses %s and %s', (id, version) =>
    expect(codeOf(() => zipName(id, version))).toBe('IDENTIFIER_INVALID'),
  );
});
