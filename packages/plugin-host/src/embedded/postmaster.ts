import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { embeddedFailed } from '../foundation/errors/index.js';
import type { Binaries } from './binaries.js';
import { type Cluster, sendSignal } from './cluster.js';
import { type RuntimeDir, SOCKET_PORT } from './runtime-dir.js';

/** Recovery after a crash replays what was written since the last checkpoint, at most a few minutes' worth. */
const START_MS = 120_000;
/** How long each kind of shutdown may take before the next, harsher one, in ms. */
const STOP_MS = 20_000;
const POLL_MS = 5;
const LOG_LIMIT = 8 * 1024;

/** How a server ended that nobody had told to. */
export interface PostmasterExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last lines it wrote. */
  readonly log: string;
}

export interface PostmasterOptions {
  readonly durable: boolean;
  readonly onLog: (line: string) => void;
  readonly onExit: (exit: PostmasterExit) => void;
}

/** One running server, the parent of all its backends. */
export class Postmaster {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #log = '';
  #running = true;
  #stopping = false;

  private constructor(binaries: Binaries, cluster: Cluster, runtime: RuntimeDir, options: PostmasterOptions) {
    const child = spawn(binaries.postgres, serverArguments(runtime, options.durable), {
      ...cluster.spawnOptions,
      stdio: ['ignore', 'ignore', 'pipe'],
      // Ctrl-C is for the application, which may still want its database while it drains.
      detached: true,
    });
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      const ended = (code: number | null, signal: NodeJS.Signals | null) => {
        if (!this.#running) return;
        this.#running = false;
        resolve();
        if (!this.#stopping) options.onExit({ code, signal, log: this.#log });
      };
      // Both of them, since a program that cannot be started has no exit.
      child.once('error', (error) => {
        this.#log += error.message;
        ended(null, null);
      });
      child.once('close', ended);
    });
    this.#read(child.stderr, options.onLog);
  }

  /** Starts a server and resolves when it takes connections. */
  static async start(
    binaries: Binaries,
    cluster: Cluster,
    runtime: RuntimeDir,
    options: PostmasterOptions,
  ): Promise<Postmaster> {
    let started = false;
    const postmaster = new Postmaster(binaries, cluster, runtime, {
      ...options,
      onExit: (exit) => {
        if (started) options.onExit(exit);
      },
    });
    const deadline = Date.now() + START_MS;
    while (postmaster.#running) {
      const status = await cluster.status();
      if (status?.pid === postmaster.#child.pid && status?.ready) break;
      if (Date.now() > deadline) {
        await postmaster.stop();
        throw embeddedFailed({ step: 'start', reason: `not ready after ${START_MS} ms\n${postmaster.#log}` });
      }
      await sleep(POLL_MS);
    }
    if (!postmaster.#running) throw embeddedFailed({ step: 'start', reason: postmaster.#log.trim() });
    started = true;
    // The server does not keep the application alive; when it ends, the server is stopped.
    postmaster.#child.unref();
    (postmaster.#child.stderr as unknown as { unref?(): void } | null)?.unref?.();
    return postmaster;
  }

  /** Ends all connections and resolves when the process is gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    // The event loop has to stay alive until the process has gone.
    this.#child.ref();
    for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
      if (!this.#running) break;
      this.signal(signal);
      const patience = new AbortController();
      await Promise.race([
        this.#exited,
        sleep(STOP_MS, undefined, { signal: patience.signal }).catch(() => undefined),
      ]);
      patience.abort();
    }
    await this.#exited;
  }

  /** SIGINT is a fast shutdown, SIGQUIT an immediate one. */
  signal(signal: NodeJS.Signals): void {
    if (this.#running && this.#child.pid !== undefined) sendSignal(this.#child.pid, signal);
  }

  #read(stream: Readable | null, onLog: (line: string) => void): void {
    let rest = '';
    stream?.setEncoding('utf8').on('data', (text: string) => {
      this.#log = (this.#log + text).slice(-LOG_LIMIT);
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLog(line);
    });
  }
}

function serverArguments(runtime: RuntimeDir, durable: boolean): string[] {
  const settings = {
    listen_addresses: '',
    port: SOCKET_PORT,
    unix_socket_directories: runtime.path,
    unix_socket_permissions: '0700',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_destination: 'stderr',
    // Errors of statements reach whoever sent them; repeating them here would fill the log.
    log_min_messages: 'log',
    log_checkpoints: 'off',
    shared_buffers: '64MB',
    max_wal_size: '256MB',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
