import { actorOf, type Endpoint, ok } from '../endpoint.js';

interface Body {
  readonly id: string;
  readonly version?: string;
  readonly downloadUrl: string;
  readonly checksum: string;
}

/** POST /api/plugins/install-from-url (§18.3) */
export const installFromUrl: Endpoint = async (request, { plugins }) => {
  const { id, version, downloadUrl, checksum } = request.body as Body;
  return ok(
    await plugins(request.identity.tenant).install({
      id,
      version,
      downloadUrl,
      checksum,
      actor: actorOf(request),
    }),
  );
};
