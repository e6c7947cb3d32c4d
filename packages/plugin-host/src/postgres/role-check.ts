import { databasePrivilegeMissing, databaseRoleUnsafe } from '../foundation/errors/index.js';
import { Connection } from './connection.js';
import type { PgPool, PgResult } from './pg-pool.js';
import { quoteIdentifier } from './quote.js';

/** The login the host uses. */
export interface HostRole {
  readonly name: string;
  /**
   * What makes it unable to keep tenants apart: `a superuser`, `BYPASSRLS`, `a member of "admin", which is a superuser`,
   * or the privilege it lacks with the protection that is therefore absent.
   */
  readonly unsafe: string | undefined;
}

interface Lack {
  readonly privilege: string;
  readonly protection: string;
  readonly grant: string;
}

/**
 * Looks at the login the pool connects as. Superusers and roles with BYPASSRLS see every tenant's rows whatever
 * the database is told; so can whoever may become one by `SET ROLE`. A login that may not create roles cannot give
 * tenants theirs, and one that may not create schemas cannot keep their tables apart.
 *
 * @throws DB_ROLE_UNSAFE and DB_PRIVILEGE_MISSING unless `allowUnsafe`, DB_UNAVAILABLE
 */
export async function checkRole(pool: PgPool, { allowUnsafe = false } = {}): Promise<HostRole> {
  const connection = await Connection.open(pool);
  try {
    const { rows } = await connection.query({
      text: `SELECT session_user::text AS login, rolname::text AS role, rolsuper AS superuser, rolbypassrls AS bypass
        FROM pg_catalog.pg_roles
        WHERE rolname = session_user
          OR (rolsuper OR rolbypassrls) AND pg_catalog.pg_has_role(session_user, oid, 'MEMBER')
        ORDER BY rolname <> session_user, rolname`,
    });
    const login = rows[0]?.login as string;
    const might = mightOf(login, rows);
    if (might !== undefined && !allowUnsafe) throw databaseRoleUnsafe({ role: login, attribute: might });
    const [lack] = await missingPrivileges(connection);
    if (lack && !allowUnsafe) throw databasePrivilegeMissing({ role: login, ...lack });
    return { name: login, unsafe: might ?? (lack && `without ${lack.privilege}: ${lack.protection}`) };
  } finally {
    connection.close();
  }
}

function mightOf(login: string, rows: PgResult['rows']): string | undefined {
  const mighty = rows.find(({ superuser, bypass }) => superuser || bypass);
  if (!mighty) return undefined;
  const attribute = mighty.superuser ? 'a superuser' : 'BYPASSRLS';
  return mighty.role === login ? attribute : `a member of "${mighty.role}", which is ${attribute}`;
}

async function missingPrivileges(connection: Connection): Promise<Lack[]> {
  const { rows } = await connection.query({
    text: `SELECT current_user::text AS "user", pg_catalog.current_database()::text AS database,
        rolsuper OR rolcreaterole AS "createsRoles",
        pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS "createsSchemas"
      FROM pg_catalog.pg_roles WHERE rolname = current_user`,
  });
  const { user, database, createsRoles, createsSchemas } = rows[0] as Record<string, unknown>;
  const [role, db] = [quoteIdentifier(String(user)), quoteIdentifier(String(database))];
  const lacks: Lack[] = [];
  if (!createsSchemas) {
    lacks.push({
      privilege: `CREATE on database ${db}`,
      protection: 'tenants that have no schema yet cannot be given one, and their plugins’ SQL fails',
      grant: `GRANT CREATE ON DATABASE ${db} TO ${role}`,
    });
  }
  if (!createsRoles) {
    lacks.push({
      privilege: 'CREATEROLE',
      protection:
        'plugins’ SQL runs as this login, and the database does not keep it from other tenants’ tables and the host’s own',
      grant: `ALTER ROLE ${role} CREATEROLE`,
    });
  }
  return lacks;
}
