import type { BlobRef, Json, JsonObject } from '@slipway/contracts';
import type { RequestView } from '@slipway/contracts/http';
import type { RecordedEvent } from '@slipway/event-store';
import type { Blobs } from '@slipway/blobs';

/** Largest plan or result that is read back. */
const LARGEST = 64 * 1024 * 1024;

/** A request's events with what was too large for the log, and so stands in blobs. Throws the blob store's errors. */
export function wholeEvents(events: readonly RecordedEvent[], blobs: Blobs): Promise<RecordedEvent[]> {
  return Promise.all(
    events.map(async (event) => {
      const { planBlob, resultBlob } = event.data as { planBlob?: BlobRef; resultBlob?: BlobRef };
      if (event.type === 'PlanMade' && planBlob) return { ...event, data: { ...event.data, plan: await read(blobs, planBlob) } };
      if (event.type === 'RequestSucceeded' && resultBlob)
        return { ...event, data: (await read(blobs, resultBlob)) as JsonObject };
      return event;
    }),
  );
}

/** Whether a view's row may lack what stands in blobs: it was made from the events alone. */
export const mayBePartial = ({ plan, status, result }: RequestView): boolean =>
  (plan === undefined && status !== 'queued') || (result !== undefined && 'resultBlob' in result);

const read = async (blobs: Blobs, { sha256 }: BlobRef): Promise<Json> =>
  JSON.parse((await blobs.read(sha256, LARGEST)).toString('utf8')) as Json;
