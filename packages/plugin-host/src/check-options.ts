import { isVersion } from '@verifywise/plugin-manifest';
import { optionInvalid } from './foundation/errors/index.js';
import { DEFAULT_LIMITS } from './foundation/limits.js';
import type { PluginHostOptions } from './host-options.js';

/** What is wrong with a value, or nothing. */
type Check = (value: unknown) => string | undefined;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isFunction: Check = (value) => (typeof value === 'function' ? undefined : 'must be a function');
const isBoolean: Check = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');
const isText: Check = (value) =>
  typeof value === 'string' && value !== '' ? undefined : 'must be a text that is not empty';
const isTexts: Check = (value) =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')
    ? undefined
    : 'must be a list of texts';
const oneOf =
  (...allowed: string[]): Check =>
  (value) =>
    allowed.includes(value as string)
      ? undefined
      : `must be ${allowed.map((word) => `'${word}'`).join(' or ')}`;

const isDatabase: Check = (value) => {
  if (typeof value === 'string') return isText(value);
  if (!isObject(value) || typeof value.connect !== 'function' || typeof value.on !== 'function') {
    return 'must be a pg.Pool or a connection string';
  }
  return 'connectionParameters' in value ? 'is a pg.Client; pass a pg.Pool' : undefined;
};

const isLogger: Check = (value) =>
  isObject(value) && ['debug', 'info', 'warn', 'error'].every((level) => typeof value[level] === 'function')
    ? undefined
    : 'must have the methods debug, info, warn and error';

const isRegistry: Check = (value) => {
  if (!isObject(value)) return 'must be an object with a url';
  if (typeof value.url !== 'string' || !URL.canParse(value.url))
    return 'must have a url that is an absolute address';
  const { protocol } = new URL(value.url);
  if (!['https:', 'http:', 'file:'].includes(protocol))
    return `must have a url of https:, http: or file:, not ${protocol}`;
  if (value.ttlMs !== undefined && !isAmount(value.ttlMs)) return 'must have a ttlMs that is a number from 0';
  return value.allowedHosts === undefined || !isTexts(value.allowedHosts)
    ? undefined
    : 'must have a list of allowedHosts';
};

const isRecord: Check = (value) => (isObject(value) ? undefined : 'must be an object');

const isAmount = (value: unknown): boolean => typeof value === 'number' && value >= 0;

const isLimits: Check = (value) => {
  if (!isObject(value)) return 'must be an object';
  const unknown = Object.keys(value).find((name) => !(name in DEFAULT_LIMITS));
  if (unknown !== undefined) return `knows no ${unknown}`;
  const wrong = Object.keys(value).find((name) => value[name] !== undefined && !isAmount(value[name]));
  return wrong === undefined ? undefined : `must have a ${wrong} that is a number from 0`;
};

const CHECKS: Readonly<Record<keyof PluginHostOptions, Check>> = {
  database: isDatabase,
  authenticate: isFunction,
  dataDir: isText,
  hostVersion: (value) => (isVersion(value) ? undefined : 'must be a version, such as 1.7.0'),
  migrate: oneOf('auto', 'check'),
  // Whether it is a key is told by SECRETS_KEY_INVALID, which never shows it.
  secretsKey: isText,
  previousSecretsKeys: isTexts,
  registry: isRegistry,
  permissions: oneOf('enforce', 'warn'),
  allowUnsafeDbRole: isBoolean,
  strictStartup: isBoolean,
  tenantSchema: isFunction,
  // What is in them is checked by those who use them.
  coreTables: isRecord,
  coreModels: isRecord,
  onAlert: isFunction,
  logger: isLogger,
  limits: isLimits,
};
const REQUIRED: readonly string[] = ['database', 'authenticate'];

/** @throws OPTION_INVALID naming the first option that is wrong: not every application is compiled with types. */
export function checkOptions(options: PluginHostOptions): void {
  if (!isObject(options)) throw optionInvalid({ option: 'options', reason: 'must be an object' });
  const given: Readonly<Record<string, unknown>> = { ...options };
  for (const option of REQUIRED) {
    if (given[option] === undefined) throw optionInvalid({ option, reason: 'is required' });
  }
  for (const [option, value] of Object.entries(given)) {
    const check = Object.hasOwn(CHECKS, option) ? CHECKS[option as keyof PluginHostOptions] : undefined;
    if (!check) throw optionInvalid({ option, reason: 'is no option' });
    const reason = value === undefined ? undefined : check(value);
    if (reason) throw optionInvalid({ option, reason });
  }
}
