import type { PluginContext } from './context/plugin-context.js';
import type { WebhookRequest } from './http/request.js';
import type { PluginResponse } from './http/response.js';

/** An endpoint for others to call, at `/api/plugins/{id}/webhooks/{name}` while the plugin is enabled (§10). */
export interface Webhook {
  /** Default `POST`. Another method is answered with 405. */
  method?: string;
  /** Verify the sender's signature over `req.rawBody`: the host checks only the webhook's key (§10.3). */
  handler(req: WebhookRequest, res: PluginResponse, context: PluginContext): unknown;
}

/** What `webhooks()` returns: webhooks by name. */
export type Webhooks = Record<string, Webhook>;
