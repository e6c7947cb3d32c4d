import { queryInvalid } from '../../foundation/errors/index.js';
import { INSTALLED_FILTERS, type InstalledFilter } from '../../registry/catalog.js';
import { type Endpoint, ok } from '../endpoint.js';

const first = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

const isInstalledFilter = (value: string): value is InstalledFilter =>
  (INSTALLED_FILTERS as readonly string[]).includes(value);

/** GET /api/marketplace (§18.2) */
export const browseMarketplace: Endpoint = async ({ query, identity }, { marketplace }) => {
  const installed = first(query.installed);
  if (installed !== undefined && !isInstalledFilter(installed)) {
    throw queryInvalid({ parameter: 'installed', value: installed, allowed: INSTALLED_FILTERS });
  }
  return ok(
    await marketplace(identity.tenant).browse({
      type: first(query.type),
      search: first(query.search),
      installed,
      refresh: first(query.refresh) === 'true',
    }),
  );
};
