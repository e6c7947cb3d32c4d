import { createHash } from 'node:crypto';
import { tenantSchemaInvalid } from '../foundation/errors/index.js';
import { Connection } from './connection.js';
import type { PgPool } from './pg-pool.js';
import { quoteIdentifier, quoteLiteral } from './quote.js';
import { HOST_SCHEMA } from './schema.js';

/** Postgres cuts longer names off without a word. */
const IDENTIFIER_BYTES = 63;
const PREFIX = 'plugins_';
/** 128 bits: nobody finds two tenants that share them. */
const HASH_DIGITS = 32;

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

/** The schemas that keep tenants' tables apart. */
export class TenantSchemas {
  readonly #pool: PgPool;
  readonly #name: (tenant: string) => string;
  readonly #ready = new Map<string, Promise<void>>();

  constructor(options: {
    pool: PgPool;
    /** Names a tenant's schema: differently for each tenant, always the same for one. Default {@link tenantSchema}. */
    tenantSchema?: ((tenant: string) => string) | undefined;
  }) {
    this.#pool = options.pool;
    this.#name = options.tenantSchema ?? tenantSchema;
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
   * Creates the tenant's schema, unless it is there. In a transaction of its own, so that nothing else waits for
   * whoever is first, and no rollback takes it away from others.
   *
   * @throws TENANT_SCHEMA_INVALID, DB_UNAVAILABLE
   */
  async ensure(tenant: string): Promise<string> {
    const schema = this.schemaOf(tenant);
    let ready = this.#ready.get(schema);
    if (!ready) {
      ready = this.#create(schema);
      this.#ready.set(schema, ready);
      ready.catch(() => this.#ready.delete(schema));
    }
    await ready;
    return schema;
  }

  /** For when the schema turns out to be gone: the next {@link ensure} looks again. */
  forget(tenant: string): void {
    this.#ready.delete(this.schemaOf(tenant));
  }

  async #create(schema: string): Promise<void> {
    const connection = await Connection.open(this.#pool);
    try {
      const { rows } = await connection.query({
        text: 'SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1',
        values: [schema],
      });
      // Several statements in one message are one transaction, which ends the lock.
      if (rows.length === 0) await connection.query({ text: creation(schema).join('; ') });
    } finally {
      connection.close();
    }
  }
}

/** What makes a tenant's schema, to be run as one transaction by one process at a time. */
const creation = (schema: string): readonly string[] => [
  // IF NOT EXISTS alone fails when two processes create the same schema at once.
  `SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(${quoteLiteral(`${HOST_SCHEMA} ${schema}`)}, 0))`,
  `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`,
];

function objection(schema: unknown): string | undefined {
  if (typeof schema !== 'string' || schema === '') return 'it is not a name';
  if (schema.includes('\0')) return 'it holds a NUL character';
  const bytes = Buffer.byteLength(schema);
  if (bytes > IDENTIFIER_BYTES) return `it is ${bytes} bytes long`;
  if (/^pg_/i.test(schema)) return 'names with pg_ belong to Postgres';
  if ([HOST_SCHEMA, 'public', 'information_schema'].includes(schema)) return 'it is in use for other things';
  return undefined;
}
