import { chown, stat } from 'node:fs/promises';

/** The user the server runs as. */
export interface ServerAccount {
  /** Whether that is another user than this process's: Postgres refuses to run as root. */
  readonly switched: boolean;
  /** What `spawn` needs to start a program as that user. */
  readonly spawn: { readonly uid?: number; readonly gid?: number };
}

/** `nobody` on most systems. It needs no entry in `/etc/passwd`. */
const UNPRIVILEGED = 65534;

/** For a data directory that exists, its owner: a database begun without root can be gone on with as root. */
export async function serverAccount(clusterDir: string): Promise<ServerAccount> {
  if (process.getuid?.() !== 0) return { switched: false, spawn: {} };
  const { uid, gid } = await stat(clusterDir).catch(() => ({ uid: UNPRIVILEGED, gid: UNPRIVILEGED }));
  return { switched: true, spawn: { uid, gid } };
}

/** Makes the file or folder the account's own. */
export async function giveTo({ spawn: { uid, gid } }: ServerAccount, path: string): Promise<void> {
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
}
