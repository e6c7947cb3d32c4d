import { Ajv, type ValidateFunction } from 'ajv';
import { parseBody } from '../facade/body.js';
import { toErrorResponse } from '../facade/error-response.js';
import type { HostHttp, HostRequest, HostResponse, Identity } from '../facade/host-http.js';
import { type PathSegments, pathBelow, splitPath } from '../facade/path-segments.js';
import {
  bodyInvalid,
  hasCode,
  hostNotReady,
  isHostError,
  methodNotAllowed,
  notAdmin,
  notSignedIn,
  pluginNotEnabled,
  routeNotFound,
} from '../foundation/errors/index.js';
import type { HostLogger } from '../foundation/logger.js';
import { withTimeout } from '../foundation/timeout.js';
import type { EndpointServices } from './endpoint.js';
import { RouteMatcher } from './route-matcher.js';
import { RESERVED_SEGMENTS, ROUTES, type Route } from './route-table.js';

/** Says who is asking, or `null`. The only source of tenant and user; a rejection counts as not signed in. */
export type Authenticate = (request: HostRequest) => Promise<Identity | null> | Identity | null;

export interface HttpDispatcherOptions {
  readonly authenticate: Authenticate;
  readonly services: EndpointServices;
  readonly isReady: () => boolean;
  readonly logger: HostLogger;
  readonly authenticateMs: number;
}

/** `/api/plugins/:id`: what comes after is the plugin's own. */
const PLUGIN_DEPTH = 3;

/** Answers everything under `/api/plugins` and `/api/marketplace`: the host's routes by the table, the rest by the plugins. */
export class HttpDispatcher implements HostHttp {
  readonly #options: HttpDispatcherOptions;
  readonly #matcher = new RouteMatcher(ROUTES);
  readonly #ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
  readonly #validators = new Map<Route, ValidateFunction>();

  constructor(options: HttpDispatcherOptions) {
    this.#options = options;
    for (const route of ROUTES) {
      if (route.body) this.#validators.set(route, this.#ajv.compile(route.body));
    }
  }

  /** Never rejects: what goes wrong is an answer. */
  async handle(request: HostRequest): Promise<HostResponse> {
    try {
      if (!this.#options.isReady()) throw hostNotReady({});
      return await this.#dispatch(request);
    } catch (error) {
      if (!isHostError(error) || error.status >= 500) {
        this.#options.logger.error(
          { err: error, method: request.method, path: request.path },
          'a request failed',
        );
      }
      const response = toErrorResponse(error);
      if (!hasCode(error, 'METHOD_NOT_ALLOWED')) return response;
      const { allowed } = error.details as { allowed: readonly string[] };
      return { ...response, headers: { ...response.headers, allow: allowed.join(', ') } };
    }
  }

  async #dispatch(request: HostRequest): Promise<HostResponse> {
    const path = splitPath(request.path);
    // Before anything is looked up: who is not signed in learns nothing of what is installed.
    const identity = await this.#identify(request);
    const match = this.#matcher.match(request.method, path.decoded);
    if ('allowed' in match) {
      if (match.allowed.length > 0)
        throw methodNotAllowed({ method: request.method, path: request.path, allowed: match.allowed });
      return this.#toPlugin(request, path, identity);
    }
    const { route, params } = match;
    if (route.access === 'admin' && !identity.isAdmin) throw notAdmin({});
    return route.endpoint(
      { params, query: request.query, headers: request.headers, body: this.#body(route, request), identity },
      this.#options.services,
    );
  }

  async #identify(request: HostRequest): Promise<Identity> {
    const { authenticate, authenticateMs, logger } = this.#options;
    try {
      const answer = await withTimeout(
        (async () => authenticate(request))(),
        authenticateMs,
        () => new Error(`authenticate did not answer within ${authenticateMs} ms`),
      );
      if (answer) return toIdentity(answer);
    } catch (error) {
      logger.warn({ err: error }, 'authenticate failed');
      throw notSignedIn({}, { cause: error });
    }
    throw notSignedIn({});
  }

  #body(route: Route, request: HostRequest): unknown {
    const validate = this.#validators.get(route);
    if (!validate) return undefined;
    const body = parseBody(request) ?? null;
    if (!validate(body)) {
      throw bodyInvalid({
        issues: (validate.errors ?? []).map(({ instancePath, message }) => ({
          path: instancePath.slice(1).replaceAll('/', '.'),
          message: message ?? 'is not valid',
        })),
      });
    }
    return body;
  }

  async #toPlugin(request: HostRequest, path: PathSegments, identity: Identity): Promise<HostResponse> {
    const [, area, pluginId, first] = path.decoded;
    const notFound = () => routeNotFound({ method: request.method, path: request.path });
    if (area?.toLowerCase() !== 'plugins' || pluginId === undefined || path.decoded.length < PLUGIN_DEPTH + 1)
      throw notFound();
    if (RESERVED_SEGMENTS.has(first?.toLowerCase() ?? '')) throw notFound();
    const plugins = this.#options.services.plugins(identity.tenant);
    const routes = plugins.routes(pluginId);
    if (!routes) {
      if (plugins.isEnabled(pluginId)) throw notFound();
      throw pluginNotEnabled({ pluginId });
    }
    return routes.handle(request, identity, pathBelow(path, PLUGIN_DEPTH));
  }
}

/** What the application said, checked: its code may not be typed. Only `true` makes an administrator. */
function toIdentity({ tenant, user, isAdmin }: Identity): Identity {
  if (typeof tenant !== 'string' || tenant === '') throw new Error('authenticate gave no tenant');
  const id: unknown = user?.id;
  if (typeof id !== 'string' && typeof id !== 'number')
    throw new Error('authenticate gave a user without id');
  return { tenant, user, isAdmin: isAdmin === true };
}
