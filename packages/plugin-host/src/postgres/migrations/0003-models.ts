import { type Kysely, sql } from 'kysely';

/** Definitions of plugins' models. Runs inside schema `plugin_host`. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`CREATE TABLE plugin_models (
    tenant text NOT NULL,
    plugin_id text NOT NULL,
    name text NOT NULL,
    table_name text NOT NULL,
    definition jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, plugin_id, name)
  )`.execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('plugin_models').execute();
}
