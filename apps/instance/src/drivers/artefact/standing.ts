import { dirname, join } from 'node:path';
import { SlipwayError } from '@slipway/contracts';
import type { DriverContext } from '@slipway/provisioner';
import type { ArtefactRecord } from './record.js';

/** Folder in the generation's own with what it brings: each file is linked to where it goes. */
export const CONTENT = 'content';

/** How often a folder is made again that somebody has taken away since it was empty. */
const TRIES = 5;

/** A file or folder of the generation, and where it stands in the target. */
interface Standing {
  source: string;
  path: string;
  /** Of a folder: a file in it, and the same one in the generation. */
  mark?: { within: string; source: string };
}

/** File in a folder that is brought, by which it is known again. */
const MARK = '.slipway';

/** What a record says to stand where; the small files first, so that the artefact itself is never there without them. */
export function standingOf(generation: string, { target, placement }: ArtefactRecord): Standing[] {
  const paths = [...(placement.writes ?? []).map(({ path }) => path), placement.path];
  return paths.map((path, at): Standing => {
    const isFolder = placement.by === 'npm' && at === paths.length - 1;
    return {
      source: join(generation, CONTENT, String(at)),
      path: join(target.folder, path),
      ...(isFolder && { mark: { within: MARK, source: join(generation, CONTENT, MARK) } }),
    };
  });
}

/**
 * Files stand in a target as hard links (link(2)) to those in the generation's folder. A folder goes there by a rename, and comes back by one:
 * a file in it is a hard link to one that stays.
 *
 * S1. Each is there whole or not at all, and comes only while the generation has its name: who wakes up late finds nothing to bring.
 * S2. What stands there is ours when it is the same file. Anything else is `foreign`, and is not touched.
 * S3. It is taken away after the generation has lost its name, too: nothing comes after that.
 */
export async function put(standing: readonly Standing[], context: DriverContext): Promise<'made' | 'found'> {
  let effect: 'made' | 'found' = 'found';
  for (const one of standing) if (await bring(one, context)) effect = 'made';
  return effect;
}

async function bring(one: Standing, { command, filesystem }: DriverContext): Promise<boolean> {
  const { source, path } = one;
  const bringing = one.mark ? ['mv', '--no-clobber', '--no-target-directory'] : ['ln', '--no-target-directory'];
  for (let left = TRIES; ; left--) {
    if (await isSame(one, command)) return false;
    if ((await filesystem.stat(path)) !== null) {
      // Another process may have brought it between the two looks.
      if (await isSame(one, command)) return false;
      throw new SlipwayError('foreign', `${path} was not brought by this artefact`, { path });
    }
    await filesystem.mkdir(dirname(path));
    const { stderr } = await command.exec([...bringing, '--', source, path]);
    // `mv` says nothing where it did nothing.
    if (await isSame(one, command)) return true;
    if (left === 0) throw new SlipwayError('driver-failed', `${path} could not be put there: ${stderr.trim()}`, { path });
  }
}

/** Takes away what is ours, and the folders that are empty then, but for those that the target's layout begins with. */
export async function take(standing: readonly Standing[], folder: string, { command, filesystem }: DriverContext): Promise<void> {
  for (const one of standing.toReversed()) {
    const { source, path, mark } = one;
    if (!(await isSame(one, command))) continue;
    if (mark) await filesystem.rename(path, source);
    else await filesystem.remove(path);
    const within = dirname(path)
      .slice(folder.length + 1)
      .split('/');
    for (let depth = within.length; depth > 1; depth--)
      await command.exec(['rmdir', '--ignore-fail-on-non-empty', '--', join(folder, ...within.slice(0, depth))]);
  }
}

/** Whether all of it is there. */
export async function stands(standing: readonly Standing[], { command }: DriverContext): Promise<boolean> {
  for (const one of standing) if (!(await isSame(one, command))) return false;
  return true;
}

async function isSame({ source, path, mark }: Standing, command: DriverContext['command']): Promise<boolean> {
  const [ours, there] = mark ? [mark.source, join(path, mark.within)] : [source, path];
  return (await command.exec(['test', ours, '-ef', there])).exitCode === 0;
}
