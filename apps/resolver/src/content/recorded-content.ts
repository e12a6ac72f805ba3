import type { Blobs } from '@slipway/blobs';
import {
  DELEGATED,
  type DelegatedContent,
  type DelegatedPackageRef,
  type DelegatedSnapshot,
  type JsonObject,
  type ResourceDefinition,
  type UploadedContent,
} from '@slipway/contracts';
import { NO_STREAM, type EventStore, type Position, type RecordedEvent } from '@slipway/event-store';
import type { DelegatedPackage, LayeredPackage } from '../repository/stack.js';
import { CONTENT_STREAM, NOTHING, evolve, type Recorded } from './recorded.js';

/** Bytes of the definitions of one package, artefacts not among them. */
const MAX_LOADED_BYTES = 64 * 1024 * 1024;

/** A package of the layer `dynamic`, in force. */
export interface DynamicPackage extends LayeredPackage {
  layer: 'dynamic';
  uploaded: UploadedContent;
  version: string;
  description?: string;
}

/** The layer `writable`, as one package: its version grows with each change. */
export interface WrittenPackage extends LayeredPackage {
  layer: 'writable';
  version: string;
}

/** A package of another repository, as it was fetched. */
export interface FetchedPackage extends DelegatedPackage {
  version: string;
  description?: string;
  delegate: string;
}

/** What a blob of loaded content holds. */
export interface LoadedContent {
  name: string;
  version: string;
  description?: string;
  definitions: ResourceDefinition[];
}

/** The recorded content, and how far it was read. */
export interface RecordedState {
  recorded: Recorded;
  revision: number;
  position: Position | null;
}

/**
 * The layer `dynamic` as the log tells it, read on demand: what was folded stays, and only what came since is read. So a replica that
 * answers has read all that was recorded before it was asked.
 */
export class RecordedContent {
  #state: RecordedState = { recorded: NOTHING, revision: NO_STREAM, position: null };
  #last: RecordedEvent | undefined;
  /** By the SHA-256 of what was loaded. */
  #loaded = new Map<string, DynamicPackage>();
  #written: { of: Recorded['definitions']; as: WrittenPackage } | undefined;
  /** By repository, the last that was read. */
  #snapshots = new Map<string, { sha256: string; snapshot: DelegatedSnapshot }>();
  /** By repository and the SHA-256 of what was loaded. */
  #fetched = new Map<string, FetchedPackage>();
  /** By the SHA-256 of what was written. */
  #definitions = new Map<string, ResourceDefinition>();
  #lane: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: Pick<EventStore, 'read'>,
    private readonly blobs: Pick<Blobs, 'read'>,
  ) {}

  /** As it stands in the log now. Throws `log-unavailable`. */
  read(): Promise<RecordedState> {
    return this.#next(() => this.#read());
  }

  /** The same with all definitions. Throws `log-unavailable`, `blob-missing`, `blob-damaged`, `blob-unavailable`. */
  packages(): Promise<{
    state: RecordedState;
    packages: (DynamicPackage | WrittenPackage)[];
    /** In the order of their repositories' names, then as each of them has them. */
    delegated: FetchedPackage[];
  }> {
    return this.#next(async () => {
      const state = await this.#read();
      const loaded = new Map<string, DynamicPackage>();
      for (const uploaded of state.recorded.packages.values()) {
        const { sha256 } = uploaded.loaded;
        loaded.set(sha256, this.#loaded.get(sha256) ?? (await this.#load(uploaded)));
      }
      this.#loaded = loaded;
      const delegated = await this.#delegated(state.recorded);
      return { state, packages: [...(await this.#writtenPackage(state)), ...loaded.values()], delegated };
    });
  }

  /** One after the other: what is read by two at once would be folded twice. */
  #next<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#lane.then(work);
    this.#lane = turn.catch(() => undefined);
    return turn;
  }

  async #read(): Promise<RecordedState> {
    const events = await this.store.read(CONTENT_STREAM, { from: this.#last?.revision ?? 0 });
    // It goes on with the event that was folded last, unless the log was restored to something older.
    const goesOn = this.#last !== undefined && events[0]?.id === this.#last.id;
    if (this.#last !== undefined && !goesOn) {
      this.#last = undefined;
      this.#state = { recorded: NOTHING, revision: NO_STREAM, position: null };
      return this.#read();
    }
    for (const event of goesOn ? events.slice(1) : events) {
      const { revision, position } = event;
      const recorded = evolve(this.#state.recorded, event as unknown as Parameters<typeof evolve>[1]);
      this.#state = { recorded, revision, position };
      this.#last = event;
    }
    return this.#state;
  }

  /** None while nothing is written. */
  async #writtenPackage({ recorded: { definitions }, revision }: RecordedState): Promise<WrittenPackage[]> {
    if (definitions.size === 0) return [];
    if (this.#written && sameEntries(this.#written.of, definitions)) return [this.#written.as];
    const read = new Map<string, ResourceDefinition>();
    for (const { definition } of definitions.values()) {
      const { sha256 } = definition;
      read.set(
        sha256,
        this.#definitions.get(sha256) ?? (JSON.parse((await this.blobs.read(sha256)).toString()) as ResourceDefinition),
      );
    }
    this.#definitions = read;
    const written = [...definitions.values()].map(({ definition }) => read.get(definition.sha256)!);
    const as: WrittenPackage = {
      layer: 'writable',
      name: 'writable',
      version: `0.0.${revision}`,
      source: 'API',
      definitions: written,
    };
    this.#written = { of: definitions, as };
    return [as];
  }

  async #delegated({ delegates }: RecordedState['recorded']): Promise<FetchedPackage[]> {
    const fetched = new Map<string, FetchedPackage>();
    for (const delegate of [...delegates.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)))
      for (const [index, one] of (await this.snapshotOf(delegate)).packages.entries()) {
        const key = `${delegate.name} ${delegate.source} ${index} ${one.loaded.sha256}`;
        fetched.set(key, this.#fetched.get(key) ?? (await this.#fetch(delegate, one)));
      }
    this.#fetched = fetched;
    return [...fetched.values()];
  }

  /** What another repository had when it was asked. Throws what blobs throw. */
  async snapshotOf({ name, content: { sha256 } }: DelegatedContent): Promise<DelegatedSnapshot> {
    const known = this.#snapshots.get(name);
    if (known?.sha256 === sha256) return known.snapshot;
    const text = await this.blobs.read(sha256, MAX_LOADED_BYTES);
    const snapshot = JSON.parse(text.toString()) as DelegatedSnapshot;
    this.#snapshots.set(name, { sha256, snapshot });
    return snapshot;
  }

  async #fetch({ name: delegate, source }: DelegatedContent, { loaded }: DelegatedPackageRef): Promise<FetchedPackage> {
    const text = await this.blobs.read(loaded.sha256, MAX_LOADED_BYTES);
    return { ...(JSON.parse(text.toString()) as LoadedContent), layer: DELEGATED, delegate, source: `${delegate} (${source})` };
  }

  async #load(uploaded: UploadedContent): Promise<DynamicPackage> {
    const text = await this.blobs.read(uploaded.loaded.sha256, MAX_LOADED_BYTES);
    const { name, version, description, definitions } = JSON.parse(text.toString()) as unknown as LoadedContent;
    return dynamicPackage({ name, version, ...(description !== undefined && { description }), definitions }, uploaded);
  }
}

export const dynamicPackage = (loaded: LoadedContent, uploaded: UploadedContent): DynamicPackage => ({
  ...loaded,
  layer: 'dynamic',
  source: `upload by ${uploaded.actor.id}`,
  uploaded,
});

/** What of a loaded package its blob holds. */
export const loadedContent = ({ name, version, description, definitions }: LoadedContent): JsonObject =>
  ({ name, version, ...(description !== undefined && { description }), definitions }) as unknown as JsonObject;

const sameEntries = <T>(some: ReadonlyMap<string, T>, others: ReadonlyMap<string, T>): boolean =>
  some.size === others.size && [...some].every(([key, value]) => others.get(key) === value);
