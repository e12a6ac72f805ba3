import {
  aliveSubject,
  type AnnouncedDriver,
  type Clock,
  type HealthReport,
  type ResourceKind,
  type ServiceName,
  type SpecBounds,
} from '@slipway/contracts';
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
/** After this silence (ms) what a replica announced counts no more. */
const ANNOUNCED_WITHIN = 10_000;

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

  /** A replica's answer to a question for its health is a sign of life too. */
  hear(report: HealthReport): void {
    const { service, replica } = report;
    if (isReport(report)) this.#heard.set(replica, { service, report, at: this.options.clock.now() });
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
   * The drivers of a kind that replicas announced at a location within the last 10 s, each once, with all that it can anywhere
   * there. Nothing when no replica of the location was heard of.
   */
  drivers(kind: ResourceKind, location: string): AnnouncedDriver[] | undefined {
    const here = this.replicas(kind, ANNOUNCED_WITHIN).flatMap(({ report }) => report.locations ?? []);
    const places = here.filter((place) => place.kind === kind && place.location === location);
    if (places.length === 0) return undefined;
    const drivers = new Map<string, AnnouncedDriver>();
    for (const driver of places.flatMap((place) => place.drivers))
      drivers.set(driver.name, together(drivers.get(driver.name) ?? driver, driver));
    return [...drivers.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
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

function together(one: AnnouncedDriver, other: AnnouncedDriver): AnnouncedDriver {
  const all = <T>(a: readonly T[] = [], b: readonly T[] = []): T[] => [...new Set([...a, ...b])].toSorted();
  const accepts = all(one.accepts, other.accepts);
  const changes = (one.changes ?? other.changes) && {
    inPlace: all(one.changes?.inPlace, other.changes?.inPlace),
    replaces: all(one.changes?.replaces, other.changes?.replaces),
  };
  const verbs = all(one.verbs, other.verbs);
  const bounds = one.bounds && other.bounds && within(one.bounds, other.bounds);
  const outputs = one.outputs && other.outputs && all(one.outputs, other.outputs);
  const finds = (one.finds ?? other.finds) && { ...one.finds, ...other.finds };
  return {
    ...{ name: one.name, verbs },
    ...(accepts.length > 0 && { accepts }),
    ...(changes && { changes }),
    ...(bounds && { bounds }),
    ...(outputs && { outputs }),
    ...(finds && { finds }),
  };
}

/** What both refuse: what one of them takes may come to that one. */
function within(one: SpecBounds, other: SpecBounds): SpecBounds {
  const both = (some: SpecBounds['needs'], others: SpecBounds['needs']) =>
    some.filter(({ field }) => others.some((fault) => fault.field === field));
  return { needs: both(one.needs, other.needs), lacks: both(one.lacks, other.lacks) };
}

const isReport = (body: unknown): body is HealthReport => {
  const { replica, ready, locations = [] } = (body ?? {}) as Partial<HealthReport>;
  return typeof replica === 'string' && typeof ready === 'boolean' && Array.isArray(locations) && locations.every(isPlace);
};

const isPlace = (place: Partial<NonNullable<HealthReport['locations']>[number]> | null): boolean =>
  typeof place?.location === 'string' &&
  Array.isArray(place.drivers) &&
  place.drivers.every((driver) => typeof driver?.name === 'string' && Array.isArray(driver.verbs));
