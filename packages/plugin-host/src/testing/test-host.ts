import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostRequest, HostResponse, Identity } from '../facade/host-http.js';
import type { HostLogger } from '../foundation/logger.js';
import { createPluginHost, type PluginHost } from '../host.js';
import type { PluginHostOptions } from '../host-options.js';
import type { LifecycleResult } from '../lifecycle/tenant-plugins.js';
import { createTestDatabase, type TestDatabase, type TestServer } from './test-database.js';
import { TestRegistry } from './test-registry.js';

/** A line a host wrote to its log. */
export interface LogLine {
  readonly level: keyof HostLogger;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The answer of the host to a request, its body read. */
export interface TestAnswer {
  readonly status: number;
  readonly headers: HostResponse['headers'];
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever its own plugin answered.
  readonly body: any;
}

export interface TestHost {
  readonly host: PluginHost;
  readonly database: TestDatabase;
  readonly registry: TestRegistry;
  readonly dataDir: string;
  /** Everything logged since the first start. */
  readonly logs: LogLine[];
  /** Publishes a plugin and installs it for a tenant, through the public API. */
  install(tenant: string, id: string, code: string, fields?: object): Promise<LifecycleResult>;
  /** The same, then enables it. */
  enable(tenant: string, id: string, code: string, fields?: object): Promise<LifecycleResult>;
  /** Sends a request as an admin of `tenant`, or as whoever `identity` says. */
  request(
    tenant: string,
    method: string,
    path: string,
    body?: unknown,
    identity?: Partial<Identity>,
  ): Promise<TestAnswer>;
  /** Stops the host and starts another on the same database and folder. */
  restart(options?: Partial<PluginHostOptions>): Promise<PluginHost>;
  close(): Promise<void>;
}

/** Options of the host that differ from the test's own. */
export interface TestHostOptions extends Partial<PluginHostOptions> {
  /** The server its database is made on. Default: the one the vitest global setup provides. */
  readonly postgres?: TestServer;
}

const SECRETS_KEY = 'a'.repeat(64);

/**
 * A real host on a real Postgres of its own, with a registry in a folder: what the tests of the host run on, and
 * what authors of plugins can test theirs with.
 *
 * ```ts
 * const test = await startTestHost();
 * await test.enable('acme', 'my-plugin', code, { permissions: ['events:listen'] });
 * await test.host.tenant('acme').events.emit('risk:created', { riskId: 1, projectId: 1, risk: {} });
 * await test.close();
 * ```
 *
 * @throws TEST_DATABASE_MISSING where there is neither `postgres` nor a vitest global setup that provides a server
 */
export async function startTestHost({ postgres, ...options }: TestHostOptions = {}): Promise<TestHost> {
  const database = await createTestDatabase(postgres);
  const folder = mkdtempSync(join(tmpdir(), 'plugin-host-test-'));
  const dataDir = join(folder, 'data');
  const registry = new TestRegistry(join(folder, 'registry'));
  const logs: LogLine[] = [];
  const log = (level: LogLine['level']) => (data: object, message: string) =>
    void logs.push({ level, message, data: data as LogLine['data'] });
  const logger: HostLogger = {
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
  };

  const open = async (changed: Partial<PluginHostOptions> = {}): Promise<PluginHost> => {
    const host = createPluginHost({
      database: database.pool,
      dataDir,
      hostVersion: '1.7.0',
      secretsKey: SECRETS_KEY,
      registry: { url: registry.url },
      logger,
      // The identity travels in a header of the test's own making; a real application never does this.
      authenticate: (request) => {
        const identity = request.headers['x-test-identity'];
        return typeof identity === 'string' ? (JSON.parse(identity) as Identity) : null;
      },
      ...options,
      ...changed,
    });
    await host.start();
    return host;
  };

  let host = await open();

  const test: TestHost = {
    get host() {
      return host;
    },
    database,
    registry,
    dataDir,
    logs,
    async install(tenant, id, code, fields) {
      const { version, downloadUrl, checksum } = await registry.publish(id, code, fields);
      return host.tenant(tenant).plugins.install({ id, version, downloadUrl, checksum });
    },
    async enable(tenant, id, code, fields) {
      await test.install(tenant, id, code, fields);
      return host.tenant(tenant).plugins.enable(id);
    },
    async request(tenant, method, path, body, identity) {
      const response = await host.http.handle(
        toRequest(method, path, body, { tenant, user: { id: 1, name: 'Ada' }, isAdmin: true, ...identity }),
      );
      return { status: response.status, headers: response.headers, body: await readBody(response) };
    },
    async restart(changed) {
      await host.stop();
      host = await open(changed);
      return host;
    },
    async close() {
      await host.stop();
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return test;
}

function toRequest(method: string, path: string, body: unknown, identity: Identity): HostRequest {
  const url = new URL(path, 'http://test.invalid');
  const rawBody = body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body));
  const query: Record<string, string | string[]> = {};
  for (const name of new Set(url.searchParams.keys())) {
    const values = url.searchParams.getAll(name);
    query[name] = values.length === 1 ? (values[0] ?? '') : values;
  }
  return {
    method,
    path: path.split('?')[0] ?? path,
    originalUrl: path,
    query,
    headers: {
      'x-test-identity': JSON.stringify(identity),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    rawBody,
    ip: '127.0.0.1',
    protocol: 'http',
    signal: new AbortController().signal,
    raw: undefined,
  };
}

async function readBody({ body }: HostResponse): Promise<unknown> {
  switch (body.kind) {
    case 'json':
      // As the client would see it, dates and all.
      return JSON.parse(body.text ?? JSON.stringify(body.value));
    case 'text':
      return body.text;
    case 'bytes':
      return body.bytes;
    case 'stream':
      return Buffer.concat(await body.stream.toArray());
    case 'empty':
      return undefined;
  }
}
