import { expectTypeOf } from 'vitest';
import {
  type BaseEventPayload,
  type Bytes,
  type Changes,
  type ConfigSchema,
  type DashboardWidget,
  definePlugin,
  type Entity,
  type EventPayload,
  type FilterPayload,
  type JobContext,
  MANIFEST_SCHEMA,
  type PERMISSIONS,
  type Permission,
  type Plugin,
  type PluginContext,
  PluginEvent,
  type PluginEventMap,
  PluginFilter,
  type PluginFilterMap,
  type PluginManifest,
  type PluginModelAttributes,
  type PluginRequest,
  REGISTRY_SCHEMA,
  type Registry,
  type RegistryEntry,
  type RunContext,
  type Signal,
  type WidgetDataMap,
  type WidgetInputMap,
  type WidgetTemplate,
} from '../src/index.js';

// Checked by `tsc`, never run.

/** The fields a type names, leaving its index signature out; `?` follows an optional one. */
type FieldsOf<T> = keyof {
  [Key in keyof T as string extends Key
    ? never
    : Key extends string
      ? object extends Pick<T, Key>
        ? `${Key}?`
        : Key
      : never]: true;
};

type OwnFields<Payload> = Exclude<FieldsOf<Payload>, FieldsOf<BaseEventPayload>>;

/** Payload fields beside the base payload: the tables of §17.2 and §17.3, and the four events beyond them. */
interface SpecifiedEvents {
  'project:created': 'projectId' | 'project';
  'project:updated': 'projectId' | 'project' | 'changes';
  'project:deleted': 'projectId' | 'project';
  'risk:created': 'riskId' | 'projectId' | 'risk';
  'risk:updated': 'riskId' | 'projectId' | 'risk' | 'changes';
  'risk:deleted': 'riskId' | 'projectId' | 'risk';
  'risk:mitigated': 'riskId' | 'projectId' | 'risk' | 'mitigationStatus' | 'previousStatus';
  'vendor:created': 'vendorId' | 'projectId' | 'vendor';
  'vendor:updated': 'vendorId' | 'projectId' | 'vendor' | 'changes';
  'vendor:deleted': 'vendorId' | 'projectId' | 'vendor';
  'vendor_risk:created': 'vendorRiskId' | 'vendorId' | 'projectId' | 'vendorRisk';
  'vendor_risk:updated': 'vendorRiskId' | 'vendorId' | 'projectId' | 'vendorRisk' | 'changes';
  'vendor_risk:deleted': 'vendorRiskId' | 'vendorId' | 'projectId' | 'vendorRisk';
  'vendor_risk:mitigated':
    | 'vendorRiskId'
    | 'vendorId'
    | 'projectId'
    | 'vendorRisk'
    | 'mitigationStatus'
    | 'previousStatus';
  'model:created': 'modelId' | 'projectId' | 'model';
  'model:updated': 'modelId' | 'projectId' | 'model' | 'changes';
  'model:deleted': 'modelId' | 'projectId' | 'model';
  'model:status_changed': 'modelId' | 'projectId' | 'model' | 'previousStatus' | 'newStatus';
  'model_risk:created': 'modelRiskId' | 'modelId' | 'projectId' | 'modelRisk';
  'model_risk:updated': 'modelRiskId' | 'modelId' | 'projectId' | 'modelRisk' | 'changes';
  'model_risk:deleted': 'modelRiskId' | 'modelId' | 'projectId' | 'modelRisk';
  'model_risk:mitigated':
    | 'modelRiskId'
    | 'modelId'
    | 'projectId'
    | 'modelRisk'
    | 'mitigationStatus'
    | 'previousStatus';
  'incident:created': 'incidentId' | 'projectId?' | 'incident';
  'incident:updated': 'incidentId' | 'projectId?' | 'incident' | 'changes';
  'incident:deleted': 'incidentId' | 'projectId?' | 'incident';
  'incident:resolved': 'incidentId' | 'projectId?' | 'incident' | 'resolution';
  'policy:created': 'policyId' | 'projectId?' | 'policy';
  'policy:updated': 'policyId' | 'projectId?' | 'policy' | 'changes';
  'policy:deleted': 'policyId' | 'projectId?' | 'policy';
  'policy:published': 'policyId' | 'projectId?' | 'policy' | 'version';
  'task:created': 'taskId' | 'projectId?' | 'task';
  'task:updated': 'taskId' | 'projectId?' | 'task' | 'changes';
  'task:deleted': 'taskId' | 'projectId?' | 'task';
  'task:completed': 'taskId' | 'projectId?' | 'task';
  'task:assigned': 'taskId' | 'projectId?' | 'task' | 'assigneeId' | 'previousAssigneeId?';
  'training:created': 'trainingId' | 'training';
  'training:updated': 'trainingId' | 'training' | 'changes';
  'training:deleted': 'trainingId' | 'training';
  'training:completed': 'trainingId' | 'training' | 'completedByUserId';
  'training:assigned': 'trainingId' | 'training' | 'assignedUserIds';
  'note:created': 'noteId' | 'entityType' | 'entityId' | 'note';
  'note:updated': 'noteId' | 'entityType' | 'entityId' | 'note' | 'changes';
  'note:deleted': 'noteId' | 'entityType' | 'entityId' | 'note';
  'file:uploaded': 'fileId' | 'entityType?' | 'entityId?' | 'file';
  'file:updated': 'fileId' | 'entityType?' | 'entityId?' | 'file' | 'changes';
  'file:deleted': 'fileId' | 'entityType?' | 'entityId?' | 'file';
  'user:login': 'userId' | 'user';
  'user:logout': 'userId';
  'user:created': 'userId' | 'user';
  'user:updated': 'userId' | 'user' | 'changes';
  'user:deleted': 'userId' | 'user';
  'framework:added': 'projectId' | 'projectFrameworkId' | 'frameworkId' | 'framework';
  'framework:removed': 'projectId' | 'projectFrameworkId' | 'frameworkId' | 'framework';
  'framework:progress_changed':
    | 'projectId'
    | 'projectFrameworkId'
    | 'frameworkId'
    | 'previousProgress'
    | 'progress';
  'report:generated': 'reportId' | 'reportType' | 'projectId' | 'report';
  'report:exported': 'reportId' | 'format' | 'projectId' | 'report';
  'plugin:loaded': 'pluginId';
  'plugin:unloaded': 'pluginId';
  'plugin:enabled': 'pluginId';
  'plugin:disabled': 'pluginId';
  'assessment:updated': 'projectId' | 'assessmentId' | 'assessment' | 'changes';
  'question:answered': 'projectId' | 'questionId' | 'question' | 'answer' | 'previousAnswer?';
  'control:updated': 'projectId' | 'controlId' | 'control' | 'changes';
  'subcontrol:updated': 'projectId' | 'subcontrolId' | 'subcontrol' | 'changes';
}

expectTypeOf<{ [Event in keyof PluginEventMap]: OwnFields<PluginEventMap[Event]> }>().toEqualTypeOf<{
  [Event in keyof SpecifiedEvents]: SpecifiedEvents[Event];
}>();
expectTypeOf<PluginEvent>().toEqualTypeOf<keyof PluginEventMap>();
expectTypeOf(PluginEvent.RISK_CREATED).toEqualTypeOf<'risk:created'>();

/** What passes through each filter. */
interface SpecifiedFilters {
  'risk:before_save': 'risk' | 'projectId' | 'userId' | 'isNew';
  'risk:after_load': 'risk' | 'includeMetadata';
  'risk:before_export': 'risk' | 'format';
  'project:before_save': 'project' | 'userId' | 'isNew';
  'project:after_load': 'project' | 'includeMetadata';
  'assessment:before_save': 'assessment' | 'projectId' | 'userId';
  'assessment:calculate_score': 'projectId' | 'frameworkId' | 'answers' | 'baseScore';
  'report:before_generate': 'reportType' | 'projectId' | 'sections' | 'options';
  'report:after_generate': 'report' | 'projectId' | 'options';
  'control:before_save': 'control' | 'projectId' | 'userId';
  'control:calculate_status': 'controlId' | 'subcontrols' | 'currentStatus';
  'vendor:before_save': 'vendor' | 'projectId' | 'userId' | 'isNew';
  'vendor:after_load': 'vendor' | 'includeMetadata';
  'user:data_before_export': 'userId' | 'data' | 'format';
}

expectTypeOf<{ [Filter in keyof PluginFilterMap]: FieldsOf<PluginFilterMap[Filter]> }>().toEqualTypeOf<{
  [Filter in keyof SpecifiedFilters]: SpecifiedFilters[Filter];
}>();
expectTypeOf<PluginFilter>().toEqualTypeOf<keyof PluginFilterMap>();
expectTypeOf(PluginFilter.USER_DATA_BEFORE_EXPORT).toEqualTypeOf<'user:data_before_export'>();

// Every payload of the application names tenant, time and user; those of the plugin lifecycle name no user (§17.3).
type Based<Event extends keyof PluginEventMap> = PluginEventMap[Event] extends BaseEventPayload
  ? Event
  : never;
expectTypeOf<
  Exclude<keyof PluginEventMap, { [Event in keyof PluginEventMap]: Based<Event> }[keyof PluginEventMap]>
>().toEqualTypeOf<'plugin:loaded' | 'plugin:unloaded' | 'plugin:enabled' | 'plugin:disabled'>();
expectTypeOf<EventPayload<'plugin:loaded'>['tenant']>().toEqualTypeOf<string>();

expectTypeOf<EventPayload<'risk:updated'>['riskId']>().toEqualTypeOf<number>();
expectTypeOf<EventPayload<'risk:updated'>['risk']>().toEqualTypeOf<Entity>();
expectTypeOf<EventPayload<'risk:updated'>['changes']>().toEqualTypeOf<Changes>();
expectTypeOf<EventPayload<'risk:updated'>['timestamp']>().toEqualTypeOf<Date>();
expectTypeOf<EventPayload<'risk:updated'>['anythingElse']>().toBeUnknown();
expectTypeOf<EventPayload<'policy:updated'>['projectId']>().toEqualTypeOf<number | undefined>();
expectTypeOf<EventPayload<'training:assigned'>['assignedUserIds']>().toEqualTypeOf<number[]>();
expectTypeOf<EventPayload<'question:answered'>['answer']>().toEqualTypeOf<string>();
expectTypeOf<EventPayload<'my-plugin:anything'>['tenant']>().toEqualTypeOf<string>();
expectTypeOf<EventPayload<'my-plugin:anything'>['whatever']>().toBeAny();
expectTypeOf<FilterPayload<'assessment:calculate_score'>['answers']>().toEqualTypeOf<Entity[]>();
expectTypeOf<FilterPayload<'my-plugin:anything'>>().toBeAny();

declare const context: PluginContext;

context.on('vendor:created', (payload, itself) => {
  expectTypeOf(payload.vendorId).toEqualTypeOf<number>();
  expectTypeOf(itself).toEqualTypeOf<PluginContext>();
});
context.on('my-plugin:anything', (payload) => {
  expectTypeOf(payload.timestamp).toEqualTypeOf<Date>();
});
expectTypeOf(context.on('risk:deleted', () => undefined)).toBeVoid();
expectTypeOf(context.addFilter('vendor:after_load', (value) => value, 5)).toBeVoid();
expectTypeOf(
  context.applyFilters('risk:after_load', { risk: {}, includeMetadata: true }),
).resolves.toHaveProperty('includeMetadata');
expectTypeOf(context.config.get<string>('apiKey')).toBeString();
expectTypeOf(context.config.get('apiKey')).toBeAny();
expectTypeOf(context.metadata.get('system', 0, 'db_version')).resolves.toBeAny();
expectTypeOf(context.metadata.get<number>('system', 0, 'db_version')).resolves.toEqualTypeOf<number | null>();
expectTypeOf(context.metadata.deleteByPlugin()).resolves.toBeNumber();
expectTypeOf(context.db.query<{ id: number }>('SELECT id FROM t'))
  .resolves.toHaveProperty('rows')
  .toEqualTypeOf<{ id: number }[]>();
expectTypeOf(
  context.db.transaction(async (tx) => (await tx.query('SELECT 1')).rowCount),
).resolves.toBeNumber();
expectTypeOf(context.middleware.removeAll()).toBeNumber();
expectTypeOf(context.files.read('a')).resolves.toEqualTypeOf<Bytes>();
expectTypeOf(context.files.read('a', 'utf8')).resolves.toBeString();
expectTypeOf(context.http.fetch).toEqualTypeOf<typeof fetch>();
expectTypeOf(context.install).toEqualTypeOf<
  | {
      readonly reason: 'install' | 'update';
      readonly fromVersion: string | null;
      readonly toVersion: string;
      readonly attempt: number;
    }
  | undefined
>();
expectTypeOf(context.options).toEqualTypeOf<{ readonly deleteData: boolean } | undefined>();
expectTypeOf(context.manifest).toEqualTypeOf<PluginManifest>();
void context.scheduler.schedule(
  'report',
  (data, job) => {
    expectTypeOf(data).toEqualTypeOf<{ recipients: string[] }>();
    expectTypeOf(job).toEqualTypeOf<JobContext>();
  },
  { cron: '0 9 * * 1' },
  { recipients: ['admin@example.com'] },
);

expectTypeOf<Bytes>().toEqualTypeOf<Buffer>();
expectTypeOf<Signal>().toEqualTypeOf<AbortSignal>();
expectTypeOf<RunContext>().toExtend<PluginContext>();
expectTypeOf<PluginRequest['userId']>().toEqualTypeOf<number | string>();

expectTypeOf<(typeof PERMISSIONS)[number]>().toEqualTypeOf<Permission>();
expectTypeOf<keyof WidgetDataMap>().toEqualTypeOf<WidgetTemplate>();
expectTypeOf<keyof WidgetInputMap>().toEqualTypeOf<WidgetTemplate>();
// What a template draws its endpoint may answer.
expectTypeOf<WidgetDataMap>().toExtend<WidgetInputMap>();
expectTypeOf<DashboardWidget>().toExtend<
  NonNullable<NonNullable<Plugin['uiExtensions']>['dashboardWidgets']>[number]
>();

expectTypeOf(definePlugin).returns.toEqualTypeOf<Plugin>();
expectTypeOf<NonNullable<PluginManifest['config']>>().toEqualTypeOf<ConfigSchema>();
expectTypeOf<Registry['plugins'][number]>().toEqualTypeOf<RegistryEntry>();
expectTypeOf(MANIFEST_SCHEMA).toBeObject();
expectTypeOf(REGISTRY_SCHEMA).toBeObject();

async function models({ models }: PluginContext) {
  const log = models.define('AuditLog', {
    action: { type: 'STRING', allowNull: false },
    kind: { type: 'enum', values: ['a', 'b'], allowNull: false },
    size: { type: 'DECIMAL(10,2)' },
    userId: { type: 'INTEGER', references: { model: 'users', key: 'id' } },
    at: { type: 'date' },
    details: { type: 'JSONB' },
  });
  const row = await log.create({ action: 'a', kind: 'b', userId: null });
  expectTypeOf(row.id).toEqualTypeOf<number>();
  expectTypeOf(row.action).toEqualTypeOf<string>();
  expectTypeOf(row.kind).toEqualTypeOf<'a' | 'b'>();
  expectTypeOf(row.size).toEqualTypeOf<string | number | null>();
  expectTypeOf(row.userId).toEqualTypeOf<number | null>();
  expectTypeOf(row.at).toEqualTypeOf<Date | null>();
  expectTypeOf(row.details).toBeAny();
  expectTypeOf(row.createdAt).toEqualTypeOf<Date>();
  expectTypeOf(row.save).returns.resolves.toEqualTypeOf<typeof row>();
  // @ts-expect-error there is no such attribute
  await log.create({ nosuch: 1 });
  // @ts-expect-error nor one of this value
  await log.findAll({ where: { kind: 'c' } });
  await log.findAll({
    where: { or: [{ userId: null }, { size: { gt: 5 } }] },
    order: [['createdAt', 'DESC']],
  });

  type Said = { id: number; name: string };
  const said = models.define<Said>('Said', { name: { type: 'STRING' } });
  expectTypeOf((await said.findOne())?.name).toEqualTypeOf<string | undefined>();
  const attributes: PluginModelAttributes = { name: { type: 'STRING' } };
  expectTypeOf((await models.define('Open', attributes).findOne())?.anything).toBeAny();
}
void models;
