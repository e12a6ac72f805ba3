import {
  CATEGORY_OWNER,
  COMPLETING,
  categoryOf,
  completionOf,
  completionSubject,
  idOf,
  streamName,
  type Category,
  type Completion,
  type RequestAccepted,
  type ResourceKind,
  type ResourceRef,
} from '@slipway/contracts';
import type { EventStore, RecordedEvent } from '@slipway/event-store';
import type { Outlet, OutgoingMessage } from './outlet.js';

/** Name of the JetStream stream of a mesh's completions. */
export const completionStreamName = (mesh: string): string => `SLIPWAY_${mesh.toUpperCase()}_DFE`;

const ENCODER = new TextEncoder();
/** Jobs that are remembered: the completions of one come close together. */
const REMEMBERED = 1_000;

/** What was completed, each with the job in whose course it was, on `slipway.<mesh>.dfe.<completion>`. */
export function completions(mesh: string, store: Pick<EventStore, 'read'>): Outlet {
  const jobs = new Map<string, RequestAccepted>();

  async function jobOf(requestId: string): Promise<RequestAccepted> {
    const known = jobs.get(requestId);
    if (known) return known;
    const [first] = await store.read(streamName('request', requestId), { limit: 1 });
    const accepted = first!.data as unknown as RequestAccepted;
    if (jobs.size >= REMEMBERED) jobs.clear();
    jobs.set(requestId, accepted);
    return accepted;
  }

  /** Nothing for an event that completes nothing in its job. */
  async function message(event: RecordedEvent): Promise<OutgoingMessage[]> {
    const category = categoryOf(event.stream) as Category;
    const requestId = category === 'request' ? idOf(event.stream) : String(event.data['requestId']);
    const { job, body, environment, name } = await jobOf(requestId);
    const completed = completionOf(event.type, job);
    if (completed === undefined) return [];
    const completion: Completion = {
      service: CATEGORY_OWNER[category],
      request: { id: requestId, job, body },
      resource: category === 'request' ? { environment, kind: 'instance', name } : resourceOf(category as ResourceKind, event),
      at: event.recordedAt,
    };
    const { position, id: eventId } = event;
    return [{ subject: completionSubject(mesh, completed), data: ENCODER.encode(JSON.stringify(completion)), position, eventId }];
  }

  return {
    stream: completionStreamName(mesh),
    subjects: [completionSubject(mesh, '>')],
    description: 'What was completed, after its success, in order',
    filter: { types: COMPLETING as string[] },
    messages: async (events) => (await Promise.all(events.map(message))).flat(),
  };
}

/** A resource's stream is `<kind>-<environment>.<name>`. */
function resourceOf(kind: ResourceKind, { stream }: RecordedEvent): ResourceRef {
  const id = idOf(stream);
  const dot = id.indexOf('.');
  return { environment: id.slice(0, dot), kind, name: id.slice(dot + 1) };
}
