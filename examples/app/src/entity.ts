import type { TenantApi } from '@verifywise/plugin-host';
import type { FilterName } from '@verifywise/plugin-types';
import type { Kysely, Selectable } from 'kysely';
import type { AppDatabase } from './database.js';
import { type AppRequest, type AppResponse, type AppRoute, failure, success } from './route.js';

/** One kind of thing the application keeps: how it is checked, stored, filtered and announced. */
export interface Entity<Table extends 'projects' | 'risks'> {
  readonly table: Table;
  /** Singular, as events and payloads name it. */
  readonly name: 'project' | 'risk';
  readonly filter: FilterName;
  /** The fields a client may write, taken from the body; a string says what is wrong with it. */
  readonly read: (body: Record<string, unknown>, isNew: boolean) => Record<string, unknown> | string;
}

type Row = Selectable<AppDatabase['projects']> | Selectable<AppDatabase['risks']>;

/** `GET|POST /api/{table}` and `GET|PUT|DELETE /api/{table}/:id`, emitting the entity's events and passing its filter. */
export function entityRoutes<Table extends 'projects' | 'risks'>(
  entity: Entity<Table>,
  db: Kysely<AppDatabase>,
  tenantOf: (tenant: string) => TenantApi,
): AppRoute[] {
  const { name, filter } = entity;
  // Two tables of one shape: which columns there are is `read`'s concern, so the queries are typed as one of them.
  const table = entity.table as 'projects';
  const path = `/api/${entity.table}`;
  const notFound = failure(
    404,
    `${name.toUpperCase()}_NOT_FOUND`,
    `There is no such ${name}.`,
    'Check its id.',
  );

  const find = async ({ identity, params }: AppRequest): Promise<Row | undefined> => {
    const id = Number(params.id);
    if (!Number.isInteger(id) || id < 1 || id > 2 ** 31 - 1) return undefined;
    return db
      .selectFrom(table)
      .selectAll()
      .where('tenant', '=', identity.tenant)
      .where('id', '=', id)
      .executeTakeFirst();
  };

  const announce = (
    request: AppRequest,
    event: 'created' | 'updated' | 'deleted',
    row: Row,
    extra: object = {},
  ) => {
    const { id, email, name: userName } = request.identity.user;
    // Which of the typed events it is, is only known at run time.
    const eventName: string = `${name}:${event}`;
    return tenantOf(request.identity.tenant).events.emit(eventName, {
      [`${name}Id`]: row.id,
      ...('projectId' in row ? { projectId: row.projectId } : {}),
      [name]: row,
      ...('name' in row && { projectName: row.name }),
      ...extra,
      triggeredBy: {
        userId: Number(id),
        ...(email ? { email } : {}),
        ...(userName ? { name: userName } : {}),
      },
    });
  };

  /** The checked body after the plugins' filter has seen it. */
  const prepare = async (
    request: AppRequest,
    before: Row | undefined,
  ): Promise<Record<string, unknown> | AppResponse> => {
    const body = (typeof request.body === 'object' && request.body !== null ? request.body : {}) as Record<
      string,
      unknown
    >;
    const fields = entity.read(body, before === undefined);
    if (typeof fields === 'string') return failure(400, 'BODY_INVALID', fields, 'Correct the field named.');
    const { tenant, user } = request.identity;
    const candidate = { ...before, ...fields };
    const filtered = await tenantOf(tenant).filters.apply<string>(filter, {
      [name]: candidate,
      projectId: 'projectId' in candidate ? candidate.projectId : null,
      userId: Number(user.id),
      isNew: before === undefined,
    });
    const changed = entity.read((filtered[name] ?? {}) as Record<string, unknown>, before === undefined);
    return typeof changed === 'string' ? fields : changed;
  };
  const isResponse = (value: Record<string, unknown> | AppResponse): value is AppResponse =>
    'status' in value && 'body' in value;

  return [
    {
      method: 'GET',
      path,
      handle: async ({ identity }) =>
        success(
          200,
          await db
            .selectFrom(table)
            .selectAll()
            .where('tenant', '=', identity.tenant)
            .orderBy('id')
            .execute(),
        ),
    },
    {
      method: 'POST',
      path,
      handle: async (request) => {
        const fields = await prepare(request, undefined);
        if (isResponse(fields)) return fields;
        const row = await db
          .insertInto(table)
          .values({ ...fields, tenant: request.identity.tenant } as never)
          .returningAll()
          .executeTakeFirstOrThrow();
        await announce(request, 'created', row);
        return success(201, row);
      },
    },
    {
      method: 'GET',
      path: `${path}/:id`,
      handle: async (request) => {
        const row = await find(request);
        return row ? success(200, row) : notFound;
      },
    },
    {
      method: 'PUT',
      path: `${path}/:id`,
      handle: async (request) => {
        const before = await find(request);
        if (!before) return notFound;
        const fields = await prepare(request, before);
        if (isResponse(fields)) return fields;
        const row = await db
          .updateTable(table)
          .set({ ...fields, updated_at: new Date() } as never)
          .where('tenant', '=', request.identity.tenant)
          .where('id', '=', before.id)
          .returningAll()
          .executeTakeFirst();
        if (!row) return notFound;
        await announce(request, 'updated', row, { changes: changesBetween(before, row) });
        return success(200, row);
      },
    },
    {
      method: 'DELETE',
      path: `${path}/:id`,
      handle: async (request) => {
        const row = await find(request);
        if (!row) return notFound;
        await db
          .deleteFrom(table)
          .where('tenant', '=', request.identity.tenant)
          .where('id', '=', row.id)
          .execute();
        await announce(request, 'deleted', row);
        return success(200, row);
      },
    },
  ];
}

/** §17.4: before and after of each field that changed. */
function changesBetween(before: object, after: object): Record<string, { before: unknown; after: unknown }> {
  const was = before as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(after)
      .filter(
        ([field, value]) => field !== 'updated_at' && JSON.stringify(was[field]) !== JSON.stringify(value),
      )
      .map(([field, value]) => [field, { before: was[field], after: value }]),
  );
}
