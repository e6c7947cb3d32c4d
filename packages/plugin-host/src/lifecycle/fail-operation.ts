import { isHostError } from '../foundation/errors/index.js';
import type { Fault } from '../foundation/faults.js';
import { reasonOf } from './hook.js';
import type { LifecycleServices } from './lifecycle-services.js';
import type { Operation } from './operations.js';

/**
 * Closes the journal entry of an operation that failed and, where a hook of the plugin was the cause, files the
 * fault. Never throws: the caller is on its way to throw `error`, which must not be replaced by a lesser one.
 */
export async function failOperation(
  { operations, faults, logger }: Pick<LifecycleServices, 'operations' | 'faults' | 'logger'>,
  operation: Operation,
  error: unknown,
): Promise<void> {
  const { key, kind, id } = operation;
  const code = isHostError(error) ? error.code : 'INTERNAL';
  if (code === 'HOOK_FAILED' || code === 'HOOK_TIMEOUT' || code === 'ENTRY_THREW') {
    const fault: Fault = { key, kind: 'hook', callback: hookOf(error) ?? kind, error };
    faults.report(fault);
  }
  try {
    await operations.finish(operation, 'aborted', { code, message: reasonOf(error) });
  } catch (cause) {
    // The entry stays open until the next start settles it.
    logger.error({ ...key, operation: id, err: cause }, 'an operation could not be closed');
  }
  logger.warn(
    { ...key, operation: id, code },
    `${kind} of plugin "${key.pluginId}" failed: ${reasonOf(error)}`,
  );
}

const hookOf = (error: unknown): string | undefined => {
  const hook = isHostError(error) ? error.details.hook : undefined;
  return typeof hook === 'string' ? hook : undefined;
};
