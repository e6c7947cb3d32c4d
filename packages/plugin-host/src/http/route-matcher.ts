import type { Route } from './route-table.js';

export interface RouteMatch {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

interface CompiledRoute {
  readonly route: Route;
  /** `null` stands for a parameter. */
  readonly segments: readonly (string | null)[];
  readonly names: readonly string[];
}

const compile = (route: Route): CompiledRoute => {
  const parts = route.path.slice(1).split('/');
  return {
    route,
    segments: parts.map((part) => (part.startsWith(':') ? null : part)),
    names: parts.map((part) => part.slice(1)),
  };
};

/** Finds the host's own route for a decoded path. Words match whatever their case, as both frameworks do. */
export class RouteMatcher {
  readonly #routes: readonly CompiledRoute[];

  constructor(routes: readonly Route[]) {
    this.#routes = routes.map(compile);
  }

  /** The route for this method, or the methods this path answers instead (none: no such path). */
  match(method: string, path: readonly string[]): RouteMatch | { readonly allowed: readonly string[] } {
    const wanted = method === 'HEAD' ? 'GET' : method;
    const allowed: string[] = [];
    let parametric = true;
    for (const { route, segments, names } of this.#routes) {
      if (!fits(segments, path)) continue;
      const literal = !segments.includes(null);
      // `GET /api/plugins/ui-extensions` shadows `GET /api/plugins/:id` for every method.
      if (!literal && !parametric) continue;
      if (literal) parametric = false;
      if (route.method === wanted) return { route, params: paramsOf(segments, names, path) };
      allowed.push(route.method);
    }
    return { allowed };
  }
}

const fits = (segments: readonly (string | null)[], path: readonly string[]): boolean =>
  segments.length === path.length &&
  segments.every((segment, index) =>
    segment === null ? path[index] !== '' : segment === path[index]?.toLowerCase(),
  );

const paramsOf = (
  segments: readonly (string | null)[],
  names: readonly string[],
  path: readonly string[],
): Record<string, string> => {
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    if (segment === null) params[names[index] ?? ''] = path[index] ?? '';
  }
  return params;
};
