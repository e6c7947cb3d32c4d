import { type Endpoint, ok } from '../endpoint.js';

/** GET /api/marketplace/categories */
export const listMarketplaceCategories: Endpoint = async ({ identity }, { marketplace }) =>
  ok(await marketplace(identity.tenant).categories());
