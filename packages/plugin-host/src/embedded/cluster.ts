import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { embeddedFailed, embeddedInUse } from '../foundation/errors/index.js';
import type { Binaries } from './binaries.js';
import { isPostmasterOf, isRunning } from './process-identity.js';
import { ownerOfRuntimeDir, type RuntimeDir, removeRuntimeDir } from './runtime-dir.js';
import { giveTo, type ServerAccount, serverAccount } from './server-account.js';

/** The bootstrap superuser. Its password stays in the data directory; nothing outside this folder gets it. */
export const SUPERUSER = 'postgres';

const DRAFT = 'initdb-';
const PASSWORD_FILE = 'plugin-host-password';
/** How long a server left behind may take to shut down, in ms. */
const SHUTDOWN_MS = 60_000;
const POLL_MS = 20;
/** A process number no system hands out. */
const NOBODY = '2147483647';

/** A server, as it describes itself in its data directory. */
export interface ServerStatus {
  readonly pid: number;
  /** Absent until it has made its socket there. */
  readonly runtimeDir: string | undefined;
  readonly ready: boolean;
}

/** A Postgres data directory, `cluster` inside the folder the caller named. */
export class Cluster {
  readonly path: string;
  readonly #account: ServerAccount;

  private constructor(path: string, account: ServerAccount) {
    this.path = path;
    this.#account = account;
  }

  static async in(dataDir: string): Promise<Cluster> {
    const path = join(resolve(dataDir), 'cluster');
    return new Cluster(path, await serverAccount(path));
  }

  /** The user its server runs as. */
  get account(): ServerAccount {
    return this.#account;
  }

  /**
   * How the server is told the path. As another user it may not be able to enter the folders above; its own
   * working directory it can always enter, and /proc leads there.
   */
  get #ownPath(): string {
    return this.#account.switched && process.platform === 'linux' ? '/proc/self/cwd' : this.path;
  }

  /** Options for starting a program of this cluster, the server included. */
  get spawnOptions() {
    return {
      ...this.#account.spawn,
      cwd: this.path,
      // Nothing inherited: PGPORT, PGDATA and their like would be obeyed.
      env: { PATH: process.env.PATH, LC_ALL: 'C', PGDATA: this.#ownPath },
    };
  }

  /** The superuser's password. */
  async password(): Promise<string> {
    try {
      return await readFile(join(this.path, PASSWORD_FILE), 'utf8');
    } catch (cause) {
      throw embeddedFailed({ step: 'open its data', reason: (cause as Error).message }, { cause });
    }
  }

  /** Makes the data directory, unless it is there. It appears complete or not at all, however this ends. */
  async create(binaries: Binaries, runtime: RuntimeDir, { durable }: { durable: boolean }): Promise<void> {
    const home = dirname(this.path);
    await mkdir(home, { recursive: true, mode: 0o700 });
    if (await exists(this.path)) return;
    await removeAbandonedDrafts(home);
    // Named like the runtime folder, whose name tells whose it is.
    const draft = new Cluster(join(home, `${DRAFT}${basename(runtime.path)}`, 'cluster'), this.#account);
    try {
      await mkdir(draft.path, { recursive: true, mode: 0o700 });
      await giveTo(this.#account, draft.path);
      const password = randomBytes(32).toString('hex');
      const passwordFile = join(runtime.path, 'password');
      await writeFile(passwordFile, password, { mode: 0o600 });
      await giveTo(this.#account, passwordFile);
      await initdb(binaries, draft, { passwordFile, durable });
      await unlink(passwordFile);
      // Readable by this process's user alone, also where the server runs as another.
      await writeFile(join(draft.path, PASSWORD_FILE), password, { mode: 0o600 });
      await rename(draft.path, this.path).catch((error: NodeJS.ErrnoException) => {
        // Another process was first. Its database is as good as ours.
        if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
      });
    } finally {
      await rm(dirname(draft.path), { recursive: true, force: true });
    }
  }

  /** What `postmaster.pid` says, if there is one. */
  async status(): Promise<ServerStatus | undefined> {
    let text: string;
    try {
      text = await readFile(join(this.path, 'postmaster.pid'), 'utf8');
    } catch {
      return undefined;
    }
    const lines = text.split('\n').map((line) => line.trim());
    const pid = Math.abs(Number.parseInt(lines[0] ?? '', 10));
    if (!pid) return undefined;
    return { pid, runtimeDir: lines[4] || undefined, ready: lines[7] === 'ready' };
  }

  /**
   * Sees to it that no server runs here: one whose owner has died is shut down.
   *
   * @throws EMBEDDED_IN_USE where the owner lives
   */
  async settle(): Promise<void> {
    const deadline = Date.now() + SHUTDOWN_MS;
    for (let found = await this.status(); found; found = await this.status()) {
      if (!(await isPostmasterOf(found.pid, this.path))) return this.#forget(found);
      if (found.runtimeDir !== undefined) {
        const owner = ownerOfRuntimeDir(found.runtimeDir);
        if (!owner || (await isRunning(owner))) {
          throw embeddedInUse({ dataDir: dirname(this.path), pid: owner?.pid ?? found.pid });
        }
        if (Date.now() > deadline) {
          throw embeddedFailed({
            step: 'stop the server left behind',
            reason: `process ${found.pid} does not end`,
          });
        }
        // Fast shutdown. Said more than once it does no harm.
        sendSignal(found.pid, 'SIGINT');
      }
      await waitForExit(found.pid, this.path);
      if (found.runtimeDir !== undefined) await removeRuntimeDir(found.runtimeDir);
    }
  }

  /** The server has died. What it left is taken away, as far as Postgres does not do that better itself. */
  async #forget({ pid, runtimeDir }: ServerStatus): Promise<void> {
    // Postgres refuses to start while any process has the number: a zombie, or after a restart of the container
    // another program. The file itself stays, since Postgres finds surviving backends by what else is in it.
    if (isTaken(pid) && (await this.status())?.pid === pid) {
      const file = join(this.path, 'postmaster.pid');
      await writeFile(file, (await readFile(file, 'utf8')).replace(/^-?\d+/, NOBODY));
    }
    const owner = runtimeDir === undefined ? undefined : ownerOfRuntimeDir(runtimeDir);
    if (runtimeDir !== undefined && owner && !(await isRunning(owner))) await removeRuntimeDir(runtimeDir);
  }
}

/** Resolves when the server has gone, or after a second. */
async function waitForExit(pid: number, clusterPath: string): Promise<void> {
  for (let waited = 0; waited < 1000 && (await isPostmasterOf(pid, clusterPath)); waited += POLL_MS) {
    await sleep(POLL_MS);
  }
}

/** What processes left behind that were killed while they initialised this data directory. */
async function removeAbandonedDrafts(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    const owner = name.startsWith(DRAFT) ? ownerOfRuntimeDir(name.slice(DRAFT.length)) : undefined;
    if (owner && !(await isRunning(owner))) await rm(join(home, name), { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return readdir(path).then(
    () => true,
    () => false,
  );
}

function isTaken(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}

async function initdb(
  { initdb: program }: Binaries,
  cluster: Cluster,
  { passwordFile, durable }: { passwordFile: string; durable: boolean },
): Promise<void> {
  const args = [
    '--encoding=UTF8',
    '--locale=C',
    '--auth=scram-sha-256',
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--no-instructions',
    ...(durable ? [] : ['--no-sync']),
  ];
  const child = spawn(program, args, { ...cluster.spawnOptions, stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code, error] = await new Promise<[number | null, Error?]>((settle) => {
    child.once('error', (failure) => settle([null, failure]));
    child.once('close', (exitCode) => settle([exitCode]));
  });
  if (code === 0) return;
  throw embeddedFailed(
    { step: 'initialise its data', reason: error?.message ?? output.trim() },
    { cause: error },
  );
}
