import type { Plugin, PluginContext } from '@verifywise/plugin-types';
import { createPluginRoutes } from '../../capabilities/routes/plugin-routes.js';
import type { HostHttp, Identity } from '../../facade/host-http.js';
import { pathBelow, splitPath } from '../../facade/path-segments.js';
import type { Fault } from '../../foundation/faults.js';
import { Scope } from '../../foundation/scope.js';
import { type MountHost, withHost } from './mounted-host.js';

export const identity: Identity = {
  tenant: 'acme',
  user: { id: 7, email: 'ada@acme.test', name: 'Ada', role: 'Admin' },
  isAdmin: true,
};
const context = { pluginId: 'demo', tenant: 'acme' } as PluginContext;

/** A host that knows one plugin, `demo`. */
function pluginHttp(routes: NonNullable<Plugin['routes']>): { http: HostHttp; faults: Fault[] } {
  const faults: Fault[] = [];
  const served = createPluginRoutes({
    plugin: { manifest: {}, routes } as Plugin,
    owner: { key: { tenant: 'acme', pluginId: 'demo' }, scope: new Scope(), active: true, context },
    faults: { report: (fault) => faults.push(fault), denied: () => {} },
    limits: { routeMs: 20_000 },
  });
  const http: HostHttp = {
    handle: (request) => served.handle(request, identity, pathBelow(splitPath(request.path), 3)),
  };
  return { http, faults };
}

/** Mounts a host whose plugin `demo` has these routes. */
export async function withPlugin(
  mount: MountHost,
  routes: NonNullable<Plugin['routes']>,
  use: (url: string, faults: readonly Fault[]) => Promise<void>,
): Promise<void> {
  const { http, faults } = pluginHttp(routes);
  await withHost(mount, http, (url) => use(url, faults));
}
