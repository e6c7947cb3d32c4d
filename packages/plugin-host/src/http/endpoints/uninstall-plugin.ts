import { actorOf, type Endpoint, ok, param } from '../endpoint.js';

interface Body {
  readonly deleteData?: boolean;
  readonly force?: boolean;
}

/** POST /api/plugins/:id/uninstall (§5.4) */
export const uninstallPlugin: Endpoint = async (request, { plugins }) => {
  const { deleteData, force } = (request.body ?? {}) as Body;
  return ok(
    await plugins(request.identity.tenant).uninstall(param(request, 'id'), {
      deleteData,
      force,
      actor: actorOf(request),
    }),
  );
};
