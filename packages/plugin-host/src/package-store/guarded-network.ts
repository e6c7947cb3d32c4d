import type { EventEmitter } from 'node:events';
import type { CodeGuard } from './code-guard.js';
import { overlay, type Replacement } from './overlay.js';

/** What these return, or are instances of, goes on working by itself until it is closed. */
const OPENING: ReadonlySet<PropertyKey> = new Set([
  ...['connect', 'createConnection', 'createSecureServer', 'createServer', 'createSocket', 'get', 'request'],
  ...['Agent', 'ClientRequest', 'Server', 'Socket', 'TLSSocket'],
]);

/** A network module for a plugin that may use it: what it opens is on the plugin's scope, and closed with it. */
export function guardedNetwork(guard: CodeGuard, module: object): object {
  return overlay(module, (key): Replacement | undefined => {
    const member: unknown = Reflect.get(module, key);
    return OPENING.has(key) && typeof member === 'function' ? { value: opening(guard, member) } : undefined;
  });
}

/** A function or class whose results the plugin owns. */
export const opening = (guard: CodeGuard, fn: object): object =>
  new Proxy(fn, {
    apply: (target, self, args: unknown[]) => own(guard, Reflect.apply(target as () => unknown, self, args)),
    construct: (target, args: unknown[], newTarget) =>
      own(guard, Reflect.construct(target as new () => object, args, newTarget)),
  });

type Closable = Partial<Pick<EventEmitter, 'once' | 'on'>> &
  Partial<Pick<EventTarget, 'addEventListener'>> & {
    destroy?: () => unknown;
    close?: () => unknown;
    closeAllConnections?: () => unknown;
  };

function own<T>(guard: CodeGuard, resource: T): T {
  if (typeof resource !== 'object' || resource === null) return resource;
  const closable = resource as Closable;
  let open = true;
  const release = guard.own(() => {
    if (open) close(closable);
  });
  const closed = (): void => {
    open = false;
    void release();
  };
  if (closable.once) closable.once('close', closed);
  else closable.addEventListener?.('close', closed);
  return resource;
}

function close(resource: Closable): void {
  // Being cut off is no fault of the plugin's: without a listener the error would count as one.
  resource.on?.('error', () => {});
  resource.closeAllConnections?.();
  if (resource.destroy) resource.destroy();
  else resource.close?.();
}
