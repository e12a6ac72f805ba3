import { SlipwayError } from '@slipway/contracts';
import type { Filesystem } from '@slipway/interfaces';

/** Writes a file that only we may read (0600), unless it says just that already. */
export async function writeIfOther(files: Filesystem, path: string, content: string): Promise<void> {
  if ((await files.readFile(path))?.toString('utf8') === content) return;
  await files.writeFile(path, content, { mode: 0o600 });
}

/** The password in a file of the configuration; a line's end behind it is no part of it. */
export async function passwordIn(path: string, { filesystem }: { filesystem: Filesystem }): Promise<string> {
  const content = await filesystem.readFile(path, 4096);
  if (content === null) throw new SlipwayError('driver-failed', `The password file ${path} is not there`, { path });
  return content.toString('utf8').replace(/\r?\n$/, '');
}
