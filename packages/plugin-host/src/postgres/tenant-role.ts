import { createHash } from 'node:crypto';
import { tenantRoleUnusable } from '../foundation/errors/index.js';
import type { Connection } from './connection.js';
import { quoteIdentifier, quoteLiteral } from './quote.js';
import { HOST_SCHEMA } from './schema.js';

/** The login the host uses, and what it may do, as far as tenants' roles need it. */
export interface HostLogin {
  readonly database: string;
  /** Who may become a tenant's role: the login, and where the pool sets another role, that one too. */
  readonly names: readonly string[];
  readonly superuser: boolean;
  /** Without it tenants have no roles of their own. */
  readonly createsRoles: boolean;
  /** Whether memberships carry options: Postgres 16 and later. */
  readonly grantsOptions: boolean;
}

/** What there is of a tenant in the database. */
export interface TenantState {
  /** Of the schema; null where there is none. */
  readonly owner: string | null;
  readonly hasRole: boolean;
  /** Whether the role is one the host must not use: somebody may log in as it, or it has powers. */
  readonly mighty: boolean;
  /** Whether the login may become the role. */
  readonly member: boolean;
  /** Whether something in the schema belongs to somebody else: an earlier version of the host made it. */
  readonly strangers: boolean;
  readonly filed: boolean;
}

const HASH_DIGITS = 32;
const DATABASE_DIGITS = 8;
const READABLE = 18;

/**
 * The role that owns a tenant's schema and runs the plugins' SQL there: `vw_5d41402a_acme_` and a hash. Roles belong
 * to the whole cluster, so the database is in the name, and in the hash together with the schema: 128 bits,
 * which no two tenants of any two databases share. 63 bytes at most.
 */
export function tenantRole(database: string, schema: string): string {
  // No name holds a NUL, so no two pairs are one text.
  const hash = digest(`${database}\0${schema}`).slice(0, HASH_DIGITS);
  const readable = schema
    .replace(/^plugins_/, '')
    .replace(/[^A-Za-z0-9_-]/g, '_')
    .slice(0, READABLE);
  return `vw_${digest(database).slice(0, DATABASE_DIGITS)}_${readable}_${hash}`;
}

const digest = (text: string): string => createHash('sha256').update(text, 'utf16le').digest('hex');

/** Ends with the transaction. Roles are made by one process at a time; `CREATE … IF NOT EXISTS` is not enough. */
export const ROLE_LOCK = `SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(${quoteLiteral(`${HOST_SCHEMA} roles`)}, 0))`;

export async function readHostLogin(connection: Connection): Promise<HostLogin> {
  const { rows } = await connection.query({
    text: `SELECT pg_catalog.current_database()::text AS database, current_user::text AS "user",
        session_user::text AS login, u.rolsuper AS superuser, u.rolsuper OR u.rolcreaterole AS creates,
        pg_catalog.current_setting('server_version_num')::int >= 160000 AS options
      FROM pg_catalog.pg_roles u WHERE u.rolname = current_user`,
  });
  const { database, user, login, superuser, creates, options } = rows[0] as Record<string, unknown>;
  return {
    database: String(database),
    names: [...new Set([String(login), String(user)])],
    superuser: superuser === true,
    createsRoles: creates === true,
    grantsOptions: options === true,
  };
}

export async function readTenantState(
  connection: Connection,
  { tenant, schema, role }: { tenant: string; schema: string; role: string },
): Promise<TenantState> {
  const { rows } = await connection.query({
    text: `SELECT pg_catalog.pg_get_userbyid(n.nspowner)::text AS owner, r.oid IS NOT NULL AS "hasRole",
        COALESCE(r.rolcanlogin OR r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolbypassrls
          OR r.rolreplication, false) AS mighty,
        COALESCE(pg_catalog.pg_has_role(session_user, r.oid, m.kind) AND pg_catalog.pg_has_role(r.oid, m.kind), false)
          AS member,
        n.oid IS NOT NULL AND r.oid IS NOT NULL AND (
          EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relowner <> r.oid)
          OR EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.pronamespace = n.oid AND p.proowner <> r.oid)
          OR EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.typnamespace = n.oid AND t.typowner <> r.oid)
        ) AS strangers,
        EXISTS (SELECT FROM plugin_host.plugin_tenants t
          WHERE t.tenant = $3 AND t.schema = $1::name AND (t.role = $2::name OR r.oid IS NULL)) AS filed
      FROM (SELECT CASE WHEN pg_catalog.current_setting('server_version_num')::int >= 160000
          THEN 'SET' ELSE 'MEMBER' END AS kind) m
      LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = $1::name
      LEFT JOIN pg_catalog.pg_roles r ON r.rolname = $2::name`,
    values: [schema, role, tenant],
  });
  return rows[0] as unknown as TenantState;
}

/**
 * Makes the role and lets the login become it, without inheriting its rights where Postgres can tell these apart.
 *
 * @throws TENANT_ROLE_UNUSABLE
 */
export async function provideRole(
  connection: Connection,
  role: string,
  { host, state }: { host: HostLogin; state: TenantState },
): Promise<void> {
  if (state.mighty) {
    throw tenantRoleUnusable({ role, reason: 'it may log in or has powers a tenant must not have' });
  }
  const name = quoteIdentifier(role);
  // What it inherits is nothing: it is a member of no other role.
  if (!state.hasRole) await connection.query({ text: `CREATE ROLE ${name} NOLOGIN` });
  if (state.member || host.superuser) return;
  const grantees = host.names.map(quoteIdentifier).join(', ');
  const options = host.grantsOptions ? ' WITH INHERIT FALSE, SET TRUE' : '';
  try {
    await connection.query({ text: `GRANT ${name} TO ${grantees}${options}` });
  } catch (cause) {
    throw tenantRoleUnusable(
      {
        role,
        reason: `the host's login may not become it. As whoever made it, run: GRANT ${name} TO ${grantees}${options}`,
      },
      { cause },
    );
  }
}

/** Takes temporary tables from everybody but whom they are granted to, where the login owns the database. */
export async function withholdTemporaryTables(
  connection: Connection,
  role: string,
  { database }: HostLogin,
): Promise<void> {
  const { rows } = await connection.query({
    text: `SELECT FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()
      AND pg_catalog.pg_has_role(d.datdba, 'USAGE') AND pg_catalog.has_database_privilege($1::name, d.oid, 'TEMP')`,
    values: [role],
  });
  if (rows.length === 0) return;
  await connection.query({ text: `REVOKE TEMP ON DATABASE ${quoteIdentifier(database)} FROM PUBLIC` });
}

/**
 * Gives a schema an earlier version of the host made, and all that is in it, to the role.
 *
 * @throws TENANT_ROLE_UNUSABLE where it belongs to somebody the login has no rights of
 */
export async function adoptSchema(
  connection: Connection,
  { schema, role }: { schema: string; role: string },
  { host, owner }: { host: HostLogin; owner: string },
): Promise<void> {
  const names = { schema: quoteIdentifier(schema), role: quoteIdentifier(role) };
  // To give something away one needs the rights of whoever has it, which the login does not inherit.
  const others = host.superuser ? [] : await strangers(connection, schema, [role, ...host.names]);
  const lent = host.grantsOptions ? await withoutRights(connection, [...others, owner, role]) : [];
  const grantees = host.names.map(quoteIdentifier).join(', ');
  try {
    for (const name of lent) {
      await connection.query({ text: `GRANT ${quoteIdentifier(name)} TO ${grantees} WITH INHERIT TRUE` });
    }
    await connection.query({ text: `GRANT USAGE, CREATE ON SCHEMA ${names.schema} TO ${names.role}` });
    for (const object of await ownedObjects(connection, schema, role)) {
      await connection.query({ text: `ALTER ${object} OWNER TO ${names.role}` });
    }
    await connection.query({ text: `ALTER SCHEMA ${names.schema} OWNER TO ${names.role}` });
    for (const name of lent) {
      await connection.query({ text: `GRANT ${quoteIdentifier(name)} TO ${grantees} WITH INHERIT FALSE` });
    }
  } catch (cause) {
    const reason = `schema ${names.schema} cannot be given to it: ${(cause as Error).message}`;
    throw tenantRoleUnusable({ role, reason }, { cause });
  }
}

/** Those whose rights the login does not have as it is. */
async function withoutRights(connection: Connection, roles: readonly string[]): Promise<string[]> {
  const { rows } = await connection.query({
    text: `SELECT rolname::text AS name FROM pg_catalog.pg_roles
      WHERE rolname = ANY ($1::name[]) AND NOT pg_catalog.pg_has_role(oid, 'USAGE')`,
    values: [roles],
  });
  return rows.map((row) => String(row.name));
}

/** Owners, other than `known`, of what is in the schema. */
async function strangers(
  connection: Connection,
  schema: string,
  known: readonly string[],
): Promise<string[]> {
  const { rows } = await connection.query({
    text: `SELECT DISTINCT pg_catalog.pg_get_userbyid(o.owner)::text AS owner FROM (
        SELECT relowner AS owner, relnamespace AS within FROM pg_catalog.pg_class
        UNION ALL SELECT proowner, pronamespace FROM pg_catalog.pg_proc
        UNION ALL SELECT typowner, typnamespace FROM pg_catalog.pg_type
      ) o JOIN pg_catalog.pg_namespace n ON n.oid = o.within AND n.nspname = $1
      WHERE pg_catalog.pg_get_userbyid(o.owner) <> ALL ($2::name[])`,
    values: [schema, known],
  });
  return rows.map((row) => String(row.owner));
}

/** What in the schema has an owner of its own other than the role, as ALTER names it. */
async function ownedObjects(connection: Connection, schema: string, role: string): Promise<string[]> {
  const { rows } = await connection.query({
    text: `SELECT o.object FROM (
        SELECT c.relnamespace AS within, c.relowner AS owner, pg_catalog.format('%s %I.%I',
          CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
            WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END, $1::text, c.relname) AS object
        FROM pg_catalog.pg_class c
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
          -- A sequence of a column goes with its table.
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass
            AND d.objid = c.oid AND d.deptype IN ('a', 'i') AND c.relkind = 'S')
        UNION ALL
        SELECT p.pronamespace, p.proowner, pg_catalog.format('ROUTINE %I.%I(%s)', $1::text, p.proname,
          pg_catalog.pg_get_function_identity_arguments(p.oid))
        FROM pg_catalog.pg_proc p
        UNION ALL
        SELECT t.typnamespace, t.typowner, pg_catalog.format('TYPE %I.%I', $1::text, t.typname)
        FROM pg_catalog.pg_type t WHERE t.typtype IN ('d', 'e', 'r')
      ) o
      JOIN pg_catalog.pg_namespace n ON n.oid = o.within AND n.nspname = $1
      WHERE pg_catalog.pg_get_userbyid(o.owner) <> $2`,
    values: [schema, role],
  });
  return rows.map((row) => String(row.object));
}
