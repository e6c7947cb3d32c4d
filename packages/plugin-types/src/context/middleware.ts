import type { PluginRequest } from '../http/request.js';
import type { PluginResponse } from '../http/response.js';
import type { NextFunction } from '../http/router.js';

/** Whose middleware runs, and for whom (§23.4). */
export interface MiddlewareContext {
  pluginId: string;
  tenant: string;
}

/**
 * Middleware of three or four parameters (§23.4): calls `next`, or answers and does not. `after` middleware finds the
 * body the host is about to send in `res.locals.responseBody`.
 */
export type PluginMiddlewareHandler = (
  req: PluginRequest,
  res: PluginResponse,
  next: NextFunction,
  context: MiddlewareContext,
) => unknown;

export interface MiddlewareExchange extends MiddlewareContext {
  req: PluginRequest;
  res: PluginResponse;
}

/**
 * Middleware of two parameters, as older plugins have it: what follows its `await next()` runs after the response.
 * The host tells the two apart by the number of parameters, so a handler of two gets these, whatever it calls them.
 */
export type ExchangeMiddlewareHandler = (exchange: MiddlewareExchange, next: () => Promise<void>) => unknown;

export type MiddlewarePosition = 'before' | 'after';

export interface MiddlewareOptions {
  /**
   * For `after`: what happens when it throws. Default false: the original body is sent. True: 500. A `before` that
   * throws always answers 500.
   */
  required?: boolean;
}

export interface RegisteredMiddleware {
  id: string;
  pluginId: string;
  pattern: string;
  position: MiddlewarePosition;
  registeredAt: Date;
}

/** Middleware around the application's own routes (§23). All members need `middleware:inject`. */
export interface PluginMiddleware {
  /**
   * Adds middleware until the plugin is disabled; returns its id. Patterns: `/api/users`, `/api/users/:id`,
   * `/api/risks/*` (all paths beneath, not `/api/risks` itself). It has 10 s; then `before` answers 504.
   */
  add(
    pattern: string,
    position: MiddlewarePosition,
    handler: PluginMiddlewareHandler | ExchangeMiddlewareHandler,
    options?: MiddlewareOptions,
  ): string;
  /** Whether there was such middleware. */
  remove(id: string): boolean;
  /** Removes all middleware of this plugin; returns how many there were. */
  removeAll(): number;
  list(): RegisteredMiddleware[];
  has(id: string): boolean;
}
