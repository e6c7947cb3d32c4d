const nativeThen = Promise.prototype.then;

/**
 * What a plugin's callback returned, if it is to be awaited; `undefined` if it is an ordinary value.
 *
 * A native promise is returned as it is. Anything else with a `then` is only looked at here: its `then` is run
 * later, in the frame of the callback, behind a native promise that settles once. May throw what reading `then` throws.
 */
export function toPromise(result: unknown): Promise<unknown> | undefined {
  if ((typeof result !== 'object' && typeof result !== 'function') || result === null) return undefined;
  if (result instanceof Promise && result.then === nativeThen) return result;
  if (typeof (result as { then?: unknown }).then !== 'function') return undefined;
  return new Promise((resolve) => resolve(result));
}
