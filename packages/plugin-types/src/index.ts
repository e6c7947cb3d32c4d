export type { PluginConfig } from './context/config.js';
export type {
  PluginDatabase,
  PluginTransaction,
  QueryResult,
  TransactionClient,
} from './context/database.js';
export type { EmitOptions, PluginEvents } from './context/events.js';
export type { PluginFiles } from './context/files.js';
export type { FilterHandler, FilterHandlers, PluginFilters } from './context/filters.js';
export type { PluginHttp } from './context/http.js';
export type { PluginLogger } from './context/logger.js';
export type { EntityReference, MetadataEntry, PluginMetadata } from './context/metadata.js';
export type {
  ExchangeMiddlewareHandler,
  MiddlewareContext,
  MiddlewareExchange,
  MiddlewareOptions,
  MiddlewarePosition,
  PluginMiddleware,
  PluginMiddlewareHandler,
  RegisteredMiddleware,
} from './context/middleware.js';
export type {
  DestroyRowOptions,
  FindOptions,
  Include,
  ModelFields,
  ModelRow,
  PluginModel,
  ReadableModel,
  Where,
  WhereCondition,
  WhereOperators,
} from './context/model.js';
export type {
  AssociationOptions,
  AssociationType,
  ModelDataType,
  ModelFieldsOf,
  PluginModelAttributeDefinition,
  PluginModelAttributes,
  PluginModelIndex,
  PluginModelOptions,
  ReferentialAction,
  SyncOptions,
} from './context/model-definition.js';
export type { CoreModelName, PluginModels } from './context/models.js';
export type { EventHandler, EventHandlers, PluginContext } from './context/plugin-context.js';
export type { PluginPeers } from './context/plugins.js';
export type {
  JobContext,
  JobHandler,
  PluginScheduler,
  ScheduledJob,
  ScheduleJobOptions,
} from './context/scheduler.js';
export { definePlugin, type ImportedManifest, type PluginDefinition } from './define-plugin.js';
export type {
  AssessmentEventPayload,
  AssessmentEvents,
  ControlEventPayload,
  QuestionEventPayload,
  SubcontrolEventPayload,
} from './events/assessment-events.js';
export type { AttachmentEvents, FileEventPayload, NoteEventPayload } from './events/attachment-events.js';
export type {
  CustomEventPayload,
  EmittedPayload,
  EventName,
  EventPayload,
  PluginEventMap,
} from './events/event-map.js';
export type { IncidentEventPayload, IncidentEvents } from './events/incident-events.js';
export type { LifecycleEventPayload, LifecycleEvents } from './events/lifecycle-events.js';
export type { ModelEventPayload, ModelEvents, ModelRiskEventPayload } from './events/model-events.js';
export type {
  BaseEventPayload,
  Changed,
  Changes,
  Entity,
  Mitigated,
  StampedPayload,
  TriggeredBy,
} from './events/payload.js';
export { PluginEvent } from './events/plugin-event.js';
export type { PolicyEventPayload, PolicyEvents } from './events/policy-events.js';
export type {
  FrameworkEventPayload,
  FrameworkEvents,
  FrameworkProgressPayload,
  ProjectEventPayload,
  ProjectEvents,
  ReportEvents,
  ReportExportedPayload,
  ReportGeneratedPayload,
} from './events/project-events.js';
export type { RiskEventPayload, RiskEvents } from './events/risk-events.js';
export type { TaskEventPayload, TaskEvents } from './events/task-events.js';
export type { TrainingEventPayload, TrainingEvents } from './events/training-events.js';
export type { UserEventPayload, UserEvents, UserLogoutPayload } from './events/user-events.js';
export type { VendorEventPayload, VendorEvents, VendorRiskEventPayload } from './events/vendor-events.js';
export type {
  AssessmentBeforeSave,
  AssessmentCalculateScore,
  ControlBeforeSave,
  ControlCalculateStatus,
  FilterName,
  FilterPayload,
  FilterValue,
  PluginFilterMap,
  ProjectAfterLoad,
  ProjectBeforeSave,
  ReportAfterGenerate,
  ReportBeforeGenerate,
  RiskAfterLoad,
  RiskBeforeExport,
  RiskBeforeSave,
  UserDataBeforeExport,
  VendorAfterLoad,
  VendorBeforeSave,
} from './filters/filter-map.js';
export { PluginFilter } from './filters/plugin-filter.js';
export type {
  IncomingRequest,
  PluginRequest,
  RequestHeaders,
  RequestUser,
  WebhookRequest,
} from './http/request.js';
export type {
  CookieOptions,
  HeaderValue,
  PluginResponse,
  TextEncoding,
  WritableResponse,
} from './http/response.js';
export type {
  NextFunction,
  Route,
  RouteErrorHandler,
  RouteHandler,
  RouteParamHandler,
  RoutePath,
  Router,
} from './http/router.js';
export type { InstallInfo, UninstallOptions } from './lifecycle.js';
export {
  type ArrayConfigField,
  type Author,
  type BooleanConfigField,
  CONFIG_FIELD_TYPES,
  type Compatibility,
  type ConfigField,
  type ConfigFieldBase,
  type ConfigFieldType,
  type ConfigSchema,
  type ManifestInstall,
  type ManifestRuns,
  type ManifestUi,
  type ManifestWidget,
  type NumberConfigField,
  type ObjectConfigField,
  PLUGIN_TYPES,
  type PluginManifest,
  type PluginType,
  type StringConfigField,
} from './manifest.js';
export type { Bytes, Fetch, Signal } from './node-globals.js';
export { PERMISSIONS, type Permission } from './permissions.js';
export type { JSONSchema, Plugin } from './plugin.js';
export type { Registry, RegistryEntry, RegistryRelease } from './registry.js';
export { RUN_STATUSES, type RunContext, type RunStatus } from './runs.js';
export {
  CONFIG_KEY_PATTERN,
  MANIFEST_SCHEMA,
  PLUGIN_ID_PATTERN,
  REGISTRY_SCHEMA,
  VERSION_PATTERN,
} from './schemas/index.js';
export type { Webhook, Webhooks } from './webhooks.js';
export type {
  ChartData,
  ChartDataset,
  ChartPoint,
  ChartSeries,
  ChartType,
  PointChartData,
} from './widgets/chart.js';
export type {
  Activity,
  ActivityFeedData,
  ActivityFeedInput,
  CalendarData,
  CalendarEvent,
  NarratedActivity,
  TimelineData,
  TimelineEvent,
  WidgetUser,
} from './widgets/chronicles.js';
export type {
  CardGridCard,
  CardGridCardInput,
  CardGridData,
  CardGridInput,
  ChangeType,
  ProgressData,
  ProgressItem,
  StatsCardData,
  StatsCardInput,
} from './widgets/figures.js';
export type {
  Alert,
  AlertSeverity,
  AlertsData,
  KeyedTableData,
  ListData,
  ListInput,
  ListItem,
  TableCell,
  TableColumn,
  TableData,
} from './widgets/lists.js';
export {
  type DashboardWidget,
  type DashboardWidgetDeclaration,
  type PluginPage,
  type UiExtensions,
  WIDGET_TEMPLATES,
  type WidgetConfig,
  type WidgetTemplate,
} from './widgets/ui-extensions.js';
export type {
  WidgetAnswer,
  WidgetData,
  WidgetDataMap,
  WidgetInput,
  WidgetInputMap,
} from './widgets/widget-data.js';
