import * as config from './config-errors.js';
import * as data from './data-errors.js';
import type { ErrorDefinition } from './host-error.js';
import * as http from './http-errors.js';
import * as lifecycle from './lifecycle-errors.js';
import * as packages from './package-errors.js';
import * as registry from './registry-errors.js';
import * as runtime from './runtime-errors.js';

export * from './config-errors.js';
export * from './data-errors.js';
export { HostError, hasCode, isHostError } from './host-error.js';
export * from './http-errors.js';
export * from './lifecycle-errors.js';
export * from './package-errors.js';
export * from './registry-errors.js';
export * from './runtime-errors.js';

/** Every error the host can answer with. `docs/errors.md` is held against this list by a test. */
export const ERROR_CATALOGUE: readonly Pick<ErrorDefinition<never>, 'code' | 'status'>[] = [
  config,
  data,
  http,
  lifecycle,
  packages,
  registry,
  runtime,
].flatMap((module) =>
  Object.values(module).filter((member) => typeof member === 'function' && 'code' in member),
) as unknown as Pick<ErrorDefinition<never>, 'code' | 'status'>[];
