import { pluginNotInstalled } from '../foundation/errors/index.js';
import type { PluginKey } from '../foundation/plugin-key.js';
import type { Installation, Installations } from './installations.js';

/** @throws PLUGIN_NOT_INSTALLED */
export async function requireInstalled(
  { installations }: { readonly installations: Installations },
  key: PluginKey,
): Promise<Installation> {
  const installation = await installations.find(key);
  if (!installation) throw pluginNotInstalled({ pluginId: key.pluginId });
  return installation;
}
