import { defineError } from './host-error.js';

/** The host's own HTTP endpoints. */

export const notSignedIn = defineError('NOT_SIGNED_IN', 401, {
  message: (_: object) => 'You are not signed in.',
  hint: 'Sign in, then try again.',
});

export const notAdmin = defineError('NOT_ADMIN', 403, {
  message: (_: object) => 'Only an administrator may do this.',
  hint: 'Ask an administrator of your organisation.',
});

export const routeNotFound = defineError('ROUTE_NOT_FOUND', 404, {
  message: (d: { method: string; path: string }) => `There is no ${d.method} ${d.path}.`,
  hint: 'Check the address and the method.',
});

export const methodNotAllowed = defineError('METHOD_NOT_ALLOWED', 405, {
  message: (d: { method: string; path: string; allowed: readonly string[] }) =>
    `${d.path} does not answer ${d.method}.`,
  hint: (d) => `Use ${d.allowed.join(' or ')}.`,
});

export const bodyInvalid = defineError('BODY_INVALID', 400, {
  message: (d: { issues: readonly { path: string; message: string }[] }) =>
    `The request body is not valid: ${d.issues.map((issue) => `${issue.path || 'body'}: ${issue.message}`).join('; ')}`,
  hint: 'Correct the fields named.',
});

export const bodyNotJson = defineError('BODY_NOT_JSON', 400, {
  message: (d: { reason: string }) => `The request body is not JSON: ${d.reason}`,
  hint: 'Send JSON with content-type application/json.',
});

export const bodyTooLarge = defineError('BODY_TOO_LARGE', 413, {
  message: (d: { limit: number }) => `The request body is larger than ${d.limit} bytes.`,
  hint: 'Send less.',
});

export const queryInvalid = defineError('QUERY_INVALID', 400, {
  message: (d: { parameter: string; value: string; allowed: readonly string[] }) =>
    `The query parameter ${d.parameter} may not be "${d.value}".`,
  hint: (d) => `Use one of ${d.allowed.join(', ')}.`,
});

export const rawBodyUnavailable = defineError('RAW_BODY_UNAVAILABLE', 500, {
  message: (_: object) => 'The body was already parsed before it reached the plugin host.',
  hint: 'Mount the plugin host’s routes before the body parser.',
});

export const internalError = defineError('INTERNAL', 500, {
  message: (_: object) => 'Something went wrong in the host.',
  hint: 'The log has the details; nothing was changed.',
});

export const hostNotReady = defineError('HOST_NOT_READY', 503, {
  message: (_: object) => 'The plugin host is not running.',
  hint: 'Try again in a moment. A host starts once: after stop() the application creates another.',
});

export const pathMalformed = defineError('PATH_MALFORMED', 400, {
  message: (d: { reason: string }) => `The address is malformed: ${d.reason}`,
  hint: 'Percent-encode the address as UTF-8.',
});
