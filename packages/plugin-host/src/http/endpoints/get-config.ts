import { type Endpoint, ok, param } from '../endpoint.js';

/** GET /api/plugins/:id/config */
export const getConfig: Endpoint = async (request, { config }) => {
  const { etag, ...reading } = await config(request.identity.tenant).get(param(request, 'id'));
  return ok(reading, {}, { etag });
};
