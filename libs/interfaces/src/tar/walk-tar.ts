import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, type Header } from 'tar-stream';
import { SlipwayError } from '@slipway/contracts/public';
import { wholeRefused, type RefusalCode } from './refusal.js';

export type Entry = AsyncIterable<unknown> & { header: Header };

/**
 * Reads a tar stream to its end and visits its entries one after the other; content that a visit leaves is passed over. Throws what a
 * visit or the source throws, and `code` for what is no tar. Both have ended when it ends: whoever removes a folder after a refusal
 * does not race with a writer.
 */
export async function walkTar(tar: Readable, visit: (entry: Entry) => void | Promise<void>, code: RefusalCode): Promise<void> {
  const archive = extract();
  const walked = (async () => {
    for await (const entry of archive) {
      await visit(entry);
      entry.resume();
    }
  })();
  walked.catch(() => archive.destroy());
  const [read, visited] = await Promise.allSettled([pipeline(tar, archive), walked]);
  const reasons = [visited, read].flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
  // Of two that each ended the other the one that knows why.
  if (reasons.length > 0) throw reasons.find(knowsWhy) ?? wholeRefused(reasons[0], code);
}

const knowsWhy = (error: unknown): boolean =>
  error instanceof SlipwayError || (error as NodeJS.ErrnoException).syscall !== undefined;
