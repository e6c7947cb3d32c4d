import type { ColumnType, Generated } from 'kysely';

/** The Postgres schema that holds the host's own tables. Plugins cannot reach it. */
export const HOST_SCHEMA = 'plugin_host';

type Timestamp = ColumnType<Date, Date | undefined, Date>;
/** A JSON column. Values are written as JSON text, so that `null`, strings and arrays keep their JSON meaning. */
type Json<T = unknown> = ColumnType<T, string, string>;

export interface PackagesTable {
  sha256: string;
  plugin_id: string;
  version: string;
  /** Bytes of the zip. */
  size: number;
  /** path → sha256 of the unpacked file. */
  files: Json<Record<string, string>>;
  manifest: Json;
  created_at: Timestamp;
}

export interface PackageChunksTable {
  sha256: string;
  n: number;
  /** At most 1 MB: one 48 MB value costs 300 MB of memory to read. */
  bytes: Buffer;
}

export interface InstallationsTable {
  tenant: string;
  plugin_id: string;
  active_sha: string;
  previous_sha: string | null;
  /** What should be. What is, lives in the process (design/1, sentence 2). */
  enabled: boolean;
  /** `ok`, or why the plugin is not running although it is enabled. */
  status: 'ok' | 'error' | 'quarantined';
  trust: 'builtin' | 'verified' | 'manual' | 'development' | 'modified';
  /** Counts this installation's changes. */
  generation: Generated<number>;
  last_error: Json<{ code: string; message: string; at: string; stack?: string; callback?: string } | null>;
  installed_at: Timestamp;
  updated_at: Timestamp;
}

export interface OperationsTable {
  id: string;
  tenant: string;
  plugin_id: string;
  kind: 'install' | 'enable' | 'disable' | 'uninstall' | 'auto-disable';
  phase: 'preparing' | 'staged' | 'committed' | 'done' | 'aborted';
  from_sha: string | null;
  to_sha: string | null;
  actor: Json;
  /** Names the host process that runs it. */
  process: string;
  started_at: Timestamp;
  finished_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  result: Json;
}

export interface ConfigTable {
  tenant: string;
  plugin_id: string;
  key: string;
  /** The value, or for a secret its envelope as a JSON string (design decision 28). */
  value: Json;
  updated_at: Timestamp;
}

export interface MetadataTable {
  tenant: string;
  plugin_id: string;
  entity_type: string;
  entity_id: number;
  key: string;
  value: Json;
  updated_at: Timestamp;
}

/** Which tables of the tenant's schema a plugin owns; ownership is a row here, never a name's prefix. */
export interface TablesTable {
  tenant: string;
  plugin_id: string;
  name: string;
  created_at: Timestamp;
}

/** Definitions of plugins' models: there again after a restart (design decision 20). */
export interface ModelsTable {
  tenant: string;
  plugin_id: string;
  name: string;
  table_name: string;
  definition: Json;
  updated_at: Timestamp;
}

export interface ErrorsTable {
  id: Generated<number>;
  tenant: string;
  plugin_id: string;
  kind: string;
  callback: string;
  code: string;
  message: string;
  stack: string | null;
  at: Timestamp;
}

export interface SecretsCanaryTable {
  kid: string;
  envelope: string;
  created_at: Timestamp;
}

/** Table names without the schema; the host's Kysely instance adds it with `withSchema`. */
export interface HostDatabase {
  plugin_packages: PackagesTable;
  plugin_package_chunks: PackageChunksTable;
  plugin_installations: InstallationsTable;
  plugin_operations: OperationsTable;
  plugin_config: ConfigTable;
  plugin_metadata: MetadataTable;
  plugin_tables: TablesTable;
  plugin_models: ModelsTable;
  plugin_errors: ErrorsTable;
  secrets_canary: SecretsCanaryTable;
}
