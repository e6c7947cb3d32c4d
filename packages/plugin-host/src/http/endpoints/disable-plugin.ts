import { actorOf, type Endpoint, ok, param } from '../endpoint.js';

/** POST /api/plugins/:id/disable */
export const disablePlugin: Endpoint = async (request, { plugins }) =>
  ok(await plugins(request.identity.tenant).disable(param(request, 'id'), { actor: actorOf(request) }));
