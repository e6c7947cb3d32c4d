import { type Endpoint, ok } from '../endpoint.js';

/** GET /api/marketplace/updates */
export const listMarketplaceUpdates: Endpoint = async ({ identity }, { marketplace }) =>
  ok(await marketplace(identity.tenant).updates());
