/** The widget templates of §14.1. */
export const WIDGET_TEMPLATES = /* @__PURE__ */ Object.freeze([
  'activity-feed',
  'list',
  'stats-card',
  'table',
  'chart',
  'timeline',
  'progress',
  'alerts',
  'calendar',
  'card-grid',
] as const);

/** One of the ten widget templates. */
export type WidgetTemplate = (typeof WIDGET_TEMPLATES)[number];

/** How a widget is drawn (§14.3). A template ignores what it does not know. */
export interface WidgetConfig {
  /** How often the data is read again, in seconds. Default: only when the dashboard opens. */
  readonly refreshInterval?: number;
  /** Items on a page, for `list` and `table`. */
  readonly pageSize?: number;
  /** Most items shown. */
  readonly limit?: number;
  /** Columns of the grid, for `card-grid`. */
  readonly columns?: number;
  /** Less space around everything. Default false. */
  readonly compact?: boolean;
  /** Whether `stats-card` shows the change. */
  readonly showChange?: boolean;
  /** Shown instead of an empty list. */
  readonly emptyMessage?: string;
  readonly [option: string]: unknown;
}

/** A widget on the dashboard (§13.2), as the host lists it. */
export interface DashboardWidget {
  /** Unique among the plugin's widgets. */
  readonly widgetId: string;
  readonly pluginId: string;
  readonly title: string;
  readonly template: WidgetTemplate;
  /** Where the data is read, beneath `/api/plugins/{pluginId}`. */
  readonly endpoint: string;
  readonly config?: WidgetConfig;
}

/** A widget as a plugin declares it: `pluginId` is always the plugin's own and may be left out. */
export interface DashboardWidgetDeclaration extends Omit<DashboardWidget, 'pluginId'> {
  readonly pluginId?: string;
}

/** A page of the plugin's own in the application. */
export interface PluginPage {
  readonly title: string;
  readonly description?: string;
  /** Name of an icon. */
  readonly icon?: string;
  /** The template that draws it. */
  readonly template?: string;
  /** Where its content is read, beneath `/api/plugins/{id}`. */
  readonly endpoint?: string;
  readonly [extra: string]: unknown;
}

/** What a plugin adds to the user interface (§13). */
export interface UiExtensions {
  readonly dashboardWidgets?: readonly DashboardWidgetDeclaration[];
  readonly page?: PluginPage;
}
