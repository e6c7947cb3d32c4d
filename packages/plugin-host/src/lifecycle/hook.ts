import type { Plugin, PluginContext } from '@verifywise/plugin-types';
import { runAttributed } from '../foundation/attribution.js';
import { hookFailed, hookTimeout, isHostError } from '../foundation/errors/index.js';
import type { PluginKey } from '../foundation/plugin-key.js';
import { withTimeout } from '../foundation/timeout.js';

/** The lifecycle hooks of §5.1. */
export type Hook = 'onInstall' | 'onUninstall' | 'onLoad' | 'onUnload' | 'onEnable' | 'onDisable';

/** What was thrown, in words. Plugins throw anything: objects without a text, errors whose message is a getter. Never throws. */
export function reasonOf(thrown: unknown): string {
  try {
    const message =
      typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, 'message') : undefined;
    return typeof message === 'string' ? message : String(thrown);
  } catch {
    return 'something that cannot be shown was thrown';
  }
}

/**
 * What was thrown, fit to be looked at. A plugin may throw what throws again at every look, such as a proxy or an
 * error whose stack is a trap; its words then stand for it.
 */
export function toCause(thrown: unknown): unknown {
  try {
    // Both are what the host goes on to do with it.
    isHostError(thrown);
    if (!(thrown instanceof Error) || typeof thrown.stack === 'string') return thrown;
  } catch {}
  const reason = reasonOf(thrown);
  return Object.assign(new Error(reason), { stack: reason });
}

/**
 * Runs one hook in its frame and budget. A hook the plugin does not have is done at once.
 *
 * @throws HOOK_FAILED with the plugin's error as cause, HOOK_TIMEOUT
 */
export async function runHook(
  plugin: Plugin,
  hook: Hook,
  { key, context, ms }: { key: PluginKey; context: PluginContext; ms: number },
): Promise<void> {
  const { pluginId } = key;
  let timeout: Error | undefined;
  try {
    if (!plugin[hook]) return;
    await withTimeout(
      // The call itself is inside an async function, so that a hook that throws at once is a rejection like any other.
      runAttributed({ key, callback: hook, depth: 0 }, async () => plugin[hook]?.(context)),
      ms,
      () => {
        timeout = hookTimeout({ pluginId, hook, ms });
        return timeout;
      },
    );
  } catch (error) {
    if (timeout) throw timeout;
    throw hookFailed({ pluginId, hook, reason: reasonOf(error) }, { cause: toCause(error) });
  }
}
