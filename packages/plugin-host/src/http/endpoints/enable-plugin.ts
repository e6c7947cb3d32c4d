import { actorOf, type Endpoint, ok, param } from '../endpoint.js';

/** POST /api/plugins/:id/enable */
export const enablePlugin: Endpoint = async (request, { plugins }) =>
  ok(await plugins(request.identity.tenant).enable(param(request, 'id'), { actor: actorOf(request) }));
