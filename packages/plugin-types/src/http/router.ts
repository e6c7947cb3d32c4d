import type { Untyped } from '../untyped.js';
import type { PluginRequest } from './request.js';
import type { PluginResponse } from './response.js';

/** Goes on to the next handler; with an error to the next error handler; with `'route'` past this route. */
export type NextFunction = (error?: unknown) => void;

/** Handles a request. What it returns is ignored; a rejection goes to the error handlers. */
// A method's parameters compare both ways, so that a handler may name the request by a type of its own.
export type RouteHandler<Params = Record<string, string>> = {
  handle(req: PluginRequest<Params>, res: PluginResponse, next: NextFunction): unknown;
}['handle'];

/** Recognised by its four parameters; name their types, TypeScript cannot infer them here. */
export type RouteErrorHandler = (
  error: Untyped,
  req: PluginRequest,
  res: PluginResponse,
  next: NextFunction,
) => unknown;

/** Called once per request for each route parameter of its name. */
export type RouteParamHandler = (
  req: PluginRequest,
  res: PluginResponse,
  next: NextFunction,
  value: string,
  name: string,
) => unknown;

/** `/items`, `/items/:id`, `/files/*path`, an expression, or a list of these. */
export type RoutePath = string | RegExp | (string | RegExp)[];

type Handlers<Handler> = (Handler | Handler[])[];

interface MethodOn<Self> {
  <Params = Record<string, string>>(path: RoutePath, ...handlers: Handlers<RouteHandler<Params>>): Self;
  (path: RoutePath, ...handlers: Handlers<RouteHandler | RouteErrorHandler>): Self;
}

interface MethodOfRoute<Self> {
  <Params = Record<string, string>>(...handlers: Handlers<RouteHandler<Params>>): Self;
  (...handlers: Handlers<RouteHandler | RouteErrorHandler>): Self;
}

/** One path, several methods: `router.route('/items').get(list).post(create)`. */
export interface Route {
  all: MethodOfRoute<this>;
  get: MethodOfRoute<this>;
  head: MethodOfRoute<this>;
  post: MethodOfRoute<this>;
  put: MethodOfRoute<this>;
  patch: MethodOfRoute<this>;
  delete: MethodOfRoute<this>;
  options: MethodOfRoute<this>;
}

/**
 * What `routes(router)` gets: the router of Express 5, mounted at `/api/plugins/{id}` behind the application's login.
 * A router is itself a handler, so routers nest.
 */
export interface Router {
  (req: PluginRequest, res: PluginResponse, next: NextFunction): void;

  all: MethodOn<this>;
  get: MethodOn<this>;
  head: MethodOn<this>;
  post: MethodOn<this>;
  put: MethodOn<this>;
  patch: MethodOn<this>;
  delete: MethodOn<this>;
  options: MethodOn<this>;

  use(...handlers: Handlers<RouteHandler>): this;
  use(path: RoutePath, ...handlers: Handlers<RouteHandler>): this;
  use(...handlers: Handlers<RouteHandler | RouteErrorHandler>): this;
  use(path: RoutePath, ...handlers: Handlers<RouteHandler | RouteErrorHandler>): this;

  route(path: RoutePath): Route;
  param(name: string, handler: RouteParamHandler): this;
}
