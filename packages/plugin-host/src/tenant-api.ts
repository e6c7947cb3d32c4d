import type { EmittedPayload, EventName, FilterName, FilterPayload } from '@verifywise/plugin-types';
import type { TenantConfig } from './lifecycle/tenant-config.js';
import type { TenantMarketplace } from './lifecycle/tenant-marketplace.js';
import type { TenantPlugins } from './lifecycle/tenant-plugins.js';

/** One tenant, chosen once, so that no call can name another by mistake: `host.tenant('acme')`. */
export interface TenantApi {
  readonly tenant: string;
  readonly plugins: TenantPlugins;
  readonly marketplace: TenantMarketplace;
  readonly config: TenantConfig;
  readonly events: {
    /**
     * Tells the tenant's enabled plugins. Resolves when every handler has settled or spent its budget; a failing
     * handler is the plugin's fault and never the caller's.
     *
     * @throws PAYLOAD_INVALID for what JSON cannot hold
     */
    emit<E extends EventName>(event: E, payload: EmittedPayload<E>): Promise<void>;
  };
  readonly filters: {
    /** Passes a value through the tenant's filters, lowest priority first. A filter that fails is left out. */
    apply<F extends FilterName>(filter: F, value: FilterPayload<F>): Promise<FilterPayload<F>>;
  };
}
