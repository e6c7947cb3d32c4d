import { type Endpoint, ok, param } from '../endpoint.js';

/** GET /api/marketplace/:id */
export const getMarketplacePlugin: Endpoint = async (request, { marketplace }) =>
  ok(await marketplace(request.identity.tenant).details(param(request, 'id')));
