import { streamName, type EnvironmentEvent } from '@slipway/contracts';
import { Lane, type EventMetadata, type LaneDecided } from '@slipway/event-store';
import { recordable, whole } from '../large-events.js';
import type { Ports } from '../ports.js';
import { environment } from './environment.js';
import { FOLD_VERSION, fromJson, toJson } from './snapshot.js';
import { expiryId } from './until.js';
import { ownerOf, type EnvironmentCommand, type EnvironmentState } from './state.js';

export type Decided = LaneDecided<EnvironmentState, EnvironmentEvent>;

/** All decisions on one environment by this replica (decision 2 of the design). */
export class EnvironmentLane extends Lane<EnvironmentState, EnvironmentCommand, EnvironmentEvent> {
  constructor(
    readonly name: string,
    { store, blobs, ids, cache, reports }: Pick<Ports, 'store' | 'blobs' | 'ids' | 'cache' | 'reports'>,
  ) {
    super({
      store,
      stream: streamName('environment', name),
      decider: environment,
      idOf: (event) => (event.type === 'InstanceExpired' ? idOfExpiry(name, event.data) : ids()),
      ...(cache && {
        kept: {
          snapshots: cache.snapshots,
          foldVersion: FOLD_VERSION,
          toParts: (state) => [toJson(state)],
          fromParts: ([json]) => fromJson(json!),
          sizeOf: ({ installed }) => installed.size,
        },
      }),
      warn: (about, message) => reports.warn({ ...about, environment: name }, message),
      recordable: async (event) => (await recordable(event, blobs)) as EnvironmentEvent,
      whole: (event) => whole(event, blobs),
      metadataOf: (metadata, command, before, after) => owned({ ...metadata, environment: name }, command, before, after),
    });
  }
}

const idOfExpiry = (
  environmentName: string,
  { name, until, requestId }: Extract<EnvironmentEvent, { type: 'InstanceExpired' }>['data'],
): string => expiryId(environmentName, name, { at: until, setBy: requestId });

/** Whose name is claimed or released is known here, also where who asks does not know it: the name itself says so. */
function owned(
  metadata: EventMetadata,
  command: EnvironmentCommand,
  before: EnvironmentState,
  after: EnvironmentState,
): EventMetadata {
  if (!('requestId' in command) || metadata.ownerId !== undefined) return metadata;
  const owner = ownerOf(after, command.requestId) ?? ownerOf(before, command.requestId);
  return owner ? { ...metadata, ownerId: owner.id } : metadata;
}
