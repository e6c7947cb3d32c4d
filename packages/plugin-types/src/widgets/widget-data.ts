import type { ChartData, PointChartData } from './chart.js';
import type { ActivityFeedData, ActivityFeedInput, CalendarData, TimelineData } from './chronicles.js';
import type { CardGridData, CardGridInput, ProgressData, StatsCardData, StatsCardInput } from './figures.js';
import type { AlertsData, KeyedTableData, ListData, ListInput, TableData } from './lists.js';
import type { WidgetTemplate } from './ui-extensions.js';

/** The contract: what each template draws (§14.2). */
export interface WidgetDataMap {
  'activity-feed': ActivityFeedData;
  list: ListData;
  'stats-card': StatsCardData;
  table: TableData;
  chart: ChartData;
  timeline: TimelineData;
  progress: ProgressData;
  alerts: AlertsData;
  calendar: CalendarData;
  'card-grid': CardGridData;
}

/** What an endpoint may answer for each template: the contract, and the shapes plugins use besides. */
export interface WidgetInputMap {
  'activity-feed': ActivityFeedInput;
  list: ListInput;
  'stats-card': StatsCardInput;
  table: TableData | KeyedTableData;
  chart: ChartData | PointChartData;
  timeline: TimelineData;
  progress: ProgressData;
  alerts: AlertsData;
  calendar: CalendarData;
  'card-grid': CardGridInput;
}

/** What a template draws. */
export type WidgetData<Template extends WidgetTemplate = WidgetTemplate> = WidgetDataMap[Template];

/** What an endpoint may answer for a template. */
export type WidgetInput<Template extends WidgetTemplate = WidgetTemplate> = WidgetInputMap[Template];

/** The whole answer of a widget's endpoint. */
export interface WidgetAnswer<Template extends WidgetTemplate = WidgetTemplate> {
  readonly success: true;
  readonly data: WidgetInput<Template>;
}
