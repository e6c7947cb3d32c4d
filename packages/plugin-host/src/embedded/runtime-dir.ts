import { rmSync } from 'node:fs';
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { embeddedFailed, embeddedUnavailable } from '../foundation/errors/index.js';
import { identify, type ProcessIdentity } from './process-identity.js';
import { giveTo, type ServerAccount } from './server-account.js';

/** The port is only part of the socket's name: nothing listens on the network. */
export const SOCKET_PORT = 5432;

/** What fits `sockaddr_un` everywhere: 104 bytes on macOS, 108 on Linux, one of them the closing NUL. */
const SOCKET_PATH_BYTES = 103;

/** `vwpg-<pid>-<start>-<random>`, both numbers in base 36. */
const NAME = /^vwpg-([0-9a-z]+)-([0-9a-z]+)-[A-Za-z0-9]{6}$/;

/**
 * The short-lived private folder of one running server: its socket and, where one is needed, its copy of the
 * binaries. It is named after the process that started the server, so that a start after a crash can tell a
 * server that was left behind from one that is in use, even though the name is all that is left of its owner.
 */
export class RuntimeDir {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(account: ServerAccount): Promise<RuntimeDir> {
    const self = await identify(process.pid);
    if (!self) throw embeddedUnavailable({ reason: 'the system does not tell when a process started' });
    const name = `vwpg-${self.pid.toString(36)}-${self.startedAt.toString(36)}-`;
    const path = await mkdtemp(join(await temporaryFolder(name, account), name));
    const runtime = new RuntimeDir(path);
    try {
      await chmod(path, 0o700);
      await giveTo(account, path);
    } catch (cause) {
      await runtime.remove();
      throw embeddedFailed({ step: 'prepare its folder', reason: (cause as Error).message }, { cause });
    }
    return runtime;
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  /** For the moment in which the process ends and nothing can be awaited any more. */
  removeSync(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The process a server's folder was made by; `undefined` for a folder this module has not made. */
export function ownerOfRuntimeDir(path: string): ProcessIdentity | undefined {
  const [, pid, startedAt] = NAME.exec(basename(path)) ?? [];
  if (pid === undefined || startedAt === undefined) return undefined;
  return { pid: Number.parseInt(pid, 36), startedAt: Number.parseInt(startedAt, 36) };
}

/** Removes the folder a server left behind, and nothing that is not one. */
export async function removeRuntimeDir(path: string): Promise<void> {
  if (ownerOfRuntimeDir(path)) await rm(path, { recursive: true, force: true });
}

/** The system's folder for temporary files, unless the socket's path would be too long or the server could not get there. */
async function temporaryFolder(name: string, account: ServerAccount): Promise<string> {
  const socket = `${name}XXXXXX/.s.PGSQL.${SOCKET_PORT}`;
  for (const folder of [tmpdir(), '/tmp']) {
    if (Buffer.byteLength(join(folder, socket)) > SOCKET_PATH_BYTES) continue;
    if (account.switched && !(await isOpenToAll(folder))) continue;
    return folder;
  }
  throw embeddedUnavailable({ reason: 'no temporary folder has a path short enough for a Unix socket' });
}

/** Whether every user may enter the folder and all those above it. */
export async function isOpenToAll(folder: string): Promise<boolean> {
  for (let path = folder; ; path = dirname(path)) {
    const { mode } = await stat(path);
    if ((mode & 0o001) === 0) return false;
    if (path === dirname(path)) return true;
  }
}
