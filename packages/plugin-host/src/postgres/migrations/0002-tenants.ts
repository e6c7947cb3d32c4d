import { type Kysely, sql } from 'kysely';

/** Which schema and which role each tenant has. Runs inside schema `plugin_host`. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // `name` is the type of current_user, so that looking a tenant up by its role uses the index.
  await sql`CREATE TABLE plugin_tenants (
    tenant text PRIMARY KEY,
    schema name NOT NULL UNIQUE,
    role name UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
  )`.execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  // The views of core tables, which read it, are made again by the next start of a host that has them.
  await sql`DROP TABLE plugin_tenants CASCADE`.execute(db);
}
