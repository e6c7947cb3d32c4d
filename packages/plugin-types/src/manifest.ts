import type { Permission } from './permissions.js';
import type { DashboardWidgetDeclaration, UiExtensions } from './widgets/ui-extensions.js';

/** The four kinds of plugin (§2.1). */
export const PLUGIN_TYPES = ['integration', 'feature', 'framework', 'reporting'] as const;

/** One of the four kinds of plugin (§2.1). */
export type PluginType = (typeof PLUGIN_TYPES)[number];

/** Who wrote the plugin (§4). */
export interface Author {
  readonly name: string;
  /** An http or https address. */
  readonly url?: string;
}

/** What the plugin needs of the host it runs in. */
export interface Compatibility {
  /** Lowest host version the plugin runs on, `X.Y` or `X.Y.Z` (§16.3). Default: any. */
  readonly minVersion?: string;
  /** Version of the plugin API it was written for. Default 1. A host that offers less refuses the plugin. */
  readonly api?: number;
}

/** The types a setting may have (§7.2). */
export const CONFIG_FIELD_TYPES = ['string', 'number', 'boolean', 'array', 'object'] as const;

/** One of the types a setting may have (§7.2). */
export type ConfigFieldType = (typeof CONFIG_FIELD_TYPES)[number];

/** What every setting may say about itself, whatever its type. */
export interface ConfigFieldBase {
  /** Whether the plugin can be enabled without it. Default false. Saving without it is always possible. */
  readonly required?: boolean;
  /** Shown beside the setting. */
  readonly description?: string;
}

/** A text setting. */
export interface StringConfigField extends ConfigFieldBase {
  readonly type: 'string';
  /** Not allowed together with `secret`: everyone who has the package can read it. */
  readonly default?: string;
  /** Encrypted at rest, never shown again (§7.3). Default false. */
  readonly secret?: boolean;
  /** The values it may take. */
  readonly enum?: readonly string[];
  /**
   * A regular expression in RE2's syntax (no lookaround, no back-references); it need not match the whole
   * value.
   */
  readonly pattern?: string;
  /** In characters. */
  readonly minLength?: number;
  /** In characters. */
  readonly maxLength?: number;
}

/** A numeric setting. */
export interface NumberConfigField extends ConfigFieldBase {
  readonly type: 'number';
  readonly default?: number;
  /** Lowest value allowed. */
  readonly min?: number;
  /** Highest value allowed. */
  readonly max?: number;
}

/** A yes-or-no setting. */
export interface BooleanConfigField extends ConfigFieldBase {
  readonly type: 'boolean';
  readonly default?: boolean;
}

/** A list. */
export interface ArrayConfigField extends ConfigFieldBase {
  readonly type: 'array';
  readonly default?: readonly unknown[];
  /** What each element is. A `default` or `required` in it has no meaning. */
  readonly items: ConfigField;
}

/** A group of settings. */
export interface ObjectConfigField extends ConfigFieldBase {
  readonly type: 'object';
  readonly default?: Readonly<Record<string, unknown>>;
  /** What it holds. Their defaults fill in what a group that is set leaves out; they do not set the group. */
  readonly properties: ConfigSchema;
}

/** One setting of a plugin (§7.2). */
export type ConfigField =
  | StringConfigField
  | NumberConfigField
  | BooleanConfigField
  | ArrayConfigField
  | ObjectConfigField;

/** The settings of a plugin by key (§7.1). Keys are letters, digits and underscores, at most 64 of them. */
export type ConfigSchema = Readonly<Record<string, ConfigField>>;

/** A dashboard widget declared in the manifest, as `plugin.uiExtensions` declares it (§13.2). */
export type ManifestWidget = DashboardWidgetDeclaration;

/** User interface declared in the manifest instead of in `plugin.uiExtensions`. */
export type ManifestUi = UiExtensions;

/** How the plugin's installation runs. */
export interface ManifestInstall {
  /**
   * Whether `onInstall` runs in the database transaction that switches versions. Default true. With false a
   * crash may leave it half done, and it is run again: it must be idempotent (`context.install.attempt`
   * counts).
   */
  readonly transactional?: boolean;
}

/** What a plugin with `run()` says about its runs and per-user settings. */
export interface ManifestRuns {
  /** Who answers for it. */
  readonly owner?: string;
  /** What it can do, such as `briefing` or `scheduled`. */
  readonly capabilities?: readonly string[];
  /** Version of this block. Default `v1`. */
  readonly schemaVersion?: string;
  /** The settings a user starts with. */
  readonly defaultConfig?: Readonly<Record<string, unknown>>;
  /** File in the package that holds the JSON Schema of a user's settings, such as `settings.schema.json`. */
  readonly settingsSchema?: string;
}

/** A plugin's `manifest.json` in its strict form (§4). */
export interface PluginManifest {
  /** Lower-case letters and digits in words joined by single hyphens, at most 50 characters. */
  readonly id: string;
  /** At most 50 characters. */
  readonly name: string;
  /** At most 200 characters. */
  readonly description: string;
  /** `X.Y` or `X.Y.Z`, optionally with a prerelease; kept as written (§16.1). */
  readonly version: string;
  readonly author: Author;
  /** An http or https address, as are `repository` and `support`. */
  readonly homepage?: string;
  readonly repository?: string;
  readonly support?: string;
  readonly type: PluginType;
  readonly tags: readonly string[];
  /** Strings the host does not know are kept and shown, and grant nothing. */
  readonly permissions: readonly (Permission | (string & {}))[];
  readonly config?: ConfigSchema;
  readonly compatibility?: Compatibility;
  /** Plugin id → range of versions, such as `>=1.0.0` (§16.2). */
  readonly dependencies?: Readonly<Record<string, string>>;
  /**
   * The package's code. Default `index.js`, if the package has one. When it is named here the package must
   * have it.
   */
  readonly main?: string;
  readonly ui?: ManifestUi;
  readonly install?: ManifestInstall;
  readonly runs?: ManifestRuns;
}
