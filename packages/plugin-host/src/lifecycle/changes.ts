import type { Kysely } from 'kysely';
import { hasCode, hostNotReady, isHostError } from '../foundation/errors/index.js';
import type { Faults } from '../foundation/faults.js';
import type { HostLogger } from '../foundation/logger.js';
import { formatPluginKey, type PluginKey } from '../foundation/plugin-key.js';
import type { HostDatabase } from '../postgres/schema.js';
import type { Transactions } from '../postgres/transaction.js';
import { reasonOf } from './hook.js';
import type { Actor, Operation, OperationKind, Operations } from './operations.js';
import { Turns } from './turns.js';

export interface ChangesOptions {
  readonly db: Kysely<HostDatabase>;
  readonly transactions: Transactions;
  readonly operations: Operations;
  readonly faults: Faults;
  readonly logger: HostLogger;
}

/** Failures of the plugin's own, which go to its errors as well. */
const HOOK_FAULTS: ReadonlySet<string> = new Set(['HOOK_FAILED', 'HOOK_TIMEOUT', 'ENTRY_THREW']);

/**
 * What every change of a plugin has in common: an entry in the journal, a turn in this process, one transaction
 * that makes it, and none of it before the host has started or once it stops.
 */
export class Changes {
  readonly turns = new Turns();
  readonly #options: ChangesOptions;
  /** Plugins with a journal entry this process works on. */
  readonly #running = new Set<string>();
  #open = false;

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  open(): void {
    this.#open = true;
  }

  /** Refuses what comes from now on. What has its turn goes on: see {@link Turns.settled}. */
  close(): void {
    this.#open = false;
  }

  /**
   * Does `work` under an entry in the journal, which says afterwards how it ended.
   *
   * @throws OPERATION_IN_PROGRESS, HOST_NOT_READY, and what `work` throws, whatever else goes wrong on top of it
   */
  async run(
    key: PluginKey,
    kind: OperationKind,
    actor: Actor,
    work: (operation: Operation) => Promise<void>,
  ): Promise<Operation> {
    this.#refuseClosed();
    const operation = await this.#begin(key, kind, actor);
    try {
      await work(operation);
      await this.#end(operation, 'done');
    } catch (error) {
      await this.#fail(operation, error);
      throw error;
    } finally {
      this.#running.delete(formatPluginKey(key));
    }
    return operation;
  }

  /**
   * Does `work` while nothing else happens to the plugin here, nor to those it depends on: what holds when it begins
   * holds until it ends.
   *
   * @throws HOST_NOT_READY
   */
  inTurn<T>({ key }: Operation, dependencies: readonly string[], work: () => Promise<T>): Promise<T> {
    const others = dependencies.map((pluginId) => ({ tenant: key.tenant, pluginId }));
    return this.turns.take([key, ...others], () => {
      this.#refuseClosed();
      return work();
    });
  }

  /** Makes the change: what `work` writes and the journal are committed together or not at all. */
  async commit<T>(
    operation: Operation,
    work: (db: Kysely<HostDatabase>) => Promise<T>,
    /** Whether the plugin's hook that runs inside may make and drop tables. Default false. */
    { schemaChanges = false }: { schemaChanges?: boolean } = {},
  ): Promise<T> {
    const { transactions, operations } = this.#options;
    const made: T[] = [];
    try {
      return await transactions.run(
        async (db) => {
          const result = await work(db);
          await operations.commit(db, operation);
          made.push(result);
          return result;
        },
        { plugin: operation.key, schemaChanges },
      );
    } catch (error) {
      const [result] = made;
      if (hasCode(error, 'COMMIT_UNKNOWN') && (await this.#isCommitted(operation))) return result as T;
      throw error;
    }
  }

  #refuseClosed(): void {
    if (!this.#open) throw hostNotReady({});
  }

  async #begin(key: PluginKey, kind: OperationKind, actor: Actor): Promise<Operation> {
    const { operations } = this.#options;
    const id = formatPluginKey(key);
    if (this.#running.has(id)) return operations.open(key, kind, actor);
    this.#running.add(id);
    try {
      // An entry of this process that nobody works on: it could not be closed when the database was away.
      return await operations.open(key, kind, actor).catch(async (error: unknown) => {
        if (!hasCode(error, 'OPERATION_IN_PROGRESS') || !(await this.#settleLeftOver(key))) throw error;
        return operations.open(key, kind, actor);
      });
    } catch (error) {
      this.#running.delete(id);
      throw error;
    }
  }

  async #settleLeftOver(key: PluginKey): Promise<boolean> {
    const { db, operations } = this.#options;
    const left = await db
      .selectFrom('plugin_operations')
      .select(['id', 'kind', 'phase'])
      .where('tenant', '=', key.tenant)
      .where('plugin_id', '=', key.pluginId)
      .where('process', '=', operations.process)
      .where('finished_at', 'is', null)
      .executeTakeFirst();
    if (!left) return false;
    const outcome = left.phase === 'committed' ? 'done' : 'aborted';
    await operations.finish({ id: left.id, key, kind: left.kind }, outcome, {
      reason: 'the database was away',
    });
    return true;
  }

  /** Waits for the lost connection's own COMMIT, which may still be under way on the server. */
  async #isCommitted({ id, key }: Operation): Promise<boolean> {
    const { db, logger } = this.#options;
    try {
      const row = await db
        .selectFrom('plugin_operations')
        .select('phase')
        .where('id', '=', id)
        .forUpdate()
        .executeTakeFirst();
      return row?.phase === 'committed';
    } catch (error) {
      logger.error({ ...key, operation: id, err: error }, 'whether an operation was committed is not known');
      return false;
    }
  }

  async #fail(operation: Operation, error: unknown): Promise<void> {
    const { faults, logger } = this.#options;
    const { key, kind, id } = operation;
    const code = isHostError(error) ? error.code : 'INTERNAL';
    if (isHostError(error) && HOOK_FAULTS.has(code)) {
      const { hook } = error.details;
      faults.report({ key, kind: 'hook', callback: typeof hook === 'string' ? hook : kind, error });
    }
    await this.#end(operation, 'aborted', { code, message: reasonOf(error) });
    logger.warn(
      { ...key, operation: id, code },
      `${kind} of plugin "${key.pluginId}" failed: ${reasonOf(error)}`,
    );
  }

  /** Never throws: what has happened has happened. An entry left open is settled by the next change or start. */
  async #end(operation: Operation, outcome: 'done' | 'aborted', result: object | null = null): Promise<void> {
    const { operations, logger } = this.#options;
    try {
      await operations.finish(operation, outcome, result);
    } catch (error) {
      const { key, id } = operation;
      logger.error({ ...key, operation: id, err: error }, 'an operation could not be closed');
    }
  }
}
