import type { Bytes } from '../node-globals.js';

/**
 * Files in a folder of the plugin's own, per tenant. Paths are relative to it and cannot lead out of it.
 * `read` and `list` need `filesystem:read`, `write` and `remove` need `filesystem:write`.
 */
export interface PluginFiles {
  read(path: string): Promise<Bytes>;
  read(path: string, encoding: 'utf8'): Promise<string>;
  /** Writes the whole file, making folders on the way. Text is stored as UTF-8. */
  write(path: string, data: string | Uint8Array): Promise<void>;
  /** The paths of all files below a folder. Default: of all there are. */
  list(folder?: string): Promise<string[]>;
  /** Removes a file, or a folder with all it holds. Nothing there is no error. */
  remove(path: string): Promise<void>;
}
