import { databaseRoleUnsafe } from '../foundation/errors/index.js';
import { Connection } from './connection.js';
import type { PgPool } from './pg-pool.js';

/** The login the host uses. */
export interface HostRole {
  readonly name: string;
  /** What makes it unable to keep tenants apart: `a superuser`, `BYPASSRLS`, `a member of "admin", which is a superuser`. */
  readonly unsafe: string | undefined;
}

/**
 * Looks at the login the pool connects as. Superusers and roles with BYPASSRLS see every tenant's rows whatever
 * the database is told; so can whoever may become one by `SET ROLE`.
 *
 * @throws DB_ROLE_UNSAFE unless `allowUnsafe`, DB_UNAVAILABLE
 */
export async function checkRole(pool: PgPool, { allowUnsafe = false } = {}): Promise<HostRole> {
  const connection = await Connection.open(pool);
  try {
    const { rows } = await connection.query({
      text: `SELECT session_user::text AS login, rolname::text AS role, rolsuper AS superuser, rolbypassrls AS bypass
        FROM pg_catalog.pg_roles
        WHERE rolname = session_user OR pg_catalog.pg_has_role(session_user, oid, 'MEMBER')
        ORDER BY rolname <> session_user, rolname`,
    });
    const login = rows[0]?.login as string;
    const unsafe = rows.find(({ superuser, bypass }) => superuser || bypass);
    if (!unsafe) return { name: login, unsafe: undefined };
    const attribute = unsafe.superuser ? 'a superuser' : 'BYPASSRLS';
    const reason = unsafe.role === login ? attribute : `a member of "${unsafe.role}", which is ${attribute}`;
    if (!allowUnsafe) throw databaseRoleUnsafe({ role: login, attribute: reason });
    return { name: login, unsafe: reason };
  } finally {
    connection.close();
  }
}
