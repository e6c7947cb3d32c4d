import { compareVersions } from '@verifywise/plugin-manifest';
import { PLUGIN_TYPES, type PluginType, type Registry, type RegistryRelease } from '@verifywise/plugin-types';

/** A registry entry beside what one tenant has of it (§18.2). */
export interface CatalogPlugin extends RegistryRelease {
  readonly installed: boolean;
  readonly installedVersion: string | null;
  readonly enabled: boolean;
  readonly hasUpdate: boolean;
}

export const INSTALLED_FILTERS = ['true', 'false', 'updates'] as const;
export type InstalledFilter = (typeof INSTALLED_FILTERS)[number];

export interface CatalogQuery {
  /** One of the plugin types. An unknown one finds nothing. */
  readonly type?: string | undefined;
  /** Matched against name, description and tags, whatever the case. All its words must be found. */
  readonly search?: string | undefined;
  readonly installed?: InstalledFilter | undefined;
}

export interface Category {
  readonly type: PluginType;
  readonly count: number;
  readonly label: string;
}

export interface Tag {
  readonly tag: string;
  readonly count: number;
}

/** What the tenant's installed plugins are, by id. */
export type InstalledPlugins = ReadonlyMap<string, { readonly version: string; readonly enabled: boolean }>;

export const catalogOf = (registry: Registry, installed: InstalledPlugins): CatalogPlugin[] =>
  registry.plugins.map(({ versions: _, ...release }) => {
    const present = installed.get(release.id);
    return {
      ...release,
      installed: present !== undefined,
      installedVersion: present?.version ?? null,
      enabled: present?.enabled ?? false,
      hasUpdate: present !== undefined && compareVersions(release.version, present.version) > 0,
    };
  });

export function searchCatalog(plugins: readonly CatalogPlugin[], query: CatalogQuery): CatalogPlugin[] {
  const words = (query.search ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  return plugins.filter((plugin) => {
    if (query.type !== undefined && plugin.type !== query.type) return false;
    if (query.installed === 'true' && !plugin.installed) return false;
    if (query.installed === 'false' && plugin.installed) return false;
    if (query.installed === 'updates' && !plugin.hasUpdate) return false;
    if (words.length === 0) return true;
    const text = [plugin.name, plugin.description, ...plugin.tags].join('\n').toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The plugin types that occur, in the specification's order. */
export const categoriesOf = ({ plugins }: Registry): Category[] =>
  PLUGIN_TYPES.map((type) => ({
    type,
    count: plugins.filter((plugin) => plugin.type === type).length,
    label: type.charAt(0).toUpperCase() + type.slice(1),
  })).filter(({ count }) => count > 0);

/** Every tag with how many plugins carry it, the most popular first, ties by name. */
export function tagsOf({ plugins }: Registry): Tag[] {
  const counts = new Map<string, number>();
  for (const { tags } of plugins) {
    for (const tag of new Set(tags)) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  }
  return [...counts]
    .map(([tag, count]) => ({ tag, count }))
    .sort((a, b) => b.count - a.count || (a.tag < b.tag ? -1 : 1));
}
