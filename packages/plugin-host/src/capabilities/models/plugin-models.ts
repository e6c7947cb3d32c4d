import type {
  AssociationOptions,
  AssociationType,
  InstallInfo,
  ModelFields,
  PluginModel,
  PluginModelAttributes,
  PluginModelOptions,
  PluginModels as PluginModelsContract,
  ReadableModel,
  SyncOptions,
  UninstallOptions,
} from '@verifywise/plugin-types';
import { modelInvalid, modelNotFound, modelQueryInvalid } from '../../foundation/errors/index.js';
import type { CapabilityOwner } from '../../foundation/owner.js';
import type { TenantSessions } from '../../postgres/tenant-session.js';
import { parseAssociation, resolveLink } from './associations.js';
import { DefinedModel } from './defined-model.js';
import type { ModelDefinition } from './model-definition.js';
import { ModelReader } from './model-reader.js';
import { RowMaker } from './model-row.js';
import { ModelSession } from './model-session.js';
import { ModelSync, type SyncServices } from './model-sync.js';
import { parseDefinition } from './parse-definition.js';
import type { RowSource } from './row-source.js';

/** The instance, as far as models need it: what its hooks may do differs. */
export type ModelOwner = Pick<CapabilityOwner, 'key'> & {
  readonly install: InstallInfo | undefined;
  readonly options: UninstallOptions | undefined;
};

/** Refuses a call of a model's method unless the plugin has the permission. */
export type AllowModels = (method: string, permission: 'database:read' | 'database:write') => void;

/** What all instances' models share. */
export interface ModelServices extends SyncServices {
  readonly sessions: TenantSessions;
}

interface Defined {
  definition: ModelDefinition;
  readonly model: DefinedModel;
}

/** `context.models` of one instance (§22). */
export class PluginModels implements PluginModelsContract {
  readonly #owner: ModelOwner;
  readonly #services: ModelServices;
  readonly #session: ModelSession;
  readonly #sync: ModelSync;
  readonly #allow: AllowModels;
  readonly #models = new Map<string, Defined>();

  constructor(options: {
    owner: ModelOwner;
    services: ModelServices;
    allow: AllowModels;
    /** What earlier processes stored. */
    definitions: readonly ModelDefinition[];
  }) {
    this.#owner = options.owner;
    this.#services = options.services;
    this.#allow = options.allow;
    this.#session = new ModelSession(options.owner.key, options.services.sessions);
    this.#sync = new ModelSync(this.#session, options.services);
    for (const definition of options.definitions) this.#add(definition);
  }

  define<Fields = ModelFields>(
    name: string,
    attributes: PluginModelAttributes,
    options?: PluginModelOptions,
  ): PluginModel<Fields> {
    const definition = parseDefinition(this.#owner.key.pluginId, { name, attributes, options });
    for (const { definition: other } of this.#models.values()) {
      if (other.name !== definition.name && other.table === definition.table) {
        throw modelInvalid({
          model: definition.name,
          field: 'name',
          reason: `${other.name} has the same table`,
        });
      }
    }
    const associations = this.#models.get(definition.name)?.definition.associations ?? [];
    const model = this.#add({
      ...definition,
      associations: associations.filter(({ as }) => !definition.columns.some((column) => column.name === as)),
    });
    this.#keep(definition.name);
    // Which fields its rows have is the author's word.
    return model as unknown as PluginModel<Fields>;
  }

  get<Fields = ModelFields>(name: string): PluginModel<Fields> | undefined {
    return this.#models.get(name)?.model as unknown as PluginModel<Fields> | undefined;
  }

  has(name: string): boolean {
    return this.#models.has(name);
  }

  list(): string[] {
    return [...this.#models.keys()];
  }

  getCoreModel<Fields = ModelFields>(name: string): ReadableModel<Fields> | undefined {
    const found = this.#core(name);
    if (!found) return undefined;
    const reader = new ModelReader(found.source, {
      rows: found.rows,
      allowReading: (method) => this.#allow(method, 'database:read'),
      associations: () => [],
      find: () => undefined,
    });
    return reader as unknown as ReadableModel<Fields>;
  }

  associate(model: string, type: AssociationType, target: string, options?: AssociationOptions): void {
    const defined = this.#models.get(model);
    if (!defined) throw modelNotFound({ model: String(model) });
    const { definition } = defined;
    const association = parseAssociation(definition, { type, target, options });
    // What is known is checked at once; a model that is defined later, when it is used.
    const ends = [association.target, ...(association.through === undefined ? [] : [association.through])];
    if (ends.every((end) => this.#find(end))) {
      resolveLink(defined.model.source, association, (end) => this.#find(end)?.source);
    }
    const others = definition.associations.filter(({ as }) => as !== association.as);
    defined.definition = { ...definition, associations: [...others, association] };
    this.#keep(model);
  }

  async sync(options?: SyncOptions): Promise<void> {
    const installing = this.#owner.install !== undefined;
    await this.#sync.sync(this.#definitions(), options, { installing });
  }

  async dropAll(options?: Pick<SyncOptions, 'allowDataLoss'>): Promise<void> {
    const mayLoseData = this.#owner.install !== undefined || this.#owner.options !== undefined;
    await this.#sync.dropAll(this.#definitions(), options, { mayLoseData });
  }

  #add(definition: ModelDefinition): DefinedModel {
    const defined: Defined = {
      definition,
      model: new DefinedModel(definition, {
        session: this.#session,
        allow: this.#allow,
        find: (name) => this.#find(name),
        associations: () => defined.definition.associations,
      }),
    };
    this.#models.set(definition.name, defined);
    return defined.model;
  }

  /** What `onInstall` defines is there after a restart, also without `sync` (design decision 20). */
  #keep(model: string): void {
    if (this.#owner.install === undefined) return;
    const { key } = this.#owner;
    const defined = this.#models.get(model);
    // In the same tick, so that it is part of the hook's transaction; if it fails, so does that.
    const kept = this.#services.transactions
      .current(key)
      ?.nested((inner) => this.#services.store.save(inner.db, key, defined ? [defined.definition] : []), {
        ms: KEEP_MS,
      });
    kept?.catch((error: unknown) =>
      this.#services.logger.error({ ...key, model, err: error }, 'the definition of a model was not stored'),
    );
  }

  #definitions(): readonly ModelDefinition[] {
    return [...this.#models.values()].map(({ definition }) => definition);
  }

  #find(name: string): { source: RowSource; rows: RowMaker } | undefined {
    return this.#models.get(name)?.model ?? this.#core(name);
  }

  #core(name: string): { source: RowSource; rows: RowMaker } | undefined {
    const source = this.#services.core.source(this.#owner.key, name);
    if (!source) return undefined;
    const refuse = async () => {
      throw modelQueryInvalid({ model: name, field: 'row', reason: 'the application’s rows are only read' });
    };
    return { source, rows: new RowMaker(name, source.primaryKey, { write: refuse, destroy: refuse }) };
  }
}

/** How long storing a definition may take, in ms. */
const KEEP_MS = 5_000;
