import { streamName } from '@slipway/contracts';
import type { EventStore, Position } from '@slipway/event-store';

/** A request that may hold leases: the name that it works on, and since when. */
export interface HoldingRequest {
  environment: string;
  name: string;
  /** Where it was accepted. */
  position: Position;
}

/** As the log has it; `null` where there is no such request. */
export async function holdingRequest(store: Pick<EventStore, 'read'>, requestId: string): Promise<HoldingRequest | null> {
  const [first] = await store.read(streamName('request', requestId), { limit: 1 });
  if (first?.type !== 'RequestAccepted') return null;
  const { environment, name } = first.data as { environment: string; name: string };
  return { environment, name, position: first.position };
}
