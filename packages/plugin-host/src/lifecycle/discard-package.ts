import type { PluginKey } from '../foundation/plugin-key.js';
import type { LifecycleServices } from './lifecycle-services.js';

/** Lets go of a package a change has left without use, in memory, in the database and on disk. Never throws. */
export async function discardPackage(
  { loader, packages, logger }: LifecycleServices,
  key: PluginKey,
  sha256: string,
): Promise<void> {
  loader.release(sha256);
  try {
    await packages.collect();
  } catch (error) {
    // What is left over is collected by the next change or start.
    logger.warn({ ...key, err: error }, 'unused packages could not be collected');
  }
}
