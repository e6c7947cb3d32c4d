import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packPlugin } from './pack-plugin.js';

/** Files of a plugin, path → content. The manifest may be left to {@link testManifest}. */
export type PluginFiles = Readonly<Record<string, string | Buffer>>;

export interface PublishedPlugin {
  readonly id: string;
  readonly version: string;
  /** Absolute address of the zip. */
  readonly downloadUrl: string;
  readonly checksum: string;
}

/** A manifest that is valid and asks for nothing; `fields` replace its own. */
export const testManifest = (id: string, fields: object = {}): Record<string, unknown> => ({
  id,
  name: id,
  description: `Plugin ${id}.`,
  version: '1.0.0',
  author: { name: 'Tests' },
  type: 'feature',
  tags: [],
  permissions: [],
  ...fields,
});

/** A registry in a folder, with real zips, that a host reads by a `file:` address. */
export class TestRegistry {
  readonly #folder: string;
  readonly #entries: object[] = [];

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    this.#write();
  }

  get url(): string {
    return pathToFileURL(join(this.#folder, 'registry.json')).href;
  }

  /** Packs a plugin and offers it. Refresh the host's copy before you look for it there. */
  async publish(
    id: string,
    code: string,
    fields: object = {},
    files: PluginFiles = {},
  ): Promise<PublishedPlugin> {
    const manifest = testManifest(id, fields) as { version: string };
    const { bytes, checksum } = await packPlugin({
      'manifest.json': JSON.stringify(manifest),
      'index.js': code,
      ...files,
    });
    return this.offer(bytes, checksum, manifest, id);
  }

  /** Offers a zip made elsewhere, whatever is in it. */
  offer(bytes: Buffer, checksum: string, manifest: object, id: string): PublishedPlugin {
    const { version } = { version: '1.0.0', ...manifest };
    const name = `${id}-${version}-${this.#entries.length}.zip`;
    writeFileSync(join(this.#folder, name), bytes);
    const { config: _, ...entry } = { config: undefined, ...manifest };
    this.#entries.push({ ...entry, download: `./${name}`, checksum });
    this.#write();
    return { id, version, downloadUrl: pathToFileURL(join(this.#folder, name)).href, checksum };
  }

  #write(): void {
    const registry = { version: '1.0.0', generated: new Date(0).toISOString(), plugins: this.#entries };
    writeFileSync(join(this.#folder, 'registry.json'), JSON.stringify(registry));
  }
}
