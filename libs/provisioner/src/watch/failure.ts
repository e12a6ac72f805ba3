import type { OnFailure } from '@slipway/contracts';
import type { Observation } from '../driver.js';

/** What is known of something that does not do well, from look to look. */
export interface Unwell {
  /** When it was first seen unhealthy without having been anything else since, in ms. */
  since?: number;
  /** How often it was restarted for that without having been healthy in between. */
  restarts: number;
}

export interface Consequence {
  /** To be remembered until the next look. */
  unwell?: Unwell;
  change?: 'restart' | 'stop';
  reason?: string;
}

/**
 * What follows from a look, by what the definition says should follow. Ends of what runs are the driver's own supervision's to
 * mend, until it says that it has failed; what runs and stays unhealthy is seen here alone.
 */
export function consequenceOf(rule: OnFailure, seen: Observation, was: Unwell = { restarts: 0 }, now: number): Consequence {
  const { action = 'restart', limit = Infinity, unhealthySeconds = Infinity } = rule;
  if (seen.failed !== undefined) return action === 'leave' ? {} : { change: 'stop', reason: seen.failed };
  if (seen.health === 'healthy') return {};
  if (seen.health !== 'unhealthy') return { unwell: { restarts: was.restarts } };
  const since = was.since ?? now;
  const unwell = { since, restarts: was.restarts };
  if (action === 'leave' || now - since < unhealthySeconds * 1_000) return { unwell };
  const reason = `Unhealthy for ${unhealthySeconds} s: ${seen.reason}`;
  if (action === 'stop') return { change: 'stop', reason };
  if (was.restarts >= limit) return { change: 'stop', reason: `${reason}; restarted ${was.restarts} times already` };
  return { unwell: { restarts: was.restarts + 1 }, change: 'restart', reason };
}
