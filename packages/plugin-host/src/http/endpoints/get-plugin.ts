import { type Endpoint, ok, param } from '../endpoint.js';

/** GET /api/plugins/:id */
export const getPlugin: Endpoint = async (request, { plugins }) =>
  ok(await plugins(request.identity.tenant).get(param(request, 'id')));
