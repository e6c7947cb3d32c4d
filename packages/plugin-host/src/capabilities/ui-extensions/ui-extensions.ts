import type {
  DashboardWidget,
  Plugin,
  PluginManifest,
  PluginPage,
  WidgetTemplate,
} from '@verifywise/plugin-types';
import { readDeclaredUi } from './declared-ui.js';

/** What one plugin adds to the application's pages (§13.3). */
export interface PluginUi {
  readonly dashboardWidgets: readonly DashboardWidget[];
  readonly pages: readonly (PluginPage & { readonly pluginId: string })[];
}

/**
 * The plugin's widgets and page, from `plugin.uiExtensions` and from the manifest's `ui`. Where both declare a widget
 * of one id, the code wins: it knows more than the manifest could. The plugin's id is the host's to say.
 * What the code declares wrongly is left out.
 */
export function uiOf(pluginId: string, plugin: Plugin, manifest: PluginManifest): PluginUi {
  const declared = readDeclaredUi(plugin);
  const widgets = new Map<string, DashboardWidget>();
  for (const widget of [...(manifest.ui?.dashboardWidgets ?? []), ...declared.dashboardWidgets]) {
    widgets.set(widget.widgetId, { ...widget, template: widget.template as WidgetTemplate, pluginId });
  }
  const page = declared.page ?? manifest.ui?.page;
  return {
    dashboardWidgets: [...widgets.values()],
    pages: page ? [{ ...(page as PluginPage), pluginId }] : [],
  };
}
