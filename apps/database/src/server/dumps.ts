import { join } from 'node:path';
import { AtPlace, type DriverContext } from '@slipway/provisioner';
import { CallerFiles } from './caller-files.js';
import type { Generation } from './engine.js';

type Place = Pick<DriverContext, 'filesystem' | 'root'>;

const folderOf = ({ root }: Pick<Place, 'root'>): string => join(root, 'dumps');

/** Dumps on their way. */
export const dumpsAt = ({ filesystem, root }: Place): CallerFiles => new CallerFiles(filesystem, folderOf({ root }));

/** A path for one, in a folder that only we can enter. */
export async function dumpFile(generation: Generation, place: Place): Promise<string> {
  await place.filesystem.mkdir(folderOf(place), { mode: 0o700 });
  return dumpsAt(place).path(generation);
}

/** The content of a file, which goes when it has been read, or when reading is given up. */
export const readOnce = (file: string, { filesystem }: Place): AtPlace =>
  new AtPlace(filesystem, { file }, () => filesystem.remove(file));
