/** Recognised by brand, not `instanceof`: plugins and hosts may each bundle their own copy. */
const BRAND = Symbol.for('@verifywise/plugin-host/error');

export interface HostErrorInit {
  readonly code: string;
  readonly status: number;
  readonly message: string;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** Every error the host throws: a stable code, an HTTP status, a message and a hint a person can act on. */
export class HostError extends Error {
  readonly code: string;
  readonly status: number;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(init: HostErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = 'HostError';
    this.code = init.code;
    this.status = init.status;
    this.hint = init.hint;
    this.details = init.details;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** Never throws, whatever a plugin has thrown: a revoked proxy is no host error. */
export function isHostError(error: unknown): error is HostError {
  try {
    return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[BRAND] === true;
  } catch {
    return false;
  }
}

/** As {@link isHostError}, with one code in mind. */
export const hasCode = (error: unknown, code: string): error is HostError =>
  isHostError(error) && error.code === code;

export interface ErrorDefinition<D extends object> {
  (details: D, options?: { cause?: unknown }): HostError;
  readonly code: string;
  readonly status: number;
}

/**
 * One entry of the catalogue. Calling it builds the error from its data, at the place that knows:
 * `throw checksumMismatch({ pluginId, expected, actual })`.
 */
export function defineError<D extends object>(
  code: string,
  status: number,
  text: { message: (details: D) => string; hint: string | ((details: D) => string) },
  ErrorClass: new (init: HostErrorInit) => HostError = HostError,
): ErrorDefinition<D> {
  const build = (details: D, options?: { cause?: unknown }): HostError => {
    const error = new ErrorClass({
      code,
      status,
      message: text.message(details),
      hint: typeof text.hint === 'string' ? text.hint : text.hint(details),
      details: { ...details } as Record<string, unknown>,
      ...(options?.cause === undefined ? {} : { cause: options.cause }),
    });
    Error.captureStackTrace(error, build);
    return error;
  };
  return Object.assign(build, { code, status });
}
