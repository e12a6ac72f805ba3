import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { extract, type Extract } from 'tar-stream';

/** The entries of what `npm pack` makes, in order; each is read to its end, or resumed, before the next. Fails for what is no such archive. */
export function entriesOfTarball(tarball: Readable): Extract {
  const entries = extract();
  const gunzip = createGunzip();
  tarball.on('error', (error) => gunzip.destroy(error)).pipe(gunzip);
  gunzip.on('error', (error) => entries.destroy(error)).pipe(entries);
  return entries;
}

/** Of a path in it, what follows its one folder, whatever that is called (`package/`). */
export const withinFolder = (name: string): string => name.slice(name.indexOf('/') + 1);
