import { aliveSubject, type Clock, type HealthReport, type ServiceName } from '@slipway/contracts';
import type { Bus } from '../bus/port.js';

/** Time between two signs of life of a replica, in ms. */
export const BEAT_EVERY = 2_000;

export interface BeatOptions {
  mesh: string;
  service: ServiceName;
  replica: string;
  bus: Bus;
  clock: Clock;
  /** What the replica says of itself: it is the sign's body. */
  health: () => Promise<HealthReport>;
}

/**
 * Publishes a replica's sign of life at once and every two seconds: its {@link HealthReport}. The returned function ends
 * it. A report that can't be had is a sign of life too: not ready, with the reason.
 */
export function startBeats({ mesh, service, replica, bus, clock, health }: BeatOptions): () => void {
  const subject = aliveSubject(mesh, service, replica);
  let cancel = () => {};
  let ended = false;
  const beat = async () => {
    const report = await health().catch((error: unknown): HealthReport => {
      return { service, replica, ready: false, reasons: [error instanceof Error ? error.message : String(error)] };
    });
    if (!ended) bus.publish(subject, report);
  };
  const next = () => {
    cancel = clock.after(BEAT_EVERY, next);
    void beat();
  };
  next();
  return () => {
    ended = true;
    cancel();
  };
}
