import { createHash } from 'node:crypto';
import JSZip from 'jszip';

/** The first moment a zip can name: packing the same files twice gives the same bytes. */
const EPOCH = new Date(Date.UTC(1980, 0, 1));

export interface PackedPlugin {
  readonly bytes: Buffer;
  /** `sha256:` and 64 hexadecimal digits, as registries and uploads give it. */
  readonly checksum: string;
}

/**
 * Packs files into a plugin zip: path → content.
 *
 * ```ts
 * const { bytes, checksum } = await packPlugin({
 *   'manifest.json': JSON.stringify(manifest),
 *   'index.js': 'module.exports = {};',
 * });
 * ```
 *
 * The same files give the same bytes on every system and at every time: names are sorted, dates fixed, and
 * nothing of the platform is written.
 */
export async function packPlugin(files: Readonly<Record<string, string | Buffer>>): Promise<PackedPlugin> {
  const zip = new JSZip();
  const sorted = Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [path, content] of sorted) {
    zip.file(path, content, { date: EPOCH, createFolders: false, binary: typeof content !== 'string' });
  }
  const bytes = await zip.generateAsync({
    type: 'nodebuffer',
    platform: 'DOS',
    compression: 'DEFLATE',
    compressionOptions: { level: 9 },
  });
  return { bytes, checksum: `sha256:${createHash('sha256').update(bytes).digest('hex')}` };
}
