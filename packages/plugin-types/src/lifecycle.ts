/** Why `onInstall` runs: it is called for the first installation and for every update (§5.1). */
export interface InstallInfo {
  readonly reason: 'install' | 'update';
  /** The version there was before; null for a first installation. */
  readonly fromVersion: string | null;
  readonly toVersion: string;
  /** 1 for the first try; more if a crash interrupted earlier ones. */
  readonly attempt: number;
}

/** How a plugin is being removed (§5.4). */
export interface UninstallOptions {
  /**
   * Whether the admin asked for the plugin's data to go too. The host drops what the plugin still owns after
   * `onUninstall` by itself.
   */
  readonly deleteData: boolean;
}
