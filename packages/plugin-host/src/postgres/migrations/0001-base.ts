import { type Kysely, sql } from 'kysely';

/** Packages, installations, operations, configuration, metadata, errors. Runs inside schema `plugin_host`. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const statements = [
    sql`CREATE TABLE plugin_packages (
      sha256 text PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
      plugin_id text NOT NULL,
      version text NOT NULL,
      size integer NOT NULL,
      files jsonb NOT NULL,
      manifest jsonb NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    )`,
    sql`CREATE TABLE plugin_package_chunks (
      sha256 text NOT NULL REFERENCES plugin_packages ON DELETE CASCADE,
      n integer NOT NULL,
      bytes bytea NOT NULL CHECK (length(bytes) <= 1048576),
      PRIMARY KEY (sha256, n)
    )`,
    sql`CREATE TABLE plugin_installations (
      tenant text NOT NULL,
      plugin_id text NOT NULL,
      active_sha text NOT NULL REFERENCES plugin_packages,
      previous_sha text REFERENCES plugin_packages,
      enabled boolean NOT NULL DEFAULT false,
      status text NOT NULL DEFAULT 'ok' CHECK (status IN ('ok', 'error', 'quarantined')),
      trust text NOT NULL CHECK (trust IN ('builtin', 'verified', 'manual', 'development', 'modified')),
      generation integer NOT NULL DEFAULT 1,
      last_error jsonb,
      installed_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant, plugin_id)
    )`,
    sql`CREATE INDEX plugin_installations_active_sha ON plugin_installations (active_sha)`,
    sql`CREATE INDEX plugin_installations_previous_sha ON plugin_installations (previous_sha)`,
    sql`CREATE TABLE plugin_operations (
      id uuid PRIMARY KEY,
      tenant text NOT NULL,
      plugin_id text NOT NULL,
      kind text NOT NULL,
      phase text NOT NULL CHECK (phase IN ('preparing', 'staged', 'committed', 'done', 'aborted')),
      from_sha text,
      to_sha text,
      actor jsonb,
      process text NOT NULL,
      started_at timestamptz NOT NULL DEFAULT now(),
      finished_at timestamptz,
      result jsonb
    )`,
    // One change of one plugin of one tenant at a time; survives crashes and can be looked at.
    sql`CREATE UNIQUE INDEX plugin_operations_open ON plugin_operations (tenant, plugin_id) WHERE finished_at IS NULL`,
    sql`CREATE INDEX plugin_operations_history ON plugin_operations (tenant, plugin_id, started_at DESC)`,
    sql`CREATE TABLE plugin_config (
      tenant text NOT NULL,
      plugin_id text NOT NULL,
      key text NOT NULL,
      value jsonb NOT NULL,
      updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant, plugin_id, key)
    )`,
    sql`CREATE TABLE plugin_metadata (
      tenant text NOT NULL,
      plugin_id text NOT NULL,
      entity_type text NOT NULL,
      entity_id bigint NOT NULL CHECK (entity_id >= 0),
      key text NOT NULL,
      value jsonb NOT NULL,
      updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant, plugin_id, entity_type, entity_id, key)
    )`,
    sql`CREATE INDEX plugin_metadata_by_key ON plugin_metadata (tenant, plugin_id, entity_type, key text_pattern_ops)`,
    sql`CREATE TABLE plugin_tables (
      tenant text NOT NULL,
      plugin_id text NOT NULL,
      name text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant, name)
    )`,
    sql`CREATE TABLE plugin_errors (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      tenant text NOT NULL,
      plugin_id text NOT NULL,
      kind text NOT NULL,
      callback text NOT NULL,
      code text NOT NULL,
      message text NOT NULL,
      stack text,
      at timestamptz NOT NULL DEFAULT now()
    )`,
    sql`CREATE INDEX plugin_errors_by_plugin ON plugin_errors (tenant, plugin_id, id DESC)`,
    sql`CREATE TABLE secrets_canary (
      kid text PRIMARY KEY,
      envelope text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    )`,
  ];
  for (const statement of statements) await statement.execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of [
    'secrets_canary',
    'plugin_errors',
    'plugin_tables',
    'plugin_metadata',
    'plugin_config',
    'plugin_operations',
    'plugin_installations',
    'plugin_package_chunks',
    'plugin_packages',
  ]) {
    await db.schema.dropTable(table).execute();
  }
}
