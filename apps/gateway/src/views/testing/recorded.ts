import type { JsonObject } from '@slipway/contracts';
import type { RecordedEvent } from '@slipway/event-store';

/** Events as a log would record them, one a second: `[stream, type, data]` each. */
export function recorded(events: readonly (readonly [stream: string, type: string, data: object])[]): RecordedEvent[] {
  const revisions = new Map<string, number>();
  return events.map(([stream, type, data], index) => {
    const revision = (revisions.get(stream) ?? -1) + 1;
    revisions.set(stream, revision);
    return {
      id: `event-${index + 1}`,
      type,
      version: 1,
      data: data as JsonObject,
      metadata: { actor: { id: 'ada', type: 'user' }, logToken: 'ticket 7' },
      stream,
      revision,
      position: positionOf(index + 1),
      recordedAt: secondOf(index + 1),
    };
  });
}

/** Time and position of the n-th event. */
export const secondOf = (n: number): string => `2030-01-01T00:00:${String(n).padStart(2, '0')}.000Z`;
export const positionOf = (n: number): string => `log.0000000001.${String(n).padStart(20, '0')}`;
