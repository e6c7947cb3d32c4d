import type { NextFunction, Plugin, Router as PluginRouter, TriggeredBy } from '@verifywise/plugin-types';
import createRouter from 'router';
import { parseBody } from '../../facade/body.js';
import { toErrorResponse } from '../../facade/error-response.js';
import type { HostRequest, HostResponse, Identity } from '../../facade/host-http.js';
import { splitPath } from '../../facade/path-segments.js';
import { createPluginRequest } from '../../facade/plugin-request.js';
import { openPluginResponse, type PluginExchange } from '../../facade/plugin-response.js';
import { runAttributed, runUnattributed } from '../../foundation/attribution.js';
import {
  hasCode,
  hookFailed,
  pluginFailed,
  pluginNotEnabled,
  pluginTimeout,
  routeNotFound,
} from '../../foundation/errors/index.js';
import type { Faults } from '../../foundation/faults.js';
import type { Limits } from '../../foundation/limits.js';
import type { CapabilityOwner } from '../../foundation/owner.js';
import { withTimeout } from '../../foundation/timeout.js';

export interface PluginRoutesOptions {
  readonly plugin: Plugin;
  readonly owner: CapabilityOwner;
  readonly faults: Faults;
  readonly limits: Pick<Limits, 'routeMs'>;
}

export interface PluginRoutes {
  /** Requests not answered to the end; a stream counts until it is closed. */
  readonly inFlight: number;
  /** Resolves once nothing is in flight. An event stream may keep it waiting for ever: set a limit. */
  drained(): Promise<void>;
  /**
   * Answers one request; never rejects. `rest` is the path below `/api/plugins/{id}`, still encoded.
   *
   * The plugin has `routeMs` until its answer, or until the headers of a stream; then 504 PLUGIN_TIMEOUT.
   * A handler that throws or rejects is 500 PLUGIN_ERROR and a contained fault; 503 where what it lets pass is
   * DB_UNAVAILABLE, so that the caller tries again.
   */
  handle(request: HostRequest, identity: Identity, rest: string): Promise<HostResponse>;
}

/** One request on its way through the plugin. */
interface Call {
  readonly exchange: PluginExchange;
  /** Tells the host, once. Later errors of the same call are consequences of the first. */
  readonly fault: (error: unknown) => void;
}

/** What a client that left on the way makes a plugin's streams fail with. */
const DISCONNECT_CODES: ReadonlySet<unknown> = new Set([
  'ABORT_ERR',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** How much of a path is kept in a fault, in characters. */
const CALLBACK_LENGTH = 200;

/**
 * Lets the plugin register its routes, and serves them. What is still open when the owner's scope is
 * disposed is broken off.
 *
 * @throws HOOK_FAILED with the plugin's error as cause where `routes()` throws. A refused permission is
 * reported instead: what the plugin has registered until then is served.
 */
export function createPluginRoutes(options: PluginRoutesOptions): PluginRoutes {
  return new RouterRoutes(options);
}

class RouterRoutes implements PluginRoutes {
  readonly #options: PluginRoutesOptions;
  readonly #dispatch: Dispatch;
  readonly #open = new Set<PluginExchange>();
  #waiting: (() => void)[] = [];

  constructor(options: PluginRoutesOptions) {
    this.#options = options;
    this.#dispatch = buildRouter(options);
    options.owner.scope.add(() => this.#breakOff());
  }

  get inFlight(): number {
    return this.#open.size;
  }

  drained(): Promise<void> {
    if (this.inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async handle(request: HostRequest, identity: Identity, rest: string): Promise<HostResponse> {
    const { owner } = this.#options;
    if (!owner.active) return toErrorResponse(pluginNotEnabled({ pluginId: owner.key.pluginId }));
    let body: unknown;
    try {
      splitPath(rest);
      body = parseBody(request);
    } catch (error) {
      return toErrorResponse(error);
    }
    const callback = `${request.method} ${rest}`.slice(0, CALLBACK_LENGTH);
    const frame = { key: owner.key, callback, depth: 0, triggeredBy: toTriggeredBy(identity) };
    const { exchange, fault } = runAttributed(frame, () =>
      this.#call(request, { identity, rest, body, callback }),
    );
    this.#open.add(exchange);
    const answer = await this.#answer(exchange, fault, callback);
    if (answer.body.kind === 'stream' && !answer.body.stream.closed) {
      answer.body.stream.once('close', () => this.#close(exchange));
    } else {
      this.#close(exchange);
    }
    return answer;
  }

  /** Runs in the plugin's frame. */
  #call(
    request: HostRequest,
    { identity, rest, body, callback }: { identity: Identity; rest: string; body: unknown; callback: string },
  ): Call {
    const { owner, faults } = this.#options;
    const { key } = owner;
    const exchange = openPluginResponse(request);
    const { response } = exchange;
    const pluginRequest = createPluginRequest(request, { ...mountedAt(request, rest), identity, body });
    let faulted = false;
    const fault = (error: unknown) => {
      if (faulted || (request.signal.aborted && isDisconnect(error))) return;
      faulted = true;
      runUnattributed(() => faults.report({ key, kind: 'contained', callback, error }));
    };
    response.on('error', fault).once('close', () => pluginRequest.destroy());
    const done: NextFunction = (error) => {
      if (error) {
        fault(error);
        exchange.answerInstead(failure(error, { pluginId: key.pluginId, callback }));
      } else if (!response.headersSent) {
        exchange.answerInstead(
          toErrorResponse(routeNotFound({ method: request.method, path: request.path })),
        );
      }
    };
    if (!request.signal.aborted) this.#dispatch(pluginRequest, response, done);
    return { exchange, fault };
  }

  async #answer(exchange: PluginExchange, fault: Call['fault'], callback: string): Promise<HostResponse> {
    const { owner, limits } = this.#options;
    const { pluginId } = owner.key;
    let late: Error | undefined;
    try {
      return await withTimeout(exchange.answer, limits.routeMs, () => {
        late = pluginTimeout({ pluginId, callback, ms: limits.routeMs });
        return late;
      });
    } catch (error) {
      fault(error);
      const instead = late ? toErrorResponse(late) : failure(error, { pluginId, callback });
      exchange.answerInstead(instead);
      return instead;
    }
  }

  #close(exchange: PluginExchange): void {
    this.#open.delete(exchange);
    if (this.#open.size > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #breakOff(): void {
    const { pluginId } = this.#options.owner.key;
    for (const exchange of this.#open)
      exchange.answerInstead(toErrorResponse(pluginNotEnabled({ pluginId })));
  }
}

/** `router` and the façade agree on Express' conventions, not on Node's types. */
type Dispatch = (request: object, response: object, done: NextFunction) => void;

function buildRouter({ plugin, owner, faults }: PluginRoutesOptions): Dispatch {
  const { key } = owner;
  const router: unknown = createRouter();
  const report = (error: unknown) => faults.report({ key, kind: 'contained', callback: 'routes', error });
  try {
    // Typed as returning nothing, yet nothing stops an author from making it async.
    const result: unknown = runAttributed({ key, callback: 'routes', depth: 0 }, () =>
      plugin.routes?.(router as PluginRouter, owner.context),
    );
    Promise.resolve(result).catch(report);
  } catch (error) {
    if (!hasCode(error, 'PERMISSION_DENIED')) {
      const reason = error instanceof Error ? error.message : String(error);
      throw hookFailed({ pluginId: key.pluginId, hook: 'routes', reason }, { cause: error });
    }
    report(error);
  }
  return router as Dispatch;
}

const failure = (error: unknown, details: { pluginId: string; callback: string }): HostResponse =>
  toErrorResponse(hasCode(error, 'DB_UNAVAILABLE') ? error : pluginFailed(details));

/** The plugin's view of the address: what the application mounted around it is `baseUrl`. */
function mountedAt({ originalUrl }: HostRequest, rest: string): { url: string; baseUrl: string } {
  const query = originalUrl.indexOf('?');
  const path = query === -1 ? originalUrl : originalUrl.slice(0, query);
  const baseUrl = path.endsWith(rest) ? path.slice(0, -rest.length) : path;
  return { url: `${rest}${query === -1 ? '' : originalUrl.slice(query)}`, baseUrl };
}

/** Who events emitted from here name. §17.1 writes the id as a number; an application with other ids gets its own back. */
const toTriggeredBy = ({ user: { id, email, name } }: Identity): TriggeredBy => ({
  userId: id as number,
  ...(email === undefined ? {} : { email }),
  ...(name === undefined ? {} : { name }),
});

const isDisconnect = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && DISCONNECT_CODES.has(error.code);
