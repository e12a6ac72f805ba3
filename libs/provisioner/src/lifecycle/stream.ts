import {
  SlipwayError,
  bareResourceEventType,
  resourceEventType,
  resourceStream,
  type JsonObject,
  type RequestContext,
  type ResourceEvent,
  type ResourceRef,
} from '@slipway/contracts';
import { NO_STREAM, type EventMetadata, type EventStore, type Position, type RecordedEvent } from '@slipway/event-store';
import { resource, type ResourceCommand, type ResourceState } from './resource.js';

/** A resource as its stream tells it. */
export interface Loaded {
  state: ResourceState;
  revision: number;
  /** In the log, of its newest event; nowhere before there is one. */
  position?: Position;
  /** Of the step that was started last: whose request it is, and whose call. */
  started?: { id: string; metadata: EventMetadata };
}

/** How often it reads and decides again when others append at the same time. */
const TRIES = 20;

/** The streams of one kind of resources: reads them, and records what the decider decides. */
export class ResourceStreams {
  constructor(
    private readonly store: EventStore,
    private readonly newId: () => string,
  ) {}

  async load(ref: ResourceRef): Promise<Loaded> {
    const empty: Loaded = { state: resource.initialState(), revision: NO_STREAM };
    return (await this.store.read(resourceStream(ref))).reduce((loaded, recorded) => fold(ref, loaded, recorded), empty);
  }

  /**
   * Decides a command on the newest state and appends. `events` is empty when nothing needed to be recorded. Throws what the
   * decider throws, and the log's errors: then it is unknown whether it was recorded, and the same again is safe.
   */
  async record(
    ref: ResourceRef,
    command: ResourceCommand,
    metadata: EventMetadata,
    known?: Loaded,
  ): Promise<{ loaded: Loaded; events: ResourceEvent[] }> {
    let loaded = known ?? (await this.load(ref));
    for (let left = TRIES; ; left -= 1) {
      const events = resource.decide(loaded.state, command);
      if (events.length === 0) return { loaded, events };
      const news = events.map(({ type, data }) => ({
        id: this.newId(),
        type: resourceEventType(ref.kind, type),
        data: data as unknown as JsonObject,
        metadata,
      }));
      try {
        const { revision, position } = await this.store.append(resourceStream(ref), loaded.revision, news);
        const begun = news[events.findIndex(({ type }) => type === 'Started')];
        const started = begun ?? loaded.started;
        return {
          loaded: { state: events.reduce(resource.evolve, loaded.state), revision, position, ...(started && { started }) },
          events,
        };
      } catch (error) {
        if (!(error instanceof SlipwayError) || error.code !== 'wrong-revision' || left <= 1) throw error;
        loaded = await this.load(ref);
      }
    }
  }
}

/** A recorded event of a resource's stream, without the kind in front of its type. */
export const bareEvent = (kind: ResourceRef['kind'], { type, data }: Pick<RecordedEvent, 'type' | 'data'>): ResourceEvent =>
  ({ type: bareResourceEventType(kind, type), data }) as unknown as ResourceEvent;

function fold(ref: ResourceRef, { state, started }: Loaded, recorded: RecordedEvent): Loaded {
  const event = bareEvent(ref.kind, recorded);
  const { id, metadata, revision, position } = recorded;
  const begun = event.type === 'Started' ? { id, metadata } : started;
  return { state: resource.evolve(state, event), revision, position, ...(begun && { started: begun }) };
}

/** Of what a call wants of a resource that is there: who, and whose it is. It belongs to no request. */
export const callMetadata = (context: RequestContext, ref: ResourceRef, { started }: Loaded): EventMetadata => ({
  correlationId: context.correlationId,
  actor: context.actor,
  environment: ref.environment,
  ...(started?.metadata.ownerId !== undefined && { ownerId: started.metadata.ownerId }),
  ...(context.trace !== undefined && { trace: context.trace }),
  ...(context.logToken !== undefined && { logToken: context.logToken }),
});

/** Of what happens to a resource later: it belongs to its owner, not to the request that made it. */
export function ownMetadata(ref: ResourceRef, { started }: Loaded): EventMetadata {
  const ownerId = started?.metadata.ownerId;
  const actor = { id: ref.kind, type: 'system' as const };
  return { actor, environment: ref.environment, ...(ownerId !== undefined && { ownerId }) };
}
