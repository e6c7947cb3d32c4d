import { type Endpoint, ok, param } from '../endpoint.js';

/** PUT /api/plugins/:id/config */
export const putConfig: Endpoint = async (request, { config }) => {
  const {
    etag,
    changes: _,
    ...reading
  } = await config(request.identity.tenant).update(
    param(request, 'id'),
    request.body as Record<string, unknown>,
    { ifMatch: request.headers['if-match'] },
  );
  return ok(reading, {}, { etag });
};
