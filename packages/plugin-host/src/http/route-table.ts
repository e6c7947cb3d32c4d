import { MANIFEST_SCHEMA } from '@verifywise/plugin-types';
import type { Endpoint } from './endpoint.js';
import { browseMarketplace } from './endpoints/browse-marketplace.js';
import { disablePlugin } from './endpoints/disable-plugin.js';
import { enablePlugin } from './endpoints/enable-plugin.js';
import { getConfig } from './endpoints/get-config.js';
import { getMarketplacePlugin } from './endpoints/get-marketplace-plugin.js';
import { getPlugin } from './endpoints/get-plugin.js';
import { installFromUrl } from './endpoints/install-from-url.js';
import { listErrors } from './endpoints/list-errors.js';
import { listMarketplaceCategories } from './endpoints/list-marketplace-categories.js';
import { listMarketplaceTags } from './endpoints/list-marketplace-tags.js';
import { listMarketplaceUpdates } from './endpoints/list-marketplace-updates.js';
import { listPlugins } from './endpoints/list-plugins.js';
import { listUiExtensions } from './endpoints/list-ui-extensions.js';
import { putConfig } from './endpoints/put-config.js';
import { refreshMarketplace } from './endpoints/refresh-marketplace.js';
import { uninstallPlugin } from './endpoints/uninstall-plugin.js';

/** Who may call a route. There is no default: a route without it does not compile. */
export type Access = 'admin' | 'login';

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Segments of `:name` match one segment each. Earlier routes win. */
  readonly path: string;
  readonly access: Access;
  /** JSON Schema of the body. Without one the body is not looked at. */
  readonly body?: object;
  readonly endpoint: Endpoint;
}

const { pattern, maxLength } = MANIFEST_SCHEMA.definitions.pluginId;
const pluginId = { type: 'string', pattern, maxLength } as const;
const text = { type: 'string', minLength: 1, maxLength: 2048 } as const;

/** Every route of the host's own. `docs/http-api.md` is held against this table by a test. */
export const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/api/marketplace', access: 'admin', endpoint: browseMarketplace },
  {
    method: 'GET',
    path: '/api/marketplace/categories',
    access: 'admin',
    endpoint: listMarketplaceCategories,
  },
  { method: 'GET', path: '/api/marketplace/tags', access: 'admin', endpoint: listMarketplaceTags },
  { method: 'GET', path: '/api/marketplace/updates', access: 'admin', endpoint: listMarketplaceUpdates },
  { method: 'POST', path: '/api/marketplace/refresh', access: 'admin', endpoint: refreshMarketplace },
  { method: 'GET', path: '/api/marketplace/:id', access: 'admin', endpoint: getMarketplacePlugin },

  { method: 'GET', path: '/api/plugins', access: 'admin', endpoint: listPlugins },
  { method: 'GET', path: '/api/plugins/ui-extensions', access: 'login', endpoint: listUiExtensions },
  {
    method: 'POST',
    path: '/api/plugins/install-from-url',
    access: 'admin',
    body: {
      type: 'object',
      required: ['id', 'downloadUrl', 'checksum'],
      properties: { id: pluginId, name: text, version: text, downloadUrl: text, checksum: text },
    },
    endpoint: installFromUrl,
  },
  { method: 'GET', path: '/api/plugins/:id', access: 'admin', endpoint: getPlugin },
  { method: 'POST', path: '/api/plugins/:id/enable', access: 'admin', endpoint: enablePlugin },
  { method: 'POST', path: '/api/plugins/:id/disable', access: 'admin', endpoint: disablePlugin },
  {
    method: 'POST',
    path: '/api/plugins/:id/uninstall',
    access: 'admin',
    body: {
      type: ['object', 'null'],
      properties: { deleteData: { type: 'boolean' }, force: { type: 'boolean' } },
    },
    endpoint: uninstallPlugin,
  },
  { method: 'GET', path: '/api/plugins/:id/config', access: 'admin', endpoint: getConfig },
  {
    method: 'PUT',
    path: '/api/plugins/:id/config',
    access: 'admin',
    body: { type: 'object' },
    endpoint: putConfig,
  },
  { method: 'GET', path: '/api/plugins/:id/-/errors', access: 'admin', endpoint: listErrors },
];

/** First segments of a plugin's own paths that belong to the host (design decision 16), whether in use yet or not. */
export const RESERVED_SEGMENTS: ReadonlySet<string> = new Set([
  'enable',
  'disable',
  'install',
  'uninstall',
  'update',
  'rollback',
  'config',
  'webhooks',
  '-',
]);
