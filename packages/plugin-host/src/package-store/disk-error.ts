import { diskFull } from '../foundation/errors/index.js';

interface SystemError {
  readonly code?: string;
  readonly syscall?: string;
}

/** What the system answers where a file or folder is gone, or something else stands in its place. */
const REPLACED: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENXIO']);

export const isReplaced = (error: unknown): boolean => REPLACED.has((error as SystemError).code);

/**
 * DISK_FULL for whatever the system refused: no space, no permission, too many open files, a read-only disk.
 * Other errors stay as they are. The path is left out of the message, since that reaches users.
 */
export function toDiskError(error: unknown): unknown {
  const { code, syscall } = error as SystemError;
  if (code === undefined || syscall === undefined) return error;
  return diskFull({ reason: `${syscall} failed with ${code}` }, { cause: error });
}
