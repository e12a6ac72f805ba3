import {
  ERRORS,
  SlipwayError,
  causeOf,
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
import { snapshot, type SnapshotCommand, type SnapshotState } from './snapshot.js';

/** Of a snapshot's id. What somebody names otherwise is none, and need not be the name of a stream at all. */
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const PAGE = 1_000;
/** How often it decides again when other replicas append at the same time. */
const TRIES = 20;

/** How long nobody is told what became of an upload before its holder is taken for abandoned, in ms. */
const ABANDONED_AFTER = 24 * 3_600_000;

/** The requests that go on. */
export interface UnderWay {
  has(requestId: string): boolean;
  /** All imports of them. */
  imports(): Promise<Set<string>>;
}

/** What a kept snapshot consists of, and who has it. */
export interface Holding {
  manifest: SnapshotManifest;
  holder: string;
}

/**
 * All snapshots, and who holds what they consist of.
 *
 * B1. Every snapshot has a holder of its own: an export's and an import's is its request's id, an upload's a fresh one. What one holder has
 *     no other snapshot and nobody else ever names, so it goes as a whole, and nothing else with it.
 * B2. A snapshot is recorded when its holder has all its parts.
 * B3. A holder is removed only when no kept snapshot has it: after SnapshotDeleted is durable (whoever deletes does not wait for it), when
 *     its request has ended, and, where nobody knows of it, a day after it was given something last. What could not be removed, or was
 *     left by a crash, is removed later: at the next sweep, at the next start.
 * B4. What was deleted is still there for the imports that had begun: they claimed their name before they looked for it, so who goes on
 *     after the deletion is durable and has no claim yet finds it deleted.
 */
export class Snapshots {
  /** The holder of every snapshot that there ever was, by the snapshot's id. */
  readonly #known = new Map<string, { kept: boolean; holder: string }>();
  /** Holders of deleted ones. */
  readonly #gone = new Set<string>();
  /** Imports that may still read what a deleted snapshot's holder has (B4). */
  readonly #readers = new Map<string, Set<string>>();
  #unswept = true;
  #position: Position | undefined;
  #lane: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly ports: Pick<Ports, 'store' | 'blobs' | 'clock' | 'ids' | 'reports'>,
    private readonly underWay: UnderWay,
  ) {}

  /** What a snapshot consists of; `undefined` unless it is kept. Throws `blob-missing` where its manifest is gone. */
  async find(id: string): Promise<Holding | undefined> {
    const { phase, manifest, manifestBlob, holder } = (await this.#read(id)).state;
    if (phase !== 'kept') return undefined;
    if (manifest!.parts.length === 0)
      throw new SlipwayError('blob-missing', `The manifest of the snapshot ${id} is not there`, { ...manifestBlob });
    return { manifest: manifest!, holder: holder! };
  }

  /** As {@link find}. Throws `not-found`. */
  async get(id: string): Promise<Holding> {
    const found = await this.find(id);
    if (!found) throw noSuchSnapshot(id);
    return found;
  }

  async isKept(id: string): Promise<boolean> {
    return (await this.#read(id)).state.phase === 'kept';
  }

  /** Records a snapshot. Throws `blob-missing` when a part is not there (B2), and what the decider throws. */
  async record(command: Exclude<SnapshotCommand, { type: 'Delete' }>, metadata: EventMetadata): Promise<SnapshotRecorded> {
    const { holder, manifest } = command;
    const held = this.ports.blobs.of(holder);
    for (const { sha256, file } of manifest.parts)
      if (!(await held.has(sha256)))
        throw new SlipwayError('blob-missing', `${file} of the snapshot ${manifest.id} is not there any more`, { sha256 });
    return this.#decide(manifest.id, command, metadata);
  }

  /**
   * Records a snapshot that came from elsewhere. Where it is refused, or kept already by another holder, what the given one has is removed
   * afterwards. Throws as {@link record}.
   */
  async receive(command: Extract<SnapshotCommand, { type: 'Receive' }>, metadata: EventMetadata): Promise<SnapshotRecorded> {
    try {
      const recorded = await this.record(command, metadata);
      if (recorded.repeated) this.#releaseLater(command.holder);
      return recorded;
    } catch (error) {
      // Of everything else nobody knows whether it was recorded.
      if (ERRORS[causeOf(error).code].advice === 'refuse') this.#releaseLater(command.holder);
      throw error;
    }
  }

  /** Forgets a snapshot; its holder is removed afterwards. Throws `not-found`. */
  async delete(
    id: string,
    command: Extract<SnapshotCommand, { type: 'Delete' }>,
    metadata: EventMetadata,
  ): Promise<SnapshotRecorded> {
    const recorded = await this.#decide(id, command, metadata);
    this.#unswept = true;
    void this.sweep();
    return recorded;
  }

  /** An export has ended without success: nobody wants what it has read out. */
  async discard(id: string, metadata: EventMetadata): Promise<void> {
    const reason = 'Its export has not succeeded';
    if (await this.isKept(id)) await this.#decide(id, { type: 'Delete', actor: metadata.actor, reason }, metadata);
  }

  /** Removes what a holder has, unless a kept snapshot has that holder. For whose holder it is: nobody else may give it anything. */
  async release(holder: string): Promise<void> {
    await this.#alone(() => this.#refresh());
    if (!this.#kept().has(holder)) await this.ports.blobs.of(holder).remove();
  }

  /** Removes what nobody wants (B3). Throws nothing: what can't be removed now is tried again. */
  async sweep(): Promise<void> {
    this.#unswept = false;
    const { blobs, clock, reports } = this.ports;
    try {
      // First: whose snapshot is recorded after that look is known by the next.
      const holders = await blobs.holders();
      await this.#alone(() => this.#refresh());
      const kept = this.#kept();
      const deleted = holders.some(({ holder }) => this.#gone.has(holder));
      const imports = deleted ? await this.underWay.imports() : new Set<string>();
      for (const { holder, touched } of holders) {
        const wanted = this.#gone.has(holder) ? this.#isRead(holder, imports) : touched > clock.now() - ABANDONED_AFTER;
        if (wanted || kept.has(holder) || this.underWay.has(holder)) continue;
        await blobs.of(holder).remove();
        this.#readers.delete(holder);
      }
    } catch (error) {
      this.#unswept = true;
      reports.warn({ err: error }, 'Parts of deleted snapshots could not be removed; it is tried again');
    }
  }

  /** B4. `imports`: those that go on. */
  #isRead(holder: string, imports: Set<string>): boolean {
    const readers = new Set([...(this.#readers.get(holder) ?? imports)].filter((id) => imports.has(id)));
    this.#readers.set(holder, readers);
    if (readers.size > 0) this.#unswept = true;
    return readers.size > 0;
  }

  /** Whether a sweep has anything to do. */
  get unswept(): boolean {
    return this.#unswept;
  }

  #releaseLater(holder: string): void {
    this.release(holder).catch((error: unknown) => {
      this.ports.reports.warn(
        { err: error, holder },
        'What a refused archive has left could not be removed; a later start does it',
      );
    });
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
    if (!ID.test(id)) return read;
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
      for (const event of page.events) this.#learn(event);
      [this.#position, end] = [page.position, page.end];
    }
  }

  #learn({ stream, type, data }: RecordedEvent): void {
    const id = idOf(stream);
    const { holder } = type === 'SnapshotDeleted' ? this.#known.get(id)! : (data as unknown as { holder: string });
    const kept = type !== 'SnapshotDeleted';
    this.#known.set(id, { kept, holder });
    if (!kept) this.#gone.add(holder);
  }

  /** Holders that kept snapshots have. */
  #kept(): Set<string> {
    return new Set([...this.#known.values()].flatMap(({ kept, holder }) => (kept ? [holder] : [])));
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
  new SlipwayError('not-found', `There is no snapshot ${id.slice(0, 64)}`, { snapshotId: id.slice(0, 64) });
