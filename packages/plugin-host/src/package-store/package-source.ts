import type { PluginManifest } from '@verifywise/plugin-types';

/** The files of one package, as the loader reads them. Two sources of one `sha256` hold the same bytes. */
export interface PackageSource {
  readonly sha256: string;
  readonly pluginId: string;
  readonly manifest: PluginManifest;
  /** Absolute. What `__dirname` says, and how stack traces name the package; the loader itself never reads there. */
  readonly root: string;
  /** Paths are relative to the package, with `/` between segments. */
  has(path: string): boolean;
  list(): readonly string[];
  /**
   * The file's bytes, checked against the package's record.
   *
   * @throws PACKAGE_MODIFIED
   */
  read(path: string): Buffer;
}
