import { type Endpoint, ok } from '../endpoint.js';

/** GET /api/plugins */
export const listPlugins: Endpoint = async ({ identity }, { plugins }) => {
  const list = await plugins(identity.tenant).list();
  return ok(list, { total: list.length });
};
