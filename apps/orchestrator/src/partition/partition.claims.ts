import { idOf, streamName } from '@slipway/contracts';
import { handle, foldStream, type EventMetadata, type RecordedEvent } from '@slipway/event-store';
import type { Ports } from '../ports.js';
import { PARTITIONS, partition, partitionOf, type PartitionCommand, type PartitionState } from './partition.js';

/** After this silence of a replica (ms) another one takes over its partitions. */
export const TAKEOVER_AFTER = 10_000;
/** Between two looks at what may be claimed, in ms. */
export const LOOK_EVERY = 2_000;

/** Which partitions this replica works on: claimed at the start, when they are free, and when their holder is silent. */
export class PartitionClaims {
  readonly #known = new Map<number, PartitionState>();
  readonly #mine = new Map<number, number>();
  #cancel = () => {};
  #stopped = false;

  constructor(
    private readonly ports: Ports,
    /** Told of each partition that was won or lost. */
    private readonly changed: (mine: boolean, number: number) => void,
  ) {}

  owns(requestId: string): boolean {
    return this.#mine.has(partitionOf(requestId));
  }

  /** Claims what may be claimed, and looks again at intervals. */
  async start(): Promise<void> {
    await this.#look();
    this.#again();
  }

  /** Releases what is ours, for others to go on at once. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    for (const [number, epoch] of this.#mine) {
      this.#mine.delete(number);
      await this.#record(number, { type: 'Release', replica: this.ports.replica, epoch }).catch((error: unknown) => {
        this.ports.reports.warn({ err: error, partition: number }, 'A partition is not released; it is taken over later');
      });
    }
  }

  /** A recorded event of a partition, by whomever. */
  noticed({ stream, type, data }: RecordedEvent): void {
    const number = Number(idOf(stream));
    const known = this.#known.get(number) ?? partition.initialState();
    const event = { type, data } as unknown as Parameters<typeof partition.evolve>[1];
    if (event.data.epoch < known.epoch) return;
    this.#learn(number, partition.evolve(known, event));
  }

  async #look(): Promise<void> {
    for (let number = 0; number < PARTITIONS && !this.#stopped; number += 1) {
      if (this.#mine.has(number)) continue;
      try {
        await this.#claim(number);
      } catch (error) {
        this.ports.reports.warn({ err: error, partition: number }, 'A partition could not be claimed; it is tried again');
      }
    }
  }

  async #claim(number: number): Promise<void> {
    const known = this.#known.get(number) ?? (await foldStream(this.ports.store, partition, streamOf(number))).state;
    const silent = known.replica !== undefined && this.ports.silentFor(known.replica) >= TAKEOVER_AFTER;
    this.#learn(number, await this.#record(number, { type: 'Claim', replica: this.ports.replica, silent }));
  }

  #learn(number: number, state: PartitionState): void {
    this.#known.set(number, state);
    const ours = state.replica === this.ports.replica && !this.#stopped;
    const before = this.#mine.has(number);
    if (ours) this.#mine.set(number, state.epoch);
    else this.#mine.delete(number);
    if (ours !== before) this.changed(ours, number);
  }

  async #record(number: number, command: PartitionCommand): Promise<PartitionState> {
    const { store, replica, ids } = this.ports;
    const metadata: EventMetadata = { actor: { id: replica, type: 'system' } };
    return (await handle(store, partition, streamOf(number), command, { metadata, newId: ids })).state;
  }

  #again(): void {
    if (this.#stopped) return;
    this.#cancel = this.ports.clock.after(LOOK_EVERY, () => void this.#look().then(() => this.#again()));
  }
}

const streamOf = (number: number): string => streamName('partition', String(number));
