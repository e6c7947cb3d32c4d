import { isHostError } from '../foundation/errors/index.js';
import type { Denial, Fault, Faults } from '../foundation/faults.js';
import type { HostLogger } from '../foundation/logger.js';
import type { PluginKey } from '../foundation/plugin-key.js';
import { toPromise } from '../foundation/thenable.js';
import type { ErrorLog, ErrorRecord } from '../records/error-log.js';
import { reasonOf, toCause } from './hook.js';

/** What an administrator should hear about at once (§14.1). */
export interface Alert extends PluginKey {
  readonly code: string;
  readonly message: string;
  readonly callback: string;
  /** What the host did: `none` where the plugin runs on. */
  readonly action: 'disabled' | 'none';
  readonly at: Date;
}

export interface FaultPolicyOptions {
  readonly logger: HostLogger;
  readonly errors: ErrorLog;
  /** Masks live secrets in text. */
  readonly redact: (text: string) => string;
  /** The stack of what was thrown, with the plugin's own sources in it. */
  readonly mapStack: (thrown: unknown) => string;
  readonly onAlert?: ((alert: Alert) => void) | undefined;
  /** Takes an instance out of service for good. */
  readonly onUncaught: (key: PluginKey, record: ErrorRecord) => void;
}

/** Our errors whose cause is the plugin's own. That of others is the database's or Node's, and knows nothing of the plugin. */
const WRAPPERS: ReadonlySet<string> = new Set(['HOOK_FAILED', 'ENTRY_THREW']);

/**
 * What is done about a fault (design decision 9): every fault is logged and stored; one caught at a callback
 * boundary changes nothing else; a failed hook has already stopped the operation it belongs to; one that
 * escaped every boundary disables the plugin for that tenant.
 */
export class FaultPolicy implements Faults {
  readonly #options: FaultPolicyOptions;
  readonly #denials = new Map<string, number>();

  constructor(options: FaultPolicyOptions) {
    this.#options = options;
  }

  report(fault: Fault): void {
    const { key, kind, callback } = fault;
    const record = this.describe(fault);
    this.#options.logger.error(
      { ...key, kind, callback, code: record.code, stack: record.stack },
      `plugin "${key.pluginId}" failed in ${callback}: ${record.message}`,
    );
    this.#options.errors.record(key, record);
    if (kind === 'contained') return;
    if (kind === 'uncaught') this.#options.onUncaught(key, record);
    this.#alert({
      ...key,
      code: record.code,
      message: record.message,
      callback,
      action: kind === 'uncaught' ? 'disabled' : 'none',
      at: record.at,
    });
  }

  denied({ key, member, required }: Denial): void {
    const id = JSON.stringify([key.tenant, key.pluginId, member]);
    const count = (this.#denials.get(id) ?? 0) + 1;
    this.#denials.set(id, count);
    this.#options.logger.warn(
      { ...key, code: 'PERMISSION_DENIED', member, required, count },
      `plugin "${key.pluginId}" was denied ${member}`,
    );
  }

  /** How often each member was refused to a plugin since this process started. */
  denials({ tenant, pluginId }: PluginKey): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const [id, count] of this.#denials) {
      const [ofTenant, ofPlugin, member] = JSON.parse(id) as [string, string, string];
      if (ofTenant === tenant && ofPlugin === pluginId) counts[member] = count;
    }
    return counts;
  }

  /** A fault as it is stored and shown: the plugin's own error rather than our wrapping of it, secrets masked. */
  describe({ kind, callback, error: thrown }: Fault): ErrorRecord {
    const { redact, mapStack } = this.#options;
    const error = toCause(thrown);
    const wraps = isHostError(error) && WRAPPERS.has(error.code) && error.cause instanceof Error;
    const origin = wraps ? error.cause : error;
    const stack = origin instanceof Error ? redact(mapStack(origin)) : null;
    return {
      kind,
      callback,
      code: isHostError(error) ? error.code : 'PLUGIN_ERROR',
      message: redact(reasonOf(origin)),
      stack,
      at: new Date(),
    };
  }

  #alert(alert: Alert): void {
    const failed = (error: unknown) =>
      this.#options.logger.error({ err: error }, 'onAlert of the application threw');
    try {
      // Typed as returning nothing, yet an application may well give an async function.
      toPromise(this.#options.onAlert?.(alert))?.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
