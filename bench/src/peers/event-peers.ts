import { EventEmitter } from 'node:events';
import { Script } from 'node:vm';
import Emittery from 'emittery';
import { createHooks } from 'hookable';
import mitt from 'mitt';
import type { Contender } from '../contest.js';

export type Handler = (payload: object) => unknown;

const EVENT = 'risk:created';

/**
 * Handlers that do as little as a handler can, each compiled by itself as every plugin's code is. Closures of one
 * function would let the engine inline them into a bare loop, which no host with more than one plugin ever sees.
 */
export const handlers = (count: number, kind: Contender['kind']): Handler[] =>
  Array.from({ length: count }, (_, index) => {
    const handler = kind === 'async' ? 'async () => { calls++; }' : '() => { calls++; }';
    const code = `(() => { let calls = 0; return ${handler}; })()`;
    return new Script(code, { filename: `plugin-${index}.js` }).runInThisContext() as Handler;
  });

/** Nothing around the handlers at all: one failure ends the rest. */
export const awaitLoop = (list: readonly Handler[], payload: object): Contender => ({
  kind: 'async',
  run: async () => {
    for (const handler of list) await handler(payload);
  },
});

export const callLoop = (list: readonly Handler[], payload: object): Contender => ({
  kind: 'sync',
  run: () => {
    for (const handler of list) handler(payload);
  },
});

export const allSettled = (list: readonly Handler[], payload: object): Contender => ({
  kind: 'async',
  run: () => Promise.allSettled(list.map((handler) => handler(payload))),
});

export function emittery(list: readonly Handler[], payload: object): Contender {
  const emitter = new Emittery<Record<string, object>>();
  for (const handler of list) emitter.on(EVENT, handler as (payload: object) => Promise<void>);
  return { kind: 'async', run: () => emitter.emit(EVENT, payload) };
}

export function hookableParallel(list: readonly Handler[], payload: object): Contender {
  const hooks = createHooks<Record<string, (payload: object) => Promise<void>>>();
  for (const handler of list) hooks.hook(EVENT, handler as (payload: object) => Promise<void>);
  return { kind: 'async', run: () => hooks.callHookParallel(EVENT, payload) };
}

/** A host that makes each handler a fresh context of closures, as hosts without instances do. */
export const contextPerHandler = (list: readonly Handler[], payload: object): Contender => ({
  kind: 'async',
  run: () =>
    Promise.all(
      list.map(async (handler, index) => {
        try {
          await (handler as (payload: object, context: object) => unknown)(
            payload,
            closureContext(`plugin-${index}`),
          );
        } catch (error) {
          console.error(error);
        }
      }),
    ),
});

/** A `setTimeout` for each handler's budget. */
export const timerPerHandler = (list: readonly Handler[], payload: object): Contender => ({
  kind: 'async',
  run: () =>
    Promise.allSettled(
      list.map(
        (handler) =>
          new Promise((resolve, reject) => {
            const timer = setTimeout(() => reject(new Error('timeout')), 30_000);
            Promise.resolve(handler(payload)).then(
              (value) => {
                clearTimeout(timer);
                resolve(value);
              },
              (error: unknown) => {
                clearTimeout(timer);
                reject(error);
              },
            );
          }),
      ),
    ),
});

export function eventEmitter(list: readonly Handler[], payload: object): Contender {
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  for (const handler of list) emitter.on(EVENT, handler);
  return { kind: 'sync', run: () => void emitter.emit(EVENT, payload) };
}

export function mittEmitter(list: readonly Handler[], payload: object): Contender {
  const emitter = mitt<Record<string, object>>();
  for (const handler of list) emitter.on(EVENT, handler);
  return { kind: 'sync', run: () => emitter.emit(EVENT, payload) };
}

/** The namespaces and members of the plugin API, made anew as closures over the plugin. */
function closureContext(pluginId: string): object {
  return {
    pluginId,
    db: { query: () => refuse(pluginId), transaction: () => refuse(pluginId) },
    logger: {
      debug: (message: string) => print('debug', pluginId, message),
      info: (message: string) => print('info', pluginId, message),
      warn: (message: string) => print('warn', pluginId, message),
      error: (message: string) => print('error', pluginId, message),
    },
    config: { get: () => refuse(pluginId), set: () => refuse(pluginId), getAll: () => refuse(pluginId) },
    metadata: {
      get: () => refuse(pluginId),
      set: () => refuse(pluginId),
      setMany: () => refuse(pluginId),
      delete: () => refuse(pluginId),
      deleteAll: () => refuse(pluginId),
      getAll: () => refuse(pluginId),
      findByKey: () => refuse(pluginId),
      getAllByPlugin: () => refuse(pluginId),
    },
    scheduler: {
      schedule: () => refuse(pluginId),
      scheduleOnce: () => refuse(pluginId),
      cancel: () => refuse(pluginId),
      list: () => refuse(pluginId),
    },
    models: {
      define: () => refuse(pluginId),
      get: () => refuse(pluginId),
      getCoreModel: () => refuse(pluginId),
      sync: () => refuse(pluginId),
      list: () => refuse(pluginId),
      has: () => refuse(pluginId),
    },
    middleware: { add: () => refuse(pluginId), remove: () => refuse(pluginId), list: () => refuse(pluginId) },
    http: { fetch: () => refuse(pluginId) },
    emit: () => refuse(pluginId),
    on: () => refuse(pluginId),
    off: () => refuse(pluginId),
    addFilter: () => refuse(pluginId),
    removeFilter: () => refuse(pluginId),
    applyFilters: () => refuse(pluginId),
    getPlugin: () => refuse(pluginId),
    isPluginEnabled: () => refuse(pluginId),
  };
}

function refuse(pluginId: string): never {
  throw new Error(`${pluginId} is not to call anything in a bench`);
}

const print = (level: string, pluginId: string, message: string): void =>
  console.log(level, pluginId, message);
