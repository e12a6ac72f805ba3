import type { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { SlipwayError } from '@slipway/contracts';
import { gathered } from '../content.js';
import { reasonOf, refused, shown } from '../refusal.js';

/** What is read of a compressed tar at most: so much that no package comes near, so little that a bomb ends. */
export const TAR_LIMITS = { entries: 100_000, contentBytes: 2 * 1024 ** 3 };

/** A stage between what is compressed and the tar: a stream, or a generator that yields what it makes of its source. */
export type Uncompress = Transform | ((source: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>);

/**
 * The one file that is looked for in a compressed tar; undefined when it holds none. The tar is read to its end, so that damage
 * anywhere in it is seen; content that is not looked for is passed over. Refused (`bad-input`): names that lead out, a file
 * that is looked for and comes twice, is a link, or is longer than `limit` bytes, and what is no such tar.
 */
export async function fileOfTar(
  compressed: Readable,
  uncompress: Uncompress,
  isLookedFor: (name: string) => boolean,
  limit: number,
  limits = TAR_LIMITS,
): Promise<Buffer | undefined> {
  const archive = extract();
  let found: Buffer | undefined;
  let entries = 0;
  const walked = (async () => {
    for await (const entry of archive) {
      const { name, type } = entry.header;
      if (++entries > limits.entries) throw refused('the archive', `it has more than ${limits.entries} entries`);
      if (name.startsWith('/') || name.split('/').includes('..')) throw refused(shown(name), 'its name leads out');
      if (isLookedFor(name.replace(/^\.\//, ''))) {
        if (type !== 'file') throw refused(shown(name), 'it is no file');
        if (found) throw refused(shown(name), 'it is there twice');
        found = await gathered(entry as AsyncIterable<Uint8Array>, limit);
        if (!found) throw refused(shown(name), `it has more than ${limit} bytes`);
      }
      entry.resume();
    }
  })();
  // Who waits for the tar must not wait for a walk that has given up.
  walked.catch(() => archive.destroy());
  const [read, visited] = await Promise.allSettled([
    pipeline(compressed, uncompress as Transform, bounded(limits.contentBytes), archive),
    walked,
  ]);
  const reasons = [visited, read].flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
  if (reasons.length > 0)
    throw reasons.find(knowsWhy) ?? refused('the archive', `it is no tar that can be read: ${reasonOf(reasons[0])}`);
  return found;
}

const bounded = (most: number) =>
  async function* (pieces: AsyncIterable<Uint8Array>) {
    let bytes = 0;
    for await (const piece of pieces) {
      bytes += piece.length;
      if (bytes > most) throw refused('the archive', `unpacked it has more than ${most} bytes`);
      yield piece;
    }
  };

const knowsWhy = (error: unknown): boolean =>
  error instanceof SlipwayError ||
  (error as NodeJS.ErrnoException).syscall === 'open' ||
  (error as NodeJS.ErrnoException).syscall === 'read';
