import type { Actor } from '@slipway/contracts';
import type { Pause } from '@slipway/contracts/http';

/** A pause as the event tells it that was recorded then. */
export const pauseOf = ({ actor, reason }: { actor: Actor; reason?: string }, at: string): Pause => ({
  at,
  by: actor,
  ...(reason !== undefined && { reason }),
});
