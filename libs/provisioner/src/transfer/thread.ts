/** The thread of transfers: asked and answered by messages, each call by itself. */
import { parentPort } from 'node:worker_threads';
import { openBlobs, type Blobs } from '@slipway/blobs';
import { SlipwayError } from '@slipway/contracts/public';
import { localFilesystem } from '@slipway/interfaces';
import { dataOf, kept } from '../step/data.js';
import { contentOf } from './at-place.js';
import type { Asked, Failure, Told } from './messages.js';

const filesystem = localFilesystem();
const stores = new Map<string, Promise<Blobs>>();
const calls = new Map<number, AbortController>();
const tell = (told: Told) => parentPort!.postMessage(told);

parentPort!.on('message', (asked: Asked) => {
  if (asked.do === 'abort') calls.get(asked.id)?.abort(SlipwayError.from(asked.cause));
  else void answer(asked);
});

async function answer(asked: Exclude<Asked, { do: 'abort' }>): Promise<void> {
  const { id } = asked;
  const controller = new AbortController();
  calls.set(id, controller);
  try {
    const blobs = await storeIn(asked.blobs);
    const progress = (_fraction: number | undefined, message: string) => tell({ id, progress: message });
    const context = { blobs, filesystem, signal: controller.signal, clock: { now: Date.now }, progress };
    if (asked.do === 'keep') {
      tell({ id, kept: await kept(await contentOf(asked.what, filesystem), asked.holder, context) });
    } else {
      const data = dataOf(asked.part, context);
      const { to, mode } = asked;
      await ('folder' in to ? data.unpackTo(to.folder) : data.writeTo(to.file, { ...(mode !== undefined && { mode }) }));
      tell({ id, given: true });
    }
  } catch (error) {
    tell({ id, failed: failureOf(error) });
  } finally {
    calls.delete(id);
  }
}

function storeIn(folder: string): Promise<Blobs> {
  const store = stores.get(folder) ?? openBlobs({ folder });
  stores.set(folder, store);
  // One that could not be opened is tried again by the next call.
  store.catch(() => stores.delete(folder));
  return store;
}

function failureOf(error: unknown): Failure {
  if (error instanceof SlipwayError) return { cause: error.toCause() };
  const { message, code, syscall } = error as NodeJS.ErrnoException;
  return { message, code, syscall };
}
