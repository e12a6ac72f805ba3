import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { SlipwayError } from '@slipway/contracts';
import { PortableEntries } from './portable-entries.js';

/**
 * Reads a tar stream to its end and writes nothing: throws `archive-invalid` for all that {@link PortableEntries} refuses, and for
 * what is no tar.
 */
export async function checkTar(tar: Readable): Promise<void> {
  const entries = new PortableEntries();
  const archive = extract();
  const checked = (async () => {
    for await (const entry of archive) {
      entries.add(entry.header);
      entry.resume();
    }
  })();
  checked.catch(() => archive.destroy());
  const [read, walked] = await Promise.allSettled([pipeline(tar, archive), checked]);
  if (walked.status === 'rejected') throw asRefusal(walked.reason);
  if (read.status === 'rejected') throw asRefusal(read.reason);
}

const asRefusal = (error: unknown): SlipwayError => {
  if (error instanceof SlipwayError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new SlipwayError('archive-invalid', `The archive is refused: ${reason}`, { entry: 'the whole', reason });
};
