import { randomUUID } from 'node:crypto';
import { hashOf, type ContentEvent, type Json, type JsonObject, type Layer } from '@slipway/contracts';
import { foldStream, type EventStore } from '@slipway/event-store';
import type { FolderPackage } from '../repository/content-folder.js';

type FolderEvent = Extract<ContentEvent, { type: 'ContentTaken' | 'ContentLeft' }>;
type Taken = Extract<FolderEvent, { type: 'ContentTaken' }>['data'];
/** What was recorded of each package, by layer and name. */
type Known = ReadonlyMap<string, Taken>;

const keyOf = ({ layer, name }: { layer: Layer; name: string }): string => `${layer} ${name}`;

/** What is to be recorded for `now` to be what is recorded. Pure. */
export function differences(known: Known, now: readonly Taken[]): FolderEvent[] {
  const there = new Set(now.map(keyOf));
  const left = [...known.values()].filter((one) => !there.has(keyOf(one)));
  const isSame = (one: Taken, before: Taken | undefined) => before?.hash === one.hash && before.version === one.version;
  return [
    ...left.map(({ layer, name, version }): FolderEvent => ({ type: 'ContentLeft', data: { layer, name, version } })),
    ...now.filter((one) => !isSame(one, known.get(keyOf(one)))).map((data): FolderEvent => ({ type: 'ContentTaken', data })),
  ];
}

const fold = {
  initialState: (): Known => new Map(),
  evolve(known: Known, { type, data }: FolderEvent): Known {
    const after = new Map(known);
    if (type === 'ContentTaken') after.set(keyOf(data), data);
    else after.delete(keyOf(data));
    return after;
  },
};

/**
 * Records what changes in the folders of one replica. The log says what was recorded last, so nothing is recorded twice, and what
 * changed while the replica was away is recorded when it is back.
 */
export class FolderRecord {
  readonly #stream: string;
  readonly #actor: { id: string; type: 'system' };
  /** What is recorded, as far as this replica knows; none before it has looked. */
  #recorded: string | undefined;

  constructor(
    private readonly store: Pick<EventStore, 'read' | 'append'>,
    replica: string,
  ) {
    this.#stream = `content-${replica}`;
    this.#actor = { id: replica, type: 'system' };
  }

  /** Throws what the log throws; it is to be tried again then. */
  async record(packages: readonly FolderPackage[]): Promise<void> {
    const now = packages.map(({ layer, name, version, definitions, source }) => ({
      ...{ layer, name, version, definitions: definitions.length, folder: source },
      hash: hashOf(definitions as unknown as Json),
    }));
    const digest = hashOf(now as unknown as Json);
    if (digest === this.#recorded) return;
    const { state, revision } = await foldStream(this.store, fold, this.#stream);
    const events = differences(state, now);
    if (events.length > 0) {
      await this.store.append(
        this.#stream,
        revision,
        events.map(({ type, data }) => ({
          id: randomUUID(),
          type,
          data: data as unknown as JsonObject,
          metadata: { actor: this.#actor },
        })),
      );
    }
    this.#recorded = digest;
  }
}
