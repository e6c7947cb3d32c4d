import { type Endpoint, ok } from '../endpoint.js';

/** GET /api/marketplace/tags */
export const listMarketplaceTags: Endpoint = async ({ identity }, { marketplace }) =>
  ok(await marketplace(identity.tenant).tags());
