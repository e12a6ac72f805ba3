import { randomUUID } from 'node:crypto';
import { appendFile, mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * What uploads that are under way have stored, noted in files: of one that this process did not live to end, the next one knows what
 * is to be removed.
 */
export class UploadNotes {
  readonly #folder: string;

  constructor(cacheFolder: string) {
    this.#folder = join(cacheFolder, 'uploads');
  }

  /** Notes of a new upload. */
  async begin(): Promise<{ stored: readonly string[]; add(sha256: string): void; end(): Promise<void> }> {
    await mkdir(this.#folder, { recursive: true });
    const file = join(this.#folder, randomUUID());
    const stored: string[] = [];
    let written = Promise.resolve();
    return {
      stored,
      add: (sha256) => {
        stored.push(sha256);
        written = written.then(() => appendFile(file, `${sha256}\n`));
      },
      end: async () => {
        await written.catch(() => {});
        await rm(file, { force: true });
      },
    };
  }

  /** What earlier lives have left, by file. A line that was not written whole is none. */
  async left(): Promise<{ file: string; blobs: string[] }[]> {
    const names = await readdir(this.#folder).catch(() => []);
    return Promise.all(
      names.map(async (name) => {
        const file = join(this.#folder, name);
        const lines = (await readFile(file, 'utf8')).split('\n');
        return { file, blobs: lines.filter((line) => /^[0-9a-f]{64}$/.test(line)) };
      }),
    );
  }
}
