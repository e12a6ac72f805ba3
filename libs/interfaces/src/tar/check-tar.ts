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
  const reasons = [walked, read].flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
  // Of two that each ended the other the one that knows why.
  if (reasons.length > 0) throw reasons.find((reason) => reason instanceof SlipwayError) ?? asRefusal(reasons[0]);
}

const asRefusal = (error: unknown): SlipwayError => {
  const reason = error instanceof Error ? error.message : String(error);
  return new SlipwayError('archive-invalid', `The archive is refused: ${reason}`, { entry: 'the whole', reason });
};
