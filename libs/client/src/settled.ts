import type { DesiredState, ResourceView } from '@slipway/contracts/public';
import { pause } from './pause.js';

export interface SettledOptions {
  /** In milliseconds; without it as long as it takes. */
  timeoutMs?: number;
  /** Told the instance whenever it has changed. */
  onUpdate?(instance: ResourceView): void;
  /** Ends the waiting with its reason. */
  signal?: AbortSignal;
}

/** The time that was given is over; what was wanted goes on. */
export class NotSettled extends Error {
  override readonly name = 'NotSettled';
  constructor(
    readonly instance: ResourceView,
    timeoutMs: number,
  ) {
    super(`${instance.name} is still ${instance.health} after ${timeoutMs / 1000} s`);
  }
}

/** Time between two looks, in ms. */
const LOOK_EVERY = 250;

const HEALTH_OF = { running: 'healthy', stopped: 'stopped' } as const satisfies Record<DesiredState, ResourceView['health']>;

/** Whether an instance is as it is wanted. */
export const isSettled = ({ status, desired, health }: ResourceView, wanted: DesiredState): boolean =>
  status === 'present' && desired === wanted && health === HEALTH_OF[wanted];

/**
 * Looks at an instance until it is as it is wanted. Resolves earlier, as it is then, when something else is wanted of it
 * meanwhile or it is not to stay. Throws {@link NotSettled}, the signal's reason, and what a look throws.
 */
export async function untilSettled(
  look: () => Promise<ResourceView>,
  wanted: DesiredState,
  { timeoutMs, onUpdate, signal }: SettledOptions = {},
): Promise<ResourceView> {
  const deadline = timeoutMs === undefined ? Infinity : Date.now() + timeoutMs;
  // What is being restarted is first wanted to be stopped.
  let wasWanted = false;
  for (let seen: string | undefined; ;) {
    signal?.throwIfAborted();
    const instance = await look();
    if (instance.position !== seen) onUpdate?.(instance);
    seen = instance.position;
    if (isSettled(instance, wanted) || instance.status !== 'present') return instance;
    if (wasWanted && instance.desired !== wanted) return instance;
    wasWanted = instance.desired === wanted;
    if (Date.now() >= deadline) throw new NotSettled(instance, timeoutMs!);
    await pause(Math.min(LOOK_EVERY, deadline - Date.now()), signal);
  }
}
