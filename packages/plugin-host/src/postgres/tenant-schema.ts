import { createHash } from 'node:crypto';
import { tenantSchemaInvalid } from '../foundation/errors/index.js';
import { Connection } from './connection.js';
import { CORE_SCHEMA, CoreTables } from './core-tables.js';
import type { PgPool } from './pg-pool.js';
import { quoteIdentifier, setLocal } from './quote.js';
import { HOST_SCHEMA } from './schema.js';
import {
  adoptSchema,
  type HostLogin,
  provideRole,
  ROLE_LOCK,
  readHostLogin,
  readTenantState,
  type TenantState,
  tenantRole,
  withholdTemporaryTables,
} from './tenant-role.js';

/** Postgres cuts longer names off without a word. */
const IDENTIFIER_BYTES = 63;
const PREFIX = 'plugins_';
/** 128 bits: nobody finds two tenants that share them. */
const HASH_DIGITS = 32;
/** How long dropping a tenant waits for plugins' statements that are under way, in ms. */
const DROP_LOCK_MS = 10_000;
const UNIQUE_VIOLATION = '23505';

/**
 * The schema of a tenant's plugin tables: `plugins_acme`. Where the tenant's name is too long or holds more than
 * ASCII letters, digits, `_` and `-`, a hash of it takes the place of what was left out, so that no two tenants
 * ever share a schema.
 */
export function tenantSchema(tenant: string): string {
  const plain = /^[A-Za-z0-9_-]+$/.test(tenant) && PREFIX.length + tenant.length <= IDENTIFIER_BYTES;
  // A tenant that looks as if it had a hash could be another one's.
  if (plain && !/_[0-9a-f]{32}$/.test(tenant)) return `${PREFIX}${tenant}`;
  // utf16le: a lone surrogate has no UTF-8, and all of them would have the same hash.
  const hash = createHash('sha256').update(tenant, 'utf16le').digest('hex').slice(0, HASH_DIGITS);
  const room = IDENTIFIER_BYTES - PREFIX.length - 1 - HASH_DIGITS;
  return `${PREFIX}${tenant.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, room)}_${hash}`;
}

/** Where and as whom a tenant's plugin SQL runs. */
export interface TenantSpace {
  readonly schema: string;
  /** Owns the schema and everything in it. Absent where the host's login may not create roles. */
  readonly role: string | undefined;
  /** What of it a statement needs to be set, beside the limits. */
  readonly settings: Readonly<Record<string, string>>;
}

/** The schemas and roles that keep tenants' tables apart. */
export class TenantSchemas {
  readonly #pool: PgPool;
  readonly #name: (tenant: string) => string;
  readonly #core: CoreTables;
  readonly #ready = new Map<string, Promise<TenantSpace>>();
  #host: HostLogin | undefined;
  #creating: Promise<unknown> = Promise.resolve();

  constructor(options: {
    pool: PgPool;
    /** Names a tenant's schema: differently for each tenant, always the same for one. Default {@link tenantSchema}. */
    tenantSchema?: ((tenant: string) => string) | undefined;
    /** What of the application's tables plugins see. Default nothing. */
    core?: CoreTables | undefined;
  }) {
    this.#pool = options.pool;
    this.#name = options.tenantSchema ?? tenantSchema;
    this.#core = options.core ?? new CoreTables();
  }

  /**
   * The name of the tenant's schema, whether or not it is there. To be quoted.
   *
   * @throws TENANT_SCHEMA_INVALID
   */
  readonly schemaOf = (tenant: string): string => {
    const schema = this.#name(tenant);
    const reason = objection(schema);
    if (reason) throw tenantSchemaInvalid({ tenant, schema: String(schema), reason });
    return schema;
  };

  /**
   * Creates the tenant's role and schema, unless they are there. In a transaction of its own, so that nothing else
   * waits for whoever is first, and no rollback takes it away from others. A schema made by an earlier version of the
   * host is given to the role, with all it holds.
   *
   * @throws TENANT_SCHEMA_INVALID, TENANT_ROLE_UNUSABLE, CORE_TABLE_INVALID, DB_UNAVAILABLE
   */
  ensure(tenant: string): Promise<TenantSpace> {
    let ready = this.#ready.get(tenant);
    if (!ready) {
      ready = this.#open(tenant);
      this.#ready.set(tenant, ready);
      ready.catch(() => this.forget(tenant));
    }
    return ready;
  }

  /** For when the schema or its role turns out to be gone: the next {@link ensure} looks again. */
  forget(tenant: string): void {
    this.#ready.delete(tenant);
  }

  /**
   * Deletes the tenant's schema with everything in it, its role, and what the host knows of both. Neither is ever
   * deleted otherwise. The tenant's plugins must not be running: a later statement makes both anew, empty. Does
   * nothing where there is nothing.
   *
   * @throws TENANT_SCHEMA_INVALID, DB_UNAVAILABLE, Postgres' error where the login may not
   */
  async drop(tenant: string): Promise<void> {
    const schema = this.schemaOf(tenant);
    await this.#connected((connection, host) =>
      inTransaction(connection, () => remove(connection, { tenant, schema }, host)),
    );
    this.forget(tenant);
  }

  async #open(tenant: string): Promise<TenantSpace> {
    const schema = this.schemaOf(tenant);
    const { role, complete } = await this.#connected(async (connection, host) => {
      await this.#core.ensure(connection);
      const names = { tenant, schema, role: tenantRole(host.database, schema) };
      const state = await readTenantState(connection, names);
      // Without CREATEROLE, one an administrator has made will do.
      const role = host.createsRoles || state.member ? names.role : undefined;
      return { role, complete: isComplete(state, role) };
    });
    if (!complete) {
      // One after another: they wait for each other anyway, and need no connection for that.
      this.#creating = this.#creating.then(() =>
        this.#connected((connection, host) =>
          inTransaction(connection, () => provide(connection, { tenant, schema, role }, host)),
        ),
      );
      const created = this.#creating;
      this.#creating = created.catch(() => {});
      await created;
    }
    return this.#space(tenant, schema, role);
  }

  async #connected<T>(work: (connection: Connection, host: HostLogin) => Promise<T>): Promise<T> {
    const connection = await Connection.open(this.#pool);
    try {
      return await work(connection, await this.#login(connection));
    } finally {
      connection.close();
    }
  }

  async #login(connection: Connection): Promise<HostLogin> {
    this.#host ??= await readHostLogin(connection);
    return this.#host;
  }

  #space(tenant: string, schema: string, role: string | undefined): TenantSpace {
    // Temporary tables, last, cannot shadow what is there.
    const path = [quoteIdentifier(schema), ...(this.#core.tables.size > 0 ? [CORE_SCHEMA] : []), 'pg_temp'];
    const who: Record<string, string> = role === undefined ? { 'plugin_host.tenant': tenant } : { role };
    return { schema, role, settings: { search_path: path.join(', '), ...who } };
  }
}

const isComplete = (state: TenantState, role: string | undefined): boolean =>
  state.filed &&
  state.owner !== null &&
  (role === undefined || (state.owner === role && state.member && !state.mighty && !state.strangers));

/** Brings about what is missing, by one process at a time. */
async function provide(
  connection: Connection,
  names: { tenant: string; schema: string; role: string | undefined },
  host: HostLogin,
): Promise<void> {
  const { tenant, schema, role } = names;
  const looked = { tenant, schema, role: role ?? tenantRole(host.database, schema) };
  // Another process may have been at it while this one waited for the lock.
  const state = await readTenantState(connection, looked);
  if (role !== undefined) {
    await provideRole(connection, role, { host, state });
    await withholdTemporaryTables(connection, role, host);
  }
  if (state.owner === null) {
    const owner = role === undefined ? '' : ` AUTHORIZATION ${quoteIdentifier(role)}`;
    await connection.query({ text: `CREATE SCHEMA ${quoteIdentifier(schema)}${owner}` });
  } else if (role !== undefined && (state.owner !== role || state.strangers)) {
    await adoptSchema(connection, { schema, role }, { host, owner: state.owner });
  }
  try {
    await connection.query({
      text: `INSERT INTO ${HOST_SCHEMA}.plugin_tenants (tenant, schema, role) VALUES ($1, $2, $3)
        ON CONFLICT (tenant) DO UPDATE SET schema = excluded.schema, role = excluded.role`,
      values: [tenant, schema, role ?? null],
    });
  } catch (error) {
    if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
    throw tenantSchemaInvalid({ tenant, schema, reason: 'another tenant has it' }, { cause: error });
  }
}

async function remove(
  connection: Connection,
  { tenant, schema }: { tenant: string; schema: string },
  host: HostLogin,
): Promise<void> {
  const role = tenantRole(host.database, schema);
  await connection.query({ text: setLocal({ lock_timeout: DROP_LOCK_MS }) });
  const state = await readTenantState(connection, { tenant, schema, role });
  if (state.hasRole) {
    const owner = quoteIdentifier(role);
    await provideRole(connection, role, { host, state });
    // As the role: the login has no rights on what is the tenant's.
    await connection.query({ text: `SET LOCAL ROLE ${owner}; DROP OWNED BY ${owner} CASCADE; RESET ROLE` });
  }
  await connection.query({ text: `DROP SCHEMA IF EXISTS ${quoteIdentifier(schema)} CASCADE` });
  if (state.hasRole) await connection.query({ text: `DROP ROLE ${quoteIdentifier(role)}` });
  for (const table of ['plugin_tables', 'plugin_tenants']) {
    await connection.query({
      text: `DELETE FROM ${HOST_SCHEMA}.${table} WHERE tenant = $1`,
      values: [tenant],
    });
  }
}

async function inTransaction<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
  try {
    await connection.query({ text: `BEGIN; ${ROLE_LOCK}` });
    const result = await work();
    await connection.query({ text: 'COMMIT' });
    return result;
  } catch (error) {
    // A connection that is lost has rolled back by itself.
    await connection.query({ text: 'ROLLBACK' }).catch(() => {});
    throw error;
  }
}

function objection(schema: unknown): string | undefined {
  if (typeof schema !== 'string' || schema === '') return 'it is not a name';
  if (schema.includes('\0')) return 'it holds a NUL character';
  const bytes = Buffer.byteLength(schema);
  if (bytes > IDENTIFIER_BYTES) return `it is ${bytes} bytes long`;
  if (/^pg_/i.test(schema)) return 'names with pg_ belong to Postgres';
  if ([HOST_SCHEMA, CORE_SCHEMA, 'public', 'information_schema'].includes(schema))
    return 'it is in use for other things';
  return undefined;
}
