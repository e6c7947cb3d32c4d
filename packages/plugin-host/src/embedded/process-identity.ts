import { execFile } from 'node:child_process';
import { readFile, readlink, realpath } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** One run of one program. Numbers of processes are used again; with the start time beside it, one is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in whatever unit the system counts; compared for equality only. */
  readonly startedAt: number;
}

/** Which process goes by this number now. A zombie counts as gone. */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const startedAt = process.platform === 'linux' ? await startFromProc(pid) : await startFromPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

export async function isRunning({ pid, startedAt }: ProcessIdentity): Promise<boolean> {
  return (await identify(pid))?.startedAt === startedAt;
}

/**
 * Whether the process is a Postgres server that works in `clusterDir`. After a crash of the machine, or in a
 * restarted container, the number a `postmaster.pid` names may belong to anything.
 */
export async function isPostmasterOf(pid: number, clusterDir: string): Promise<boolean> {
  if (!(await identify(pid))) return false;
  try {
    if (process.platform === 'linux') {
      return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(clusterDir));
    }
    const { stdout } = await run('ps', ['-o', 'command=', '-p', String(pid)]);
    return stdout.includes(clusterDir);
  } catch {
    return false;
  }
}

async function startFromProc(pid: number): Promise<number | undefined> {
  let stat: string;
  try {
    stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses and may itself hold blanks and parentheses.
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // Field 22 of the line: the start in ticks since boot.
  return state === 'Z' ? undefined : Number(rest[18]);
}

async function startFromPs(pid: number): Promise<number | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    });
    const [state = '', ...date] = stdout.trim().split(/\s+/);
    const startedAt = Date.parse(`${date.join(' ')} UTC`);
    return state.startsWith('Z') || Number.isNaN(startedAt) ? undefined : startedAt / 1000;
  } catch {
    return undefined;
  }
}
