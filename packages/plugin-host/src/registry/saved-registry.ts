import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * The last registry document that could be read, kept in a file so that the marketplace can be shown after a
 * restart while the registry is away. A cache: it may be deleted at any time.
 */
export class SavedRegistry {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** `undefined` where there is none of this registry. */
  async read(url: URL): Promise<Buffer | undefined> {
    let bytes: Buffer;
    try {
      bytes = await readFile(this.#file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    const head = headOf(url);
    return bytes.subarray(0, head.length).equals(head) ? bytes.subarray(head.length) : undefined;
  }

  /** Replaces the file as a whole, so that what another process reads is one document. */
  async write(url: URL, document: Buffer): Promise<void> {
    const staging = `${this.#file}.${randomUUID()}`;
    await mkdir(dirname(this.#file), { recursive: true, mode: 0o700 });
    try {
      await writeFile(staging, Buffer.concat([headOf(url), document]), { mode: 0o600 });
      await rename(staging, this.#file);
    } finally {
      await rm(staging, { force: true });
    }
  }
}

/** The first line names the registry, so that another one's document is not shown in its place. */
const headOf = (url: URL): Buffer => Buffer.from(`${url.href}\n`);
