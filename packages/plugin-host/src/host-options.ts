import type { CoreModel } from './capabilities/models/core-models.js';
import type { Limits } from './foundation/limits.js';
import type { HostLogger } from './foundation/logger.js';
import type { PermissionMode } from './foundation/permissions.js';
import type { Authenticate } from './http/dispatch.js';
import type { Alert } from './lifecycle/fault-policy.js';
import type { CoreTable } from './postgres/core-tables.js';
import type { PgPool } from './postgres/pg-pool.js';

/** Where plugins come from (§8). */
export interface RegistryOptions {
  /** Address of `registry.json`: `https:`, or on this machine `http:` or `file:`. */
  readonly url: string;
  /** How long a copy is served before the registry is asked again, in ms. Default 15 minutes (§18.1). */
  readonly ttlMs?: number | undefined;
  /**
   * `host` or `host:port` packages may be downloaded from, beside github.com and *.githubusercontent.com. Naming a
   * host here is the only way to allow plain `http:` or an address of this machine. Default none.
   */
  readonly allowedHosts?: readonly string[] | undefined;
}

/** What an application tells the plugin host. Nothing is connected before `start()`. */
export interface PluginHostOptions {
  /** A `pg.Pool`, which stays the application's to end, or a connection string, whose pool the host makes and ends. */
  readonly database: PgPool | string;
  /** Says who sends a request. The only source of tenant and user: no header names a tenant. */
  readonly authenticate: Authenticate;
  /** Folder for unpacked packages. A cache: it may be deleted while the host is stopped, and is rebuilt. Default `.plugins`. */
  readonly dataDir?: string | undefined;
  /** The application's own version, which `compatibility.minVersion` of a plugin is compared with. Default `1.0.0`. */
  readonly hostVersion?: string | undefined;
  /**
   * `auto` brings the host's tables up to date at start; `check` refuses to start with SCHEMA_OUTDATED where they are
   * not. Default `auto`.
   */
  readonly migrate?: 'auto' | 'check' | undefined;
  /** 32 bytes as 64 hexadecimal or 44 base64 characters. Default `PLUGIN_SECRETS_KEY`. Without one secrets cannot be stored. */
  readonly secretsKey?: string | undefined;
  /** Keys that still decrypt what they encrypted. Default `PLUGIN_SECRETS_KEY_PREVIOUS`, comma-separated. */
  readonly previousSecretsKeys?: readonly string[] | undefined;
  /** Default: none, and the marketplace answers REGISTRY_NOT_CONFIGURED. */
  readonly registry?: RegistryOptions | undefined;
  /** `enforce` refuses what a manifest does not declare; `warn` logs it and lets it pass. Default `enforce`. */
  readonly permissions?: PermissionMode | undefined;
  /**
   * Start although the database login is superuser or BYPASSRLS, or may not create roles, so that the database keeps
   * no tenants apart. Default false.
   */
  readonly allowUnsafeDbRole?: boolean | undefined;
  /** Refuse to start when a plugin cannot. Default false: it is skipped, marked and reported (§14.3). */
  readonly strictStartup?: boolean | undefined;
  /** The Postgres schema a tenant's plugin tables live in. Must be injective. Default `plugins_` and the tenant, made safe. */
  readonly tenantSchema?: ((tenant: string) => string) | undefined;
  /**
   * Tables of the application that plugins' SQL may name: `{ projects: { schema: 'app', table: 'projects', tenantColumn:
   * 'tenant' } }`. They see their own tenant's rows, through views the host makes in schema `plugin_core`. Default none.
   */
  readonly coreTables?: Readonly<Record<string, CoreTable>> | undefined;
  /**
   * Tables of the application that plugins' models may read and refer to, by model name: `{ User: { table: 'users',
   * attributes: ['id', 'name'] } }` (§22.6). Default none: `getCoreModel` knows no model.
   */
  readonly coreModels?: Readonly<Record<string, CoreModel>> | undefined;
  /** Told at once when a plugin was disabled by its own fault, or a lifecycle hook failed (§14.1). */
  readonly onAlert?: ((alert: Alert) => void) | undefined;
  /** Default: pino to standard output. */
  readonly logger?: HostLogger | undefined;
  /** Budgets and sizes that differ from the defaults. */
  readonly limits?: Partial<Limits> | undefined;
}
