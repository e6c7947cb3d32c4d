import { currentFrame, type Frame, runUnattributed } from './attribution.js';
import { hasCode } from './errors/index.js';
import type { Fault, Faults } from './faults.js';
import type { PluginKey } from './plugin-key.js';

export interface ProcessFaultsOptions {
  readonly faults: Faults;
  /**
   * Who may have thrown, by the files the stack names: for what carries no frame. Every tenant that runs the code;
   * empty where the stack is not a plugin's.
   */
  readonly locate: (stack: string) => readonly PluginKey[];
  /**
   * Whether this host runs `key` now. Decides between several hosts in one process, and keeps code that outlived its
   * instance from disabling the next one: compare by identity with the keys of live instances. Default: it does.
   */
  readonly owns?: (key: PluginKey) => boolean;
}

/** Such an error shows a guard at work, not a broken plugin: it must not disable (§6.1). */
const GUARDS = ['PERMISSION_DENIED', 'CONTEXT_REVOKED'];

/** What escaped every boundary, as it is filed. */
export const uncaughtFault = ({ key, callback }: Pick<Frame, 'key' | 'callback'>, error: unknown): Fault => ({
  key,
  kind: GUARDS.some((code) => hasCode(error, code)) ? 'contained' : 'uncaught',
  callback,
  error,
});

/**
 * Takes uncaught exceptions and unhandled rejections of plugins out of the process's way (design decision 32).
 *
 * A fault belongs to the plugin in whose frame it happened, else to the plugin its stack names. Where several
 * tenants run that code and no frame says which of them it was, it is filed with each as `contained`: nobody is
 * disabled for what another may have done. Every other fault goes where it would have gone: to the application's
 * own listeners, or to Node's default, whatever `--unhandled-rejections` says.
 */
// A listener could do neither: its presence alone stops Node from ending the process, and the application's
// listeners would be called for plugins' faults too. So the event is intercepted where it is emitted.
export class ProcessFaults {
  readonly #options: ProcessFaultsOptions;

  constructor(options: ProcessFaultsOptions) {
    this.#options = options;
  }

  /** Idempotent. */
  open(): void {
    hosts.add(this);
    intercept();
  }

  /** Idempotent. The process is then as it was, once the last host has closed. */
  close(): void {
    hosts.delete(this);
    if (hosts.size === 0) release();
  }

  owns(key: PluginKey): boolean {
    return this.#options.owns?.(key) ?? true;
  }

  locate(stack: string): readonly PluginKey[] {
    return this.#options.locate(stack);
  }

  report(fault: Fault): void {
    runUnattributed(() => this.#options.faults.report(fault));
  }
}

const hosts = new Set<ProcessFaults>();

/** In the words an admin reads. */
const FATAL_EVENTS = { uncaughtException: 'uncaught exception', unhandledRejection: 'unhandled rejection' };
type FatalEvent = keyof typeof FATAL_EVENTS;

/** Whether the error was a plugin's, and has been reported. */
function claim(event: FatalEvent, error: unknown): boolean {
  const frame = currentFrame();
  if (frame) return claimFramed(frame, error);
  const stack = stackOf(error);
  if (stack === undefined) return false;
  for (const host of hosts) {
    const keys = host.locate(stack);
    for (const key of keys) {
      const fault = uncaughtFault({ key, callback: FATAL_EVENTS[event] }, error);
      const certain = keys.length === 1 && host.owns(key);
      host.report(certain ? fault : { ...fault, kind: 'contained' });
    }
    if (keys.length > 0) return true;
  }
  return false;
}

function claimFramed(frame: Frame, error: unknown): boolean {
  const fault = uncaughtFault(frame, error);
  for (const host of hosts) {
    if (!host.owns(frame.key)) continue;
    host.report(fault);
    return true;
  }
  // Left over from an instance that is gone. It must neither end the process nor disable its successor.
  const [first] = hosts;
  first?.report({ ...fault, kind: 'contained' });
  return first !== undefined;
}

function stackOf(error: unknown): string | undefined {
  try {
    const stack: unknown =
      typeof error === 'object' && error !== null && 'stack' in error ? error.stack : undefined;
    return typeof stack === 'string' ? stack : undefined;
  } catch {
    return undefined;
  }
}

/** With `--unhandled-rejections=strict` a rejection comes as an exception first, then once more under its own name. */
const claimedRejections = new WeakSet<object>();

function isClaimed(event: FatalEvent, error: unknown, origin: unknown): boolean {
  const isObject = typeof error === 'object' && error !== null;
  if (event === 'unhandledRejection' && isObject && claimedRejections.has(error)) return true;
  if (!claim(event, error)) return false;
  if (origin === 'unhandledRejection' && isObject) claimedRejections.add(error);
  return true;
}

let original: PropertyDescriptor | undefined;
let installed = false;

function emit(this: unknown, event: string | symbol, ...args: unknown[]): boolean {
  if (hosts.size > 0 && (event === 'uncaughtException' || event === 'unhandledRejection')) {
    if (isClaimed(event, args[0], args[1])) return true;
  }
  const next: unknown = original ? original.value : Object.getPrototypeOf(process).emit;
  return typeof next === 'function' && Reflect.apply(next, this, [event, ...args]) === true;
}

function intercept(): void {
  if (installed) return;
  original = Object.getOwnPropertyDescriptor(process, 'emit');
  Object.defineProperty(process, 'emit', {
    value: emit,
    writable: true,
    configurable: true,
    enumerable: false,
  });
  installed = true;
}

function release(): void {
  // Somebody has wrapped it since: taking it out would take theirs out too. It passes everything on from now.
  if (!installed || process.emit !== (emit as unknown)) return;
  if (original) Object.defineProperty(process, 'emit', original);
  else Reflect.deleteProperty(process, 'emit');
  installed = false;
}
