import { type Endpoint, ok } from '../endpoint.js';

/** GET /api/plugins/ui-extensions (§13.3) */
export const listUiExtensions: Endpoint = async ({ identity }, { plugins }) =>
  ok(plugins(identity.tenant).uiExtensions());
