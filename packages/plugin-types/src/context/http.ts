import type { Fetch } from '../node-globals.js';

/** Outbound requests. */
export interface PluginHttp {
  /**
   * The global `fetch` for this plugin. Needs `http:outbound`. Private and loopback addresses are refused unless the
   * host allows them, also when a redirect leads there.
   */
  fetch: Fetch;
}
