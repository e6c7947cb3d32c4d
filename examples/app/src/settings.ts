import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Identity } from '@verifywise/plugin-host';

/** What an example host is told by its environment. `README.md` lists the variables. */
export interface Settings {
  readonly port: number;
  readonly host: string;
  /** Without one the host starts an embedded Postgres in `dataDir`. */
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  readonly secretsKey: string;
  readonly registryUrl: string;
  readonly allowedHosts: readonly string[];
  readonly hostVersion: string;
  /** Bearer token → who that is. */
  readonly tokens: ReadonlyMap<string, Identity>;
}

export class SettingsError extends Error {}

const DEFAULT_TOKENS = {
  'admin-acme': {
    tenant: 'acme',
    user: { id: 1, email: 'ada@acme.example', name: 'Ada Admin' },
    isAdmin: true,
  },
  'user-acme': {
    tenant: 'acme',
    user: { id: 2, email: 'uma@acme.example', name: 'Uma User' },
    isAdmin: false,
  },
  'admin-globex': {
    tenant: 'globex',
    user: { id: 3, email: 'gil@globex.example', name: 'Gil Admin' },
    isAdmin: true,
  },
  'user-globex': {
    tenant: 'globex',
    user: { id: 4, email: 'uli@globex.example', name: 'Uli User' },
    isAdmin: false,
  },
};

/** The example registry is built beside the hosts: `examples/plugins/dist/registry.json`. */
const bundledRegistry = (): string => new URL('../../plugins/dist/registry.json', import.meta.url).href;

/** @throws SettingsError naming the variable and what it should hold */
export function readSettings(env: NodeJS.ProcessEnv, warn: (message: string) => void): Settings {
  // First what may be refused: nothing is made on disk for an environment that is wrong.
  const port = readPort(env.PORT);
  const tokens = readTokens(env.DEV_TOKENS);
  const { dataDir, secretsKey } = openDataDir(env, warn);
  return {
    port,
    host: env.HOST || '127.0.0.1',
    databaseUrl: env.DATABASE_URL || undefined,
    dataDir,
    secretsKey,
    registryUrl: env.PLUGIN_REGISTRY_URL || bundledRegistry(),
    allowedHosts: (env.PLUGIN_ALLOWED_HOSTS ?? '')
      .split(',')
      .map((host) => host.trim())
      .filter(Boolean),
    hostVersion: env.HOST_VERSION || '1.7.0',
    tokens,
  };
}

function readPort(text: string | undefined): number {
  if (!text) return 3000;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new SettingsError(`PORT must be a number from 0 to 65535, not "${text}".`);
  }
  return port;
}

function openDataDir(
  env: NodeJS.ProcessEnv,
  warn: (message: string) => void,
): Pick<Settings, 'dataDir' | 'secretsKey'> {
  try {
    const dataDir = env.DATA_DIR || mkdtempSync(join(tmpdir(), 'plugin-host-'));
    mkdirSync(dataDir, { recursive: true });
    return { dataDir, secretsKey: env.PLUGIN_SECRETS_KEY || keptKey(dataDir, warn) };
  } catch (error) {
    throw new SettingsError(`DATA_DIR must be a folder that can be written: ${(error as Error).message}`);
  }
}

/** A key made once and kept beside the data it encrypts: enough to try things out, and said to be no more. */
function keptKey(dataDir: string, warn: (message: string) => void): string {
  const file = join(dataDir, 'secrets.key');
  if (!existsSync(file)) {
    writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
    warn(`PLUGIN_SECRETS_KEY is not set: made a key and kept it in ${file}. Set your own in production.`);
  }
  return readFileSync(file, 'utf8').trim();
}

function readTokens(text: string | undefined): ReadonlyMap<string, Identity> {
  let tokens: unknown = DEFAULT_TOKENS;
  if (text) {
    try {
      tokens = JSON.parse(text);
    } catch (error) {
      throw new SettingsError(`DEV_TOKENS must be JSON: ${(error as Error).message}`);
    }
  }
  if (typeof tokens !== 'object' || tokens === null || Array.isArray(tokens)) {
    throw new SettingsError(
      'DEV_TOKENS must be an object of bearer token → {tenant, user: {id, email, name}, isAdmin}.',
    );
  }
  return new Map(Object.entries(tokens).map(([token, identity]) => [token, toIdentity(token, identity)]));
}

function toIdentity(token: string, value: unknown): Identity {
  const { tenant, user, isAdmin } = (value ?? {}) as Partial<Identity>;
  if (typeof tenant !== 'string' || tenant === '' || user?.id === undefined) {
    throw new SettingsError(`DEV_TOKENS: "${token}" needs a tenant and a user with an id.`);
  }
  return { tenant, user, isAdmin: isAdmin === true };
}
