/**
 * What the host uses of `pg`, so that its types are no part of the host's own. Any `pg.Pool` is a `PgPool`,
 * whichever copy of `pg` the application has.
 */
export interface PgPool {
  connect(): Promise<PgClient>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  end(): Promise<void>;
}

/** A connection checked out of a {@link PgPool}. */
export interface PgClient {
  query(query: PgQuery): Promise<PgResult>;
  /** Gives the connection back; `true` closes it instead. */
  release(destroy?: boolean): void;
  /** `I` outside a transaction, `T` in one, `E` in one that has failed. Older releases of `pg` lack it. */
  getTransactionStatus?(): string | null;
  on(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
}

export interface PgQuery {
  readonly text: string;
  readonly values?: unknown[];
  /** How values of a type become JavaScript. Default: as the application has set up `pg`. */
  readonly types?: PgTypes;
}

export interface PgTypes {
  // biome-ignore lint/suspicious/noExplicitAny: pg's own signature, which the structural type has to meet
  getTypeParser(oid: number, format?: any): (value: any) => unknown;
}

export interface PgResult {
  readonly command: string;
  /** Null for statements that do not count rows. */
  readonly rowCount: number | null;
  readonly rows: Record<string, unknown>[];
}
