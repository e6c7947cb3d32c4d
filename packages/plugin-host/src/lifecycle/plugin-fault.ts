import { isHostError } from '../foundation/errors/index.js';
import type { PluginKey } from '../foundation/plugin-key.js';
import type { ErrorRecord } from '../records/error-log.js';
import { reasonOf } from './hook.js';
import type { LastError } from './installations.js';
import type { LifecycleServices } from './lifecycle-services.js';

/** Faults of the plugin itself, as opposed to a refusal before it was touched. */
const PLUGIN_FAULTS: ReadonlySet<string> = new Set([
  'HOOK_FAILED',
  'HOOK_TIMEOUT',
  'ENTRY_THREW',
  'ENTRY_MISSING',
  'ENTRY_NOT_A_PLUGIN',
  'ENTRY_IS_ESM',
  'MODULE_NOT_FOUND',
  'MODULE_FORBIDDEN',
  'PACKAGE_LOST',
  'PACKAGE_MODIFIED',
  'SECRET_CORRUPT',
]);
export const isPluginFault = (error: unknown): boolean => isHostError(error) && PLUGIN_FAULTS.has(error.code);

/** An error record as the installation's row keeps it. */
export const lastErrorOf = ({ code, message, callback, stack, at }: ErrorRecord): LastError => ({
  code,
  message,
  at: at.toISOString(),
  callback,
  ...(stack === null ? {} : { stack }),
});

/** What `error` is shown as: the plugin's own words for its faults, the host's for a refusal. */
export function toLastError(
  { faults }: Pick<LifecycleServices, 'faults'>,
  key: PluginKey,
  error: unknown,
): LastError {
  if (!isPluginFault(error)) {
    return {
      code: isHostError(error) ? error.code : 'INTERNAL',
      message: reasonOf(error),
      at: new Date().toISOString(),
    };
  }
  const hook = isHostError(error) ? error.details.hook : undefined;
  return lastErrorOf(
    faults.describe({ key, kind: 'hook', callback: typeof hook === 'string' ? hook : 'load', error }),
  );
}

/** Writes a fault of the plugin to its row. Never throws: the error itself is what the caller goes on to report. */
export async function recordPluginFault(
  services: Pick<LifecycleServices, 'db' | 'faults' | 'installations' | 'logger'>,
  key: PluginKey,
  error: unknown,
  change: { enabled?: boolean } = {},
): Promise<void> {
  if (!isPluginFault(error)) return;
  try {
    await services.installations.update(services.db, key, {
      ...change,
      status: 'error',
      lastError: toLastError(services, key, error),
    });
  } catch (cause) {
    services.logger.error({ ...key, err: cause }, 'the last error of a plugin could not be stored');
  }
}
