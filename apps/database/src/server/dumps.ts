import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { AtPlace, type DriverContext } from '@slipway/provisioner';
import type { Generation } from './engine.js';

type Place = Pick<DriverContext, 'filesystem' | 'root'>;

const folderOf = ({ root }: Pick<Place, 'root'>): string => join(root, 'dumps');

/** A name for a dump on its way, in a folder that only we can enter. */
export async function dumpFile({ name }: Generation, { filesystem, root }: Place): Promise<string> {
  await filesystem.mkdir(folderOf({ root }), { mode: 0o700 });
  return join(folderOf({ root }), `${name}.${randomBytes(6).toString('hex')}`);
}

/** Removes what somebody left who was killed. */
export async function removeDumps({ name }: Generation, { filesystem, root }: Place): Promise<void> {
  for (const file of await filesystem.list(folderOf({ root }))) {
    if (file.startsWith(`${name}.`)) await filesystem.remove(join(folderOf({ root }), file));
  }
}

/** The content of a file, which goes when it has been read, or when reading is given up. */
export const readOnce = (file: string, { filesystem }: Place): AtPlace =>
  new AtPlace(filesystem, { file }, () => filesystem.remove(file));
