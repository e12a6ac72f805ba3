import {
  SlipwayError,
  idOf,
  streamName,
  type JsonObject,
  type SnapshotEvent,
  type SnapshotManifest,
  type SnapshotRecorded,
} from '@slipway/contracts';
import { NO_STREAM, type EventMetadata, type Position, type RecordedEvent } from '@slipway/event-store';
import { recordable, whole } from '../large-events.js';
import type { Ports } from '../ports.js';
import { blobsOf, snapshot, type SnapshotCommand, type SnapshotState } from './snapshot.js';

const PAGE = 1_000;
/** How often it decides again when other replicas append at the same time. */
const TRIES = 20;

/**
 * All snapshots, and the blobs that they consist of.
 *
 * B1. A snapshot is recorded when all its blobs are there. One thing at a time is recorded or removed here, so that nothing is
 *     removed between that look and the record.
 * B2. A blob is removed after SnapshotDeleted is durable, and only while no kept snapshot has it. What could not be removed,
 *     or was left by a crash, is removed later: at the next sweep, at the next start.
 */
export class Snapshots {
  /** Blobs of every snapshot that there ever was, by its id. */
  readonly #known = new Map<string, { kept: boolean; blobs: string[] }>();
  /** Deleted ones whose blobs may still be there. */
  readonly #leftovers = new Set<string>();
  #position: Position | undefined;
  #lane: Promise<unknown> = Promise.resolve();

  constructor(private readonly ports: Pick<Ports, 'store' | 'blobs' | 'ids' | 'reports'>) {}

  /** What a kept snapshot consists of. Throws `not-found`. */
  async manifestOf(id: string): Promise<SnapshotManifest> {
    const { state } = await this.#read(id);
    if (state.phase !== 'kept') throw noSuchSnapshot(id);
    if (state.manifest!.parts.length === 0)
      throw new SlipwayError('blob-missing', `The manifest of the snapshot ${id} is not there`, { ...state.manifestBlob });
    return state.manifest!;
  }

  async isKept(id: string): Promise<boolean> {
    return (await this.#read(id)).state.phase === 'kept';
  }

  /** Records a snapshot. Throws `blob-missing` when a part is not there, and what the decider throws. */
  record(command: Exclude<SnapshotCommand, { type: 'Delete' }>, metadata: EventMetadata): Promise<SnapshotRecorded> {
    return this.#alone(async () => {
      for (const { sha256, file } of command.manifest.parts)
        if (!(await this.ports.blobs.has(sha256)))
          throw new SlipwayError('blob-missing', `${file} of the snapshot ${command.manifest.id} is not there any more`, {
            sha256,
          });
      return this.#decide(command.manifest.id, command, metadata);
    });
  }

  /**
   * Records what `read` finds. What it has stored (it tells of each blob) is removed again when it fails, or when its snapshot
   * is refused. Throws what it throws.
   */
  async receive(
    read: (stored: (sha256: string) => void) => Promise<SnapshotManifest>,
    command: (manifest: SnapshotManifest) => Extract<SnapshotCommand, { type: 'Receive' }>,
    metadata: EventMetadata,
  ): Promise<SnapshotManifest> {
    const blobs: string[] = [];
    try {
      const manifest = await read((sha256) => blobs.push(sha256));
      await this.record(command(manifest), metadata);
      return manifest;
    } catch (error) {
      await this.removeUnused(blobs);
      throw error;
    }
  }

  /** Forgets a snapshot and removes its blobs. Throws `not-found`. */
  async delete(
    id: string,
    command: Extract<SnapshotCommand, { type: 'Delete' }>,
    metadata: EventMetadata,
  ): Promise<SnapshotRecorded> {
    const recorded = await this.#alone(() => this.#decide(id, command, metadata));
    this.#leftovers.add(id);
    await this.sweep();
    return recorded;
  }

  /** An export has ended without success: nobody else will ever remove what it has read out. */
  async discard(id: string, metadata: EventMetadata): Promise<void> {
    await this.#alone(async () => {
      const { state } = await this.#read(id);
      const reason = 'Its export has not succeeded';
      if (state.phase === 'kept') await this.#decide(id, { type: 'Delete', actor: metadata.actor, reason }, metadata);
      await this.#remove(blobsOf(state));
    });
  }

  /** Removes blobs that no kept snapshot has. */
  removeUnused(blobs: readonly string[]): Promise<void> {
    return this.#alone(() => this.#remove(blobs));
  }

  /** Removes what deleted snapshots have left. Throws nothing: what can't be removed now is tried again. */
  async sweep(): Promise<void> {
    await this.#alone(async () => {
      await this.#refresh();
      for (const id of this.#leftovers) {
        const { kept, blobs } = this.#known.get(id)!;
        if (!kept) await this.#remove(blobs);
        this.#leftovers.delete(id);
      }
    }).catch((error: unknown) => {
      this.ports.reports.warn({ err: error }, 'Parts of deleted snapshots could not be removed; it is tried again');
    });
  }

  /** Whether a sweep has anything to do. */
  get unswept(): boolean {
    return this.#position === undefined || this.#leftovers.size > 0;
  }

  async #decide(id: string, command: SnapshotCommand, metadata: EventMetadata): Promise<SnapshotRecorded> {
    for (let left = TRIES; ; left -= 1) {
      const { state, revision, position } = await this.#read(id);
      const events = decided(id, state, command);
      if (events.length === 0) return { snapshotId: id, position: position!, repeated: true };
      const news = await Promise.all(events.map((event) => this.#newEvent(event, metadata)));
      try {
        const appended = await this.ports.store.append(streamName('snapshot', id), revision, news);
        return { snapshotId: id, position: appended.position };
      } catch (error) {
        if (!(error instanceof SlipwayError) || error.code !== 'wrong-revision' || left <= 1) throw error;
      }
    }
  }

  async #newEvent(event: SnapshotEvent, metadata: EventMetadata) {
    const { type, data } = await recordable(event, this.ports.blobs);
    return { id: this.ports.ids(), type, data: data as unknown as JsonObject, metadata };
  }

  async #read(id: string): Promise<{ state: SnapshotState; revision: number; position?: Position }> {
    let read: { state: SnapshotState; revision: number; position?: Position } = {
      state: snapshot.initialState(),
      revision: NO_STREAM,
    };
    for (const recorded of await this.ports.store.read(streamName('snapshot', id))) {
      const { revision, position } = recorded;
      read = { state: await this.#evolve(read.state, recorded), revision, position };
    }
    return read;
  }

  /** A manifest in a blob that is gone with its snapshot is not missed. */
  async #evolve(state: SnapshotState, { type, data }: RecordedEvent): Promise<SnapshotState> {
    const event = { type, data } as unknown as SnapshotEvent;
    const readable = await whole(event, this.ports.blobs).catch((error: unknown) => {
      if (error instanceof SlipwayError && error.code === 'blob-missing') return event;
      throw error;
    });
    return snapshot.evolve(state, readable);
  }

  /** Learns what was recorded since it last looked. */
  async #refresh(): Promise<void> {
    for (let end = false; !end;) {
      const after = this.#position;
      const filter = { categories: ['snapshot'] };
      const page = await this.ports.store.readAll({ limit: PAGE, filter, ...(after !== undefined && { after }) });
      for (const event of page.events) await this.#learn(event);
      [this.#position, end] = [page.position, page.end];
    }
  }

  async #learn(event: RecordedEvent): Promise<void> {
    const id = idOf(event.stream);
    const state = await this.#evolve(snapshot.initialState(), event);
    const kept = state.phase === 'kept';
    const before = this.#known.get(id)?.blobs ?? [];
    this.#known.set(id, { kept, blobs: kept ? blobsOf(state) : before });
    if (!kept) this.#leftovers.add(id);
  }

  /** B2. */
  async #remove(blobs: readonly string[]): Promise<void> {
    if (blobs.length === 0) return;
    await this.#refresh();
    const wanted = new Set([...this.#known.values()].flatMap((one) => (one.kept ? one.blobs : [])));
    for (const sha256 of new Set(blobs)) if (!wanted.has(sha256)) await this.ports.blobs.remove(sha256);
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#lane.then(work);
    this.#lane = turn.catch(() => {});
    return turn;
  }
}

function decided(id: string, state: SnapshotState, command: SnapshotCommand): SnapshotEvent[] {
  if (command.type === 'Delete' && state.phase === 'none') throw noSuchSnapshot(id);
  return snapshot.decide(state, command);
}

const noSuchSnapshot = (id: string): SlipwayError =>
  new SlipwayError('not-found', `There is no snapshot ${id}`, { snapshotId: id });
