import { join } from 'node:path';
import { ERRORS, archiveName, causeOf, type Cause, type SnapshotCopy, type SnapshotManifest } from '@slipway/contracts';
import type { Ports } from '../ports.js';
import type { RequestState } from '../request/state.js';
import { manifestOf } from './manifest.js';
import type { Snapshots } from './snapshots.js';
import { destinationOf, pathOf } from './stores.js';

/** Where the archive goes as well. A plan of an earlier release did not say it. */
const destinationIn = ({ plan, accepted }: RequestState): string | undefined =>
  plan?.destination ?? (accepted!.body['destination'] as string | undefined);

/** A snapshot that only needs to be recorded. */
export interface Ready {
  manifest: SnapshotManifest;
  copy?: SnapshotCopy;
}

/** What came of it. */
export type Kept = { kind: 'ready'; ready: Ready } | { kind: 'lost'; cause: Cause } | { kind: 'later'; cause: Cause };

/**
 * Makes a snapshot of what an export has read out: its archive is written to where it was asked for, again after pauses when
 * that fails; what is recorded then is for the request's own lane.
 */
export class Keeping {
  #underWay = false;
  #failures = 0;
  #againAt = 0;
  #discarded = false;

  constructor(
    private readonly ports: Pick<Ports, 'clock' | 'config' | 'archives' | 'reports'>,
    private readonly snapshots: Snapshots,
  ) {}

  /** When it has to be tried again (ms since the epoch). */
  get next(): number {
    return this.#underWay || this.#failures === 0 ? Infinity : this.#againAt;
  }

  /** Begins, if it is time, and tells `then`. */
  run(id: string, state: RequestState, then: (kept: Kept) => void): void {
    if (this.#underWay || this.ports.clock.now() < this.#againAt) return;
    this.#underWay = true;
    const told = (kept: Kept) => {
      this.#underWay = false;
      then(kept);
    };
    void this.#try(id, state).then(told);
  }

  /** The export has ended without success: its archive is removed where one was written. */
  discard(id: string, state: RequestState): Promise<void> {
    this.#discarded = true;
    return this.#remove(id, state);
  }

  /** A store that is away now must not keep the request from its end. */
  async #remove(id: string, state: RequestState): Promise<void> {
    const { config, archives, reports } = this.ports;
    const destination = destinationIn(state);
    if (destination === undefined) return;
    try {
      const { store, below } = destinationOf(config, destination);
      const { name: instanceId } = state.accepted!;
      await archives.remove(pathOf(config, { store, file: join(below, archiveName({ instanceId, id })) }));
    } catch (error) {
      reports.warn({ err: error, requestId: id }, 'The archive of an export that has not succeeded could not be removed');
    }
  }

  async #try(id: string, state: RequestState): Promise<Kept> {
    try {
      return { kind: 'ready', ready: await this.#make(id, state) };
    } catch (error) {
      return this.#failed(causeOf(error, 'driver-failed'));
    }
  }

  async #make(id: string, state: RequestState): Promise<Ready> {
    const { config, clock, archives } = this.ports;
    const manifest = manifestOf(state, { id, mesh: config.mesh, now: clock.now() });
    const destination = destinationIn(state);
    // What is recorded already has been written too.
    if (destination === undefined || (await this.snapshots.isKept(id))) return { manifest };
    const { store, below } = destinationOf(config, destination);
    const copy = { store, file: join(below, archiveName(manifest)) };
    await archives.write(manifest, id, pathOf(config, copy));
    // What nobody waited for any more comes too late.
    if (this.#discarded) await this.#remove(id, state);
    return { manifest, copy };
  }

  #failed(cause: Cause): Kept {
    const { tries, backoffSeconds, maxBackoffSeconds } = this.ports.config.steps.data;
    this.#failures += 1;
    if (ERRORS[cause.code].advice !== 'retry' || this.#failures >= tries) return { kind: 'lost', cause };
    const wait = Math.min(backoffSeconds * 2 ** (this.#failures - 1), maxBackoffSeconds);
    this.#againAt = this.ports.clock.now() + Math.round(wait * 1000);
    return { kind: 'later', cause };
  }
}
