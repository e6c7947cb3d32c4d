import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import { operationInProgress } from '../foundation/errors/index.js';
import type { PluginKey } from '../foundation/plugin-key.js';
import type { HostDatabase, OperationsTable } from '../postgres/schema.js';
import { toStorableJson } from '../records/storable-text.js';

export type OperationKind = OperationsTable['kind'];

/** Who asked for a change: a signed-in user, or the host itself. */
export interface Actor {
  readonly userId: number | string;
  readonly email?: string;
  readonly name?: string;
}

export const SYSTEM_ACTOR: Actor = { userId: 0 };

/** One journaled change of one plugin of one tenant. */
export interface Operation {
  readonly id: string;
  readonly key: PluginKey;
  readonly kind: OperationKind;
}

const UNIQUE_VIOLATION = '23505';

/** The journal of changes. A unique index lets one unfinished operation through per (tenant, plugin); the rest get 409. */
export class Operations {
  readonly #db: Kysely<HostDatabase>;
  /** Names this process in the rows it opens. */
  readonly process: string;

  constructor(db: Kysely<HostDatabase>, process: string) {
    this.#db = db;
    this.process = process;
  }

  /** @throws OPERATION_IN_PROGRESS */
  async open(
    key: PluginKey,
    kind: OperationKind,
    actor: Actor,
    sha: { from?: string; to?: string } = {},
  ): Promise<Operation> {
    const operation: Operation = { id: randomUUID(), key, kind };
    try {
      await this.#db
        .insertInto('plugin_operations')
        .values({
          id: operation.id,
          tenant: key.tenant,
          plugin_id: key.pluginId,
          kind,
          phase: 'preparing',
          from_sha: sha.from ?? null,
          to_sha: sha.to ?? null,
          actor: toStorableJson(actor),
          process: this.process,
          result: JSON.stringify(null),
        })
        .execute();
    } catch (error) {
      if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
      const running = await this.#running(key);
      throw operationInProgress(
        {
          pluginId: key.pluginId,
          ...(running ? { operationId: running.id, kind: running.kind, since: running.since } : {}),
        },
        { cause: error },
      );
    }
    return operation;
  }

  async #running({
    tenant,
    pluginId,
  }: PluginKey): Promise<{ id: string; kind: string; since: string } | undefined> {
    const row = await this.#db
      .selectFrom('plugin_operations')
      .select(['id', 'kind', 'started_at'])
      .where('tenant', '=', tenant)
      .where('plugin_id', '=', pluginId)
      .where('finished_at', 'is', null)
      .executeTakeFirst();
    return row && { id: row.id, kind: row.kind, since: row.started_at.toISOString() };
  }

  /**
   * Records which package the operation leads to, before anything refers to it: collection leaves it alone.
   *
   * @throws OPERATION_IN_PROGRESS where the operation is no longer this process's to go on with
   */
  async stage(operation: Operation, sha256: string, db = this.#db): Promise<void> {
    await this.#advance(db, operation, { phase: 'staged', to_sha: sha256 });
  }

  /**
   * Marks the change as made, inside the transaction that makes it.
   *
   * @throws OPERATION_IN_PROGRESS where the operation is no longer this process's to commit
   */
  async commit(db: Kysely<HostDatabase>, operation: Operation): Promise<void> {
    await this.#advance(db, operation, { phase: 'committed' });
  }

  async #advance(
    db: Kysely<HostDatabase>,
    operation: Operation,
    change: { phase: 'staged' | 'committed'; to_sha?: string },
  ): Promise<void> {
    const { numUpdatedRows } = await db
      .updateTable('plugin_operations')
      .set(change)
      .where('id', '=', operation.id)
      .where('process', '=', this.process)
      .where('finished_at', 'is', null)
      .executeTakeFirst();
    if (numUpdatedRows !== 1n) throw operationInProgress({ pluginId: operation.key.pluginId });
  }

  /** Closes the entry. One that was settled meanwhile stays as it is. */
  async finish(
    operation: Operation,
    outcome: 'done' | 'aborted',
    result: object | null = null,
  ): Promise<void> {
    await this.#db
      .updateTable('plugin_operations')
      .set({ phase: outcome, finished_at: new Date(), result: toStorableJson(result) })
      .where('id', '=', operation.id)
      .where('finished_at', 'is', null)
      .execute();
  }

  /** Ends what a process that died left open: what was committed is done, the rest never happened. Returns how many. */
  async settleAbandoned(): Promise<number> {
    const { numUpdatedRows } = await this.#db
      .updateTable('plugin_operations')
      .set((row) => ({
        phase: row
          .case()
          .when('phase', '=', 'committed')
          .then('done' as const)
          .else('aborted' as const)
          .end(),
        finished_at: new Date(),
        result: JSON.stringify({ reason: 'the host process ended' }),
      }))
      .where('finished_at', 'is', null)
      .where('process', '!=', this.process)
      .executeTakeFirst();
    return Number(numUpdatedRows);
  }
}
