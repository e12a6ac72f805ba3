import type { Filesystem } from '@slipway/interfaces';

/** Writes a file that only we may read (0600), unless it says just that already. */
export async function writeIfOther(files: Filesystem, path: string, content: string): Promise<void> {
  if ((await files.readFile(path))?.toString('utf8') === content) return;
  await files.writeFile(path, content, { mode: 0o600 });
}
