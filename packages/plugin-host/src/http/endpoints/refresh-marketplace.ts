import { type Endpoint, ok } from '../endpoint.js';

/** POST /api/marketplace/refresh */
export const refreshMarketplace: Endpoint = async ({ identity }, { marketplace }) =>
  ok(await marketplace(identity.tenant).refresh());
