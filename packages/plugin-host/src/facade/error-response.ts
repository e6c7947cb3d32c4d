import { internalError, isHostError } from '../foundation/errors/index.js';
import type { HostResponse } from './host-http.js';
import { jsonResponse } from './json-response.js';

/**
 * The standard error body. Anything that is not in the catalogue becomes INTERNAL: neither its message nor
 * its stack leaves the host this way.
 */
export function toErrorResponse(error: unknown): HostResponse {
  const { status, code, message, hint, details } = isHostError(error) ? error : internalError({});
  return jsonResponse(status, {
    success: false,
    error: { code, message, hint, ...(Object.keys(details).length === 0 ? {} : { details }) },
  });
}
