/** Budgets and sizes. Every time is in ms, every size in bytes. */
export interface Limits {
  /** How long a lifecycle hook may run. Default 60_000. On expiry the plugin is disabled with HOOK_TIMEOUT. */
  readonly hookMs: number;
  /** How long one event handler may run before `emit` stops waiting for it. Default 30_000. */
  readonly eventHandlerMs: number;
  /** How long one filter may run before its value is left out. Default 30_000. */
  readonly filterMs: number;
  /** How long the application's `authenticate` may take. Default 10_000; then the caller is not signed in. */
  readonly authenticateMs: number;
  /** How long a plugin's route handler may take to answer. Default 30_000; then 504 PLUGIN_TIMEOUT. */
  readonly routeMs: number;
  /** How long one statement of a plugin may run. Default 30_000; then QUERY_TIMEOUT. */
  readonly statementMs: number;
  /** How long a plugin's statement waits for a lock. Default 5_000. */
  readonly lockMs: number;
  /** How long `context.db.transaction` may take as a whole. Default 30_000; then it is rolled back. */
  readonly transactionMs: number;
  /** How long a transaction may stand idle between statements. Default 5_000; then TRANSACTION_IDLE. */
  readonly idleInTransactionMs: number;
  /** Rows one query of a plugin may return. Default 50_000; then RESULT_TOO_LARGE. */
  readonly resultRows: number;
  /** Bytes one query of a plugin may return. Default 32 MB; then RESULT_TOO_LARGE. */
  readonly resultBytes: number;
  /** How long disabling waits for calls in flight. Default 10_000. */
  readonly drainMs: number;
  /** How long the registry may take to answer. Default 10_000. */
  readonly registryMs: number;
  /** How long a download may take in all. Default 300_000. */
  readonly downloadMs: number;
  /** How long a download may stand still. Default 30_000. */
  readonly downloadIdleMs: number;
  /** Redirects followed before a download is refused. Default 5. */
  readonly redirects: number;
  /** Size of a downloaded package. Default 50 MB (§9.4). */
  readonly packageBytes: number;
  /** Size of a registry document. Default 16 MB. */
  readonly registryBytes: number;
  /** Size of a package once unpacked. Default 200 MB. */
  readonly unpackedBytes: number;
  /** Entries of a package. Default 10_000. */
  readonly packageEntries: number;
  /** Inflated size over compressed size of one entry above 1 MB. Default 200. */
  readonly compressionRatio: number;
  /** Body of a request to the host's own endpoints and to plugin routes. Default 1 MB. */
  readonly bodyBytes: number;
  /** One metadata value. Default 1 MB. */
  readonly metadataBytes: number;
  /** Errors kept per plugin. Default 50. */
  readonly errorHistory: number;
  /** How deep events may emit events. Default 16; then EVENT_RECURSION. */
  readonly eventDepth: number;
}

const MB = 1024 * 1024;

export const DEFAULT_LIMITS: Limits = {
  hookMs: 60_000,
  eventHandlerMs: 30_000,
  filterMs: 30_000,
  authenticateMs: 10_000,
  routeMs: 30_000,
  statementMs: 30_000,
  lockMs: 5_000,
  transactionMs: 30_000,
  idleInTransactionMs: 5_000,
  resultRows: 50_000,
  resultBytes: 32 * MB,
  drainMs: 10_000,
  registryMs: 10_000,
  downloadMs: 300_000,
  downloadIdleMs: 30_000,
  redirects: 5,
  packageBytes: 50 * MB,
  registryBytes: 16 * MB,
  unpackedBytes: 200 * MB,
  packageEntries: 10_000,
  compressionRatio: 200,
  bodyBytes: MB,
  metadataBytes: MB,
  errorHistory: 50,
  eventDepth: 16,
};
