import {
  type HostError,
  isHostError,
  multipleStatements,
  permissionDenied,
  queryFailed,
  queryTimeout,
} from '../foundation/errors/index.js';

/** SQLSTATEs this host acts upon. */
const READ_ONLY = '25006';
const IDLE_IN_TRANSACTION = '25P03';
const SYNTAX_ERROR = '42601';
const LOCK_NOT_AVAILABLE = '55P03';
const QUERY_CANCELED = '57014';

/** What `pg` adds to the errors the server sends. */
interface ServerError extends Error {
  readonly code?: string;
  /** The C function that raised it. Unlike the message, it is never translated. */
  readonly routine?: string;
}

/** Whether the connection is of no further use: lost, shut down, or in a state nobody knows. */
export function isConnectionFailure(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall !== undefined) return true;
  // `pg` gave up waiting, the server did not stop working.
  if (error.message === 'Query read timeout') return true;
  return code !== undefined && /^(08...|57P0.|25P0[34])$/.test(code);
}

export const isIdleTimeout = (error: Error): boolean => (error as ServerError).code === IDLE_IN_TRANSACTION;

/** The error of a plugin's statement, as the plugin and its administrator get to read it. The database's own is the cause. */
export function toQueryError(
  error: unknown,
  context: { pluginId: string; readOnly: boolean; statementMs: number; lockMs: number },
): HostError {
  if (isHostError(error)) return error;
  const { code: sqlState, routine, message: reason } = error as ServerError;
  const options = { cause: error };
  switch (sqlState) {
    case QUERY_CANCELED:
      return queryTimeout({ ms: context.statementMs }, options);
    case LOCK_NOT_AVAILABLE:
      // NOWAIT has the same code, but has not waited.
      if (routine === 'ProcessInterrupts') return queryTimeout({ ms: context.lockMs }, options);
      break;
    case READ_ONLY:
      if (!context.readOnly) break;
      return permissionDenied(
        { pluginId: context.pluginId, member: 'db.query', required: ['database:write'] },
        options,
      );
    case SYNTAX_ERROR:
      // "cannot insert multiple commands into a prepared statement", in any language.
      if (routine === 'exec_parse_message') return multipleStatements({}, options);
      break;
  }
  return queryFailed({ reason, ...(sqlState === undefined ? {} : { sqlState }) }, options);
}
