import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitPath } from '../facade/path-segments.js';
import { ok } from './endpoint.js';
import { RouteMatcher } from './route-matcher.js';
import { ROUTES, type Route } from './route-table.js';

const table = new RouteMatcher(ROUTES);
const match = (method: string, path: string, matcher = table) =>
  matcher.match(method, splitPath(path).decoded);
/** The route as the table writes it, or the methods that would have been answered. */
const found = (method: string, path: string, matcher = table): unknown => {
  const result = match(method, path, matcher);
  return 'route' in result ? `${result.route.method} ${result.route.path}` : result.allowed;
};
const paramsOf = (method: string, path: string): unknown => {
  const result = match(method, path);
  return 'route' in result ? result.params : undefined;
};
const route = (method: Route['method'], path: string): Route => ({
  method,
  path,
  access: 'login',
  endpoint: async () => ok(null),
});

describe('the host’s own routes', () => {
  it.each(ROUTES.map((each) => [each.method, each.path] as const))(
    '%s %s is found by its own path',
    (method, path) => {
      expect(found(method, path.replaceAll(':id', 'slack'))).toBe(`${method} ${path}`);
    },
  );

  it('tell words from parameters', () => {
    expect(found('GET', '/api/plugins/ui-extensions')).toBe('GET /api/plugins/ui-extensions');
    expect(found('GET', '/api/plugins/ui-extension')).toBe('GET /api/plugins/:id');
    expect(found('GET', '/api/marketplace/tags')).toBe('GET /api/marketplace/tags');
    expect(found('GET', '/api/marketplace/tag')).toBe('GET /api/marketplace/:id');
  });

  it('give a word for every method: install-from-url is no plugin', () => {
    expect(found('GET', '/api/plugins/install-from-url')).toEqual(['POST']);
    expect(found('POST', '/api/plugins/ui-extensions')).toEqual(['GET']);
    expect(found('GET', '/api/marketplace/refresh')).toEqual(['POST']);
  });

  it('name the methods a path answers', () => {
    expect(found('DELETE', '/api/plugins/slack/config')).toEqual(['GET', 'PUT']);
    expect(found('PATCH', '/api/plugins/slack')).toEqual(['GET']);
    expect(found('get', '/api/plugins/slack')).toEqual(['GET']);
  });

  it('answer HEAD where they answer GET', () => {
    expect(found('HEAD', '/api/plugins/slack')).toBe('GET /api/plugins/:id');
    expect(found('HEAD', '/api/plugins/slack/enable')).toEqual(['POST']);
  });

  it.each([
    '/api/plugins/slack/activity',
    '/api/plugins/slack/config/more',
    '/api/plugin',
    '/api',
    '/',
    '/plugins',
    '/api/plugins/slack/-',
    '/api/plugins/slack/-/other',
    '/v1/api/plugins',
  ])('do not include %s', (path) => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) expect(found(method, path)).toEqual([]);
  });

  it.each([
    ['/API/Plugins', 'GET /api/plugins'],
    ['/api/plugins/', 'GET /api/plugins'],
    ['/api/plugins/UI-Extensions/', 'GET /api/plugins/ui-extensions'],
    ['/api/%70lugins', 'GET /api/plugins'],
    ['/api/plugins/slack/CONFIG', 'GET /api/plugins/:id/config'],
    ['/api/plugins/slack/%2d/errors', 'GET /api/plugins/:id/-/errors'],
  ])('match %s as both frameworks do', (path, expected) => {
    expect(found('GET', path)).toBe(expected);
  });

  it.each([
    '/api//plugins',
    '//api/plugins',
    '/api/plugins//',
    '/api/plugins//config',
    '/api%2fplugins',
    '/api/plugins%2fslack',
  ])('do not fold %s', (path) => {
    expect(found('GET', path)).toEqual([]);
  });

  it('give parameters decoded, in their case, and with what an encoded slash hid', () => {
    expect(paramsOf('GET', '/api/plugins/Slack%20%C3%A9')).toEqual({ id: 'Slack é' });
    expect(paramsOf('GET', '/api/plugins/a%2fb')).toEqual({ id: 'a/b' });
    expect(paramsOf('GET', '/api/plugins/..')).toEqual({ id: '..' });
    expect(paramsOf('GET', '/api/plugins/__proto__')).toEqual({ id: '__proto__' });
    expect(paramsOf('GET', '/api/plugins')).toEqual({});
  });

  it('never match by chance: any other path is a parameter or nothing', () => {
    const words = new Set(ROUTES.flatMap(({ path }) => path.split('/')));
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { maxLength: 6 }), (segments) => {
        fc.pre(!segments.some((segment) => words.has(segment.toLowerCase())));
        expect(table.match('GET', segments)).toEqual({ allowed: [] });
        const plugin = table.match('GET', ['api', 'plugins', ...segments]);
        if (segments.length > 1) expect(plugin).toEqual({ allowed: [] });
        if (segments.length === 1) expect(plugin).toMatchObject({ params: { id: segments[0] } });
      }),
    );
  });
});

describe('a matcher', () => {
  it('lets earlier routes win', () => {
    const matcher = new RouteMatcher([route('GET', '/a/:x'), route('GET', '/a/:y')]);
    expect(found('GET', '/a/1', matcher)).toBe('GET /a/:x');
  });

  it('gives several parameters', () => {
    const matcher = new RouteMatcher([route('GET', '/a/:x/b/:y')]);
    expect(match('GET', '/a/1/B/2', matcher)).toMatchObject({ params: { x: '1', y: '2' } });
  });

  it('has nothing where there are no routes', () => {
    expect(match('GET', '/a', new RouteMatcher([]))).toEqual({ allowed: [] });
  });
});
