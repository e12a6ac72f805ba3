import { bareResourceEventType, type Health, type Instant, type JsonObject, type ResourceEvent } from '@slipway/contracts';

/** How an instance stands, as its own stream tells. */
export interface Standing {
  generation: number;
  health: Health;
  /** Since when, and why. */
  since: Instant;
  reason?: string;
}

/** How the instance of a name stands; undefined where nothing was ever told of it. */
export type Standings = (name: string) => Standing | undefined;

/** Types of the events that {@link standingAfter} takes notice of. */
export const STANDING_TYPES = [
  'InstanceProvisioned',
  'InstanceUpdated',
  'InstanceHealthChanged',
  'InstanceStopped',
  'InstanceDestroyed',
] as const;

/** An event of an instance's stream, as it is read. */
interface Told {
  type: string;
  data: JsonObject;
  recordedAt: Instant;
}

/** How an instance stands after an event of its stream; undefined where it is not there. What an older generation tells changes nothing. */
export function standingAfter(before: Standing | undefined, { type, data, recordedAt: since }: Told): Standing | undefined {
  const event = { type: bareResourceEventType('instance', type), data } as unknown as ResourceEvent;
  const { generation } = event.data;
  if (before && generation < before.generation) return before;
  const stands = (health: Health, reason?: string): Standing =>
    before?.generation === generation && before.health === health
      ? before
      : { generation, health, since, ...(reason !== undefined && { reason }) };
  switch (event.type) {
    case 'Provisioned':
      // What runs is provisioned once it is healthy; from then on changes are recorded.
      return event.data.stopped ? stands('stopped', 'It was stopped') : stands('healthy');
    case 'Updated':
      return before?.health === 'stopped' ? before : stands('healthy');
    case 'Stopped':
      return stands('stopped', 'It was stopped');
    case 'HealthChanged':
      return stands(event.data.to, event.data.reason);
    case 'Destroyed':
      return undefined;
    default:
      return before;
  }
}
