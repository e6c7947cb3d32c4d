import { type ColumnType, type Generated, Kysely, PostgresDialect, sql } from 'kysely';
import type pg from 'pg';

type Timestamp = ColumnType<Date, Date | undefined, Date>;

interface ProjectsTable {
  id: Generated<number>;
  tenant: string;
  name: string;
  description: string | null;
  created_at: Timestamp;
  updated_at: Timestamp;
}

interface RisksTable {
  id: Generated<number>;
  tenant: string;
  title: string;
  severity: string;
  projectId: number | null;
  created_at: Timestamp;
  updated_at: Timestamp;
}

interface UsersTable {
  id: number;
  tenant: string;
  email: string | null;
  name: string | null;
}

export interface AppDatabase {
  projects: ProjectsTable;
  risks: RisksTable;
  users: UsersTable;
}

/** The application's own tables, in schema `app`, each with a tenant column. */
export async function openAppDatabase(pool: pg.Pool): Promise<Kysely<AppDatabase>> {
  const db = new Kysely<AppDatabase>({ dialect: new PostgresDialect({ pool }) }).withSchema('app');
  await db.transaction().execute(async (trx) => {
    // Processes of a cluster start at the same time, and CREATE … IF NOT EXISTS alone does not survive that.
    await sql`SELECT pg_advisory_xact_lock(hashtext('example-app'))`.execute(trx);
    await sql`CREATE SCHEMA IF NOT EXISTS app`.execute(trx);
    await sql`CREATE TABLE IF NOT EXISTS app.users (
      id integer PRIMARY KEY, tenant text NOT NULL, email text, name text)`.execute(trx);
    await sql`CREATE TABLE IF NOT EXISTS app.projects (
      id serial PRIMARY KEY, tenant text NOT NULL, name text NOT NULL, description text,
      created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now())`.execute(
      trx,
    );
    await sql`CREATE TABLE IF NOT EXISTS app.risks (
      id serial PRIMARY KEY, tenant text NOT NULL, title text NOT NULL, severity text NOT NULL,
      "projectId" integer REFERENCES app.projects ON DELETE SET NULL,
      created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now())`.execute(
      trx,
    );
  });
  return db;
}
