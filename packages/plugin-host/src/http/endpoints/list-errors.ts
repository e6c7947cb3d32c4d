import { type Endpoint, ok, param } from '../endpoint.js';

/** GET /api/plugins/:id/-/errors (§14.4) */
export const listErrors: Endpoint = async (request, { plugins }) => {
  const errors = await plugins(request.identity.tenant).errors(param(request, 'id'));
  return ok(errors, { total: errors.length });
};
