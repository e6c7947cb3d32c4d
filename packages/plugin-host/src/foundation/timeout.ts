/**
 * Settles with `work`, or rejects with `onTimeout()` after `ms`.
 *
 * The work itself cannot be cancelled: a later rejection of it is swallowed here, since the
 * caller has already been told. `ms` of 0 or `Infinity` means no limit.
 */
export function withTimeout<T>(work: PromiseLike<T> | T, ms: number, onTimeout: () => Error): Promise<T> {
  if (ms === 0 || ms === Number.POSITIVE_INFINITY) return Promise.resolve(work);
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(onTimeout()), ms);
    Promise.resolve(work).then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
