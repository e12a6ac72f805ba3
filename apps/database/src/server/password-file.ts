import { join } from 'node:path';
import { SlipwayError } from '@slipway/contracts';
import type { Filesystem } from '@slipway/interfaces';
import type { DriverContext } from '@slipway/provisioner';

/**
 * The folder of this place for files with passwords, which only we can enter, and in it, under `name`, what a client proves by that
 * it is us.
 */
export async function ourAccess(
  name: string,
  content: string,
  { filesystem, root }: Pick<DriverContext, 'filesystem' | 'root'>,
): Promise<{ passwords: string; file: string }> {
  const passwords = join(root, 'passwords');
  await filesystem.mkdir(passwords, { mode: 0o700 });
  const file = join(passwords, name);
  await writeIfOther(filesystem, file, content);
  return { passwords, file };
}

/** Writes a file that only we may read (0600), unless it says just that already. */
async function writeIfOther(files: Filesystem, path: string, content: string): Promise<void> {
  if ((await files.readFile(path))?.toString('utf8') === content) return;
  await files.writeFile(path, content, { mode: 0o600 });
}

/** The password in a file of the configuration; a line's end behind it is no part of it. */
export async function passwordIn(path: string, { filesystem }: { filesystem: Filesystem }): Promise<string> {
  const content = await filesystem.readFile(path, 4096);
  if (content === null) throw new SlipwayError('driver-failed', `The password file ${path} is not there`, { path });
  return content.toString('utf8').replace(/\r?\n$/, '');
}
