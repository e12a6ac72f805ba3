import { lstat, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SlipwayError } from '@slipway/contracts';
import { wayBelow } from '@slipway/interfaces';
import type { Archives } from '../ports.js';

/**
 * Archives in folders, and nowhere else: neither a link to a file nor one to a folder leads out of them. Throws `bad-input` where one
 * does. `folders`: absolute.
 */
export const confined = (archives: Archives, folders: readonly string[]): Archives => ({
  async write(manifest, holder, path) {
    await assertWithin(folders, dirname(path));
    return archives.write(manifest, holder, path);
  },
  async remove(path) {
    await assertWithin(folders, dirname(path));
    return archives.remove(path);
  },
  async look(path) {
    await assertWithin(folders, path);
    return archives.look(path);
  },
  async read(path, holder) {
    await assertWithin(folders, path);
    return archives.read(path, holder);
  },
});

/** Of a path that is not there yet, the part of it that is. */
async function assertWithin(folders: readonly string[], path: string): Promise<void> {
  const folder = folders.find((one) => wayBelow(one, path) !== undefined);
  let there = path;
  while (there !== folder && (await lstat(there).catch(() => null)) === null && there !== dirname(there)) there = dirname(there);
  const [top, real] = await Promise.all([folder, there].map((one) => one && realpath(one).catch(() => one)));
  if (top === undefined || wayBelow(top, real!) === undefined)
    throw new SlipwayError('bad-input', `${path} leads out of the stores of snapshots`, { path });
}
