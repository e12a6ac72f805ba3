import type { Clock } from '@slipway/contracts';
import type { Bus, Presence } from '@slipway/mesh';

/** Whose silence has lasted so long works no more; and how long one listens who else is there, in ms. */
const SILENCE_MS = 10_000;
const LISTEN_MS = 2_500;

export interface TurnsOptions {
  replica: string;
  /** Locations that this replica serves. */
  locations: readonly string[];
  presence: Presence;
  bus: Bus;
  clock: Clock;
}

/**
 * Which replica works at a location: the first by name of those that serve it and are heard of. Liveness only: that two of them do the same for
 * a while changes nothing in what becomes of it.
 */
export class Turns {
  readonly #began: number;

  constructor(private readonly options: TurnsOptions) {
    this.#began = options.clock.now();
  }

  serves(location: string): boolean {
    return this.options.locations.includes(location);
  }

  isOurs(location: string): boolean {
    return this.serves(location) && this.#isFirst((worksAt) => worksAt.includes(location));
  }

  /** Whether anybody who is heard of works there, as far as that can be told. */
  isServed(location: string): boolean {
    return this.serves(location) || !this.#canTell() || this.#others((worksAt) => worksAt.includes(location)).length > 0;
  }

  /** Of what has no location: deadlines, what time alone brings. */
  isFirst(): boolean {
    return this.#isFirst(() => true);
  }

  #isFirst(isMeant: (worksAt: readonly string[]) => boolean): boolean {
    const { replica, bus } = this.options;
    if (!this.#hasListened()) return false;
    // Who hears nobody because NATS is away keeps what it has: what it does others may do too.
    if (!bus.connected()) return true;
    return [...this.#others(isMeant), replica].toSorted()[0] === replica;
  }

  #hasListened(): boolean {
    return this.options.clock.now() - this.#began >= LISTEN_MS;
  }

  #canTell(): boolean {
    return this.#hasListened() && this.options.bus.connected();
  }

  #others(isMeant: (worksAt: readonly string[]) => boolean): string[] {
    const { presence } = this.options;
    return presence
      .replicas('allocator', Infinity)
      .filter(({ report }) => isMeant(report.worksAt ?? []) && presence.silentFor(report.replica) < SILENCE_MS)
      .map(({ report }) => report.replica);
  }
}
