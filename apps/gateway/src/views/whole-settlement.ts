import type { Blobs } from '@slipway/blobs';
import { causeOf, type BlobRef, type Json } from '@slipway/contracts';
import type { RecordedEvent } from '@slipway/event-store';

/** Largest list that is read back. */
const LARGEST = 64 * 1024 * 1024;

/**
 * A settled plan with the list of what it installed, where that was too large for its event. One whose list is lost stays as it was recorded:
 * who needs it stops there by name. Throws `blob-unavailable`.
 */
export async function wholeSettlement(event: RecordedEvent, blobs: Pick<Blobs, 'read'>): Promise<RecordedEvent> {
  const { installedBlob, ...data } = event.data as { installedBlob?: BlobRef };
  if (event.type !== 'PlanSettled' || !installedBlob) return event;
  try {
    const bytes = await blobs.read(installedBlob.sha256, LARGEST);
    return { ...event, data: { ...data, installed: JSON.parse(bytes.toString('utf8')) as Json } };
  } catch (error) {
    if (causeOf(error).code === 'blob-unavailable') throw error;
    return event;
  }
}
