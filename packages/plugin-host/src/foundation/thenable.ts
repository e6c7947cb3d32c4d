const nativePromise = Promise.prototype;
const nativeThen = nativePromise.then;

/**
 * What a plugin's callback returned, if it is to be awaited; `undefined` if it is an ordinary value.
 *
 * A native promise is returned as it is. Anything else with a `then` is only looked at here: its `then` is run
 * later, in the frame of the callback, behind a native promise that settles once. May throw what reading `then` throws.
 */
export function toPromise(result: unknown): Promise<unknown> | undefined {
  if ((typeof result !== 'object' && typeof result !== 'function') || result === null) return undefined;
  const { then } = result as { then?: unknown };
  // Not `instanceof`: this is asked after every call, and a promise of a class of its own is not to be trusted anyway.
  if (then === nativeThen && Object.getPrototypeOf(result) === nativePromise)
    return result as Promise<unknown>;
  if (typeof then !== 'function') return undefined;
  return new Promise((resolve) => resolve(result));
}
