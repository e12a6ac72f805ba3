import { aliveSubject, type Clock, type HealthReport, type ServiceName } from '@slipway/contracts';
import type { Bus } from '../bus/port.js';

/** A replica as it was last heard of. */
export interface Heard {
  report: HealthReport;
  /** Milliseconds since the epoch. */
  at: number;
}

export interface PresenceOptions {
  mesh: string;
  bus: Bus;
  clock: Clock;
}

/** Replicas that were silent for so long are forgotten, in ms. */
const FORGET_AFTER = 10 * 60_000;

/**
 * Which replicas were heard of, and when: for readiness, and for the takeover of a silent one's work (liveness only; who
 * is right is decided in the log).
 *
 * P1. Silence counts only while we could hear: without a connection nobody becomes silent, and when it is back everybody
 *     has the whole time again.
 */
export class Presence {
  readonly #heard = new Map<string, Heard & { service: string }>();
  readonly #unsubscribe: () => void;
  #listeningSince: number | undefined;

  constructor(private readonly options: PresenceOptions) {
    const { mesh, bus, clock } = options;
    this.#listeningSince = bus.connected() ? clock.now() : undefined;
    this.#unsubscribe = bus.subscribe(aliveSubject(mesh, '*', '*'), (body, subject) => {
      const [service, replica] = subject.split('.').slice(-2) as [string, string];
      if (isReport(body)) this.#heard.set(replica, { service, report: body, at: clock.now() });
    });
  }

  /** Replicas of a service that were heard of within `withinMs`, sorted by name. */
  replicas(service: ServiceName, withinMs: number): Heard[] {
    const { clock } = this.options;
    const now = clock.now();
    for (const [replica, { at }] of this.#heard) if (now - at > FORGET_AFTER) this.#heard.delete(replica);
    return [...this.#heard.values()]
      .filter((heard) => heard.service === service && now - heard.at <= withinMs)
      .toSorted((one, other) => (one.report.replica < other.report.replica ? -1 : 1));
  }

  /**
   * How long nothing was heard of a replica although we listened, in ms; 0 while we are not connected. Of one that was
   * never heard of: since we listen.
   */
  silentFor(replica: string): number {
    const { bus, clock } = this.options;
    if (!bus.connected()) {
      this.#listeningSince = undefined;
      return 0;
    }
    this.#listeningSince ??= clock.now();
    return clock.now() - Math.max(this.#heard.get(replica)?.at ?? 0, this.#listeningSince);
  }

  stop(): void {
    this.#unsubscribe();
  }
}

const isReport = (body: unknown): body is HealthReport =>
  typeof body === 'object' && body !== null && typeof (body as HealthReport).replica === 'string' && 'ready' in body;
