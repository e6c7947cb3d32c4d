/** One plugin of one tenant: what every installation, instance, log line and fault is filed under. */
export interface PluginKey {
  readonly tenant: string;
  readonly pluginId: string;
}

/** A printable form, for log lines and map keys. Ids hold no `/`, so it is injective. */
export const formatPluginKey = ({ tenant, pluginId }: PluginKey): string => `${pluginId}/${tenant}`;

export const samePlugin = (a: PluginKey, b: PluginKey): boolean =>
  a.pluginId === b.pluginId && a.tenant === b.tenant;
