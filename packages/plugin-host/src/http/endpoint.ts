import type { IncomingHttpHeaders } from 'node:http';
import type { HostHeaders, HostResponse, Identity } from '../facade/host-http.js';
import { jsonResponse } from '../facade/json-response.js';
import type { Actor } from '../lifecycle/operations.js';
import type { TenantConfig } from '../lifecycle/tenant-config.js';
import type { TenantMarketplace } from '../lifecycle/tenant-marketplace.js';
import type { TenantPlugins } from '../lifecycle/tenant-plugins.js';

/** What endpoints may do: everything is reached through the tenant of the signed-in user. */
export interface EndpointServices {
  plugins(tenant: string): TenantPlugins;
  config(tenant: string): TenantConfig;
  marketplace(tenant: string): TenantMarketplace;
}

/** A request whose path is matched, whose caller is known and whose body has passed its schema. */
export interface EndpointRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | string[]>>;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
  readonly identity: Identity;
}

/** One endpoint: returns its answer, writes nothing. */
export type Endpoint = (request: EndpointRequest, services: EndpointServices) => Promise<HostResponse>;

/** The answer every successful call gives: `{ success: true, data, … }`. */
export const ok = (data: unknown, extra: object = {}, headers: HostHeaders = {}): HostResponse =>
  jsonResponse(200, { success: true, data, ...extra }, headers);

/** The matched parameter. The route table guarantees that it is there. */
export const param = ({ params }: EndpointRequest, name: string): string => params[name] ?? '';

export const actorOf = ({ identity: { user } }: EndpointRequest): Actor => ({
  userId: user.id,
  ...(user.email === undefined ? {} : { email: user.email }),
  ...(user.name === undefined ? {} : { name: user.name }),
});
