import { ENDED, RESOURCE_KINDS, resourceKey, type RequestStatus, type ResourceRef } from '@slipway/contracts';
import { foldEnvironment, foldRequest, foldResource, streamsOf, type Recorded, type RequestRun } from './fold.js';
import { snapshotsBroken } from './snapshots.js';

/** What really happened at a place and what is there; a {@link SimulatedPlace} of the provisioner kit fits. */
export interface PlaceRecord {
  /** How often each thing was made and removed, `storage-default.shop-data/g1`. Left out where nobody counts. */
  made?: ReadonlyMap<string, number>;
  removed?: ReadonlyMap<string, number>;
  /** All that carries our mark and is not given back. */
  marks(): { resource: ResourceRef; generation: number }[];
}

/**
 * What holds when all is over, whoever died on the way and whatever became of the messages. What is wrong, in words.
 *
 * I1. Every accepted request has ended, once; no step of it succeeded twice or was undone twice. When it went well all of its
 *     plan was done; when it did not, all that was made was undone, and all that was stopped was brought up again.
 * I2. Every plan that was admitted was settled once. No name is held; a name is taken while something stands under it.
 * I3. A try has one outcome; epochs grow; nothing is begun while something is under way on the same resource.
 * I4. What stands at the places is what the resources' streams say, and what the environments say: nothing is orphaned.
 * I5. Each generation was made at most once and removed at most once.
 * I6. Each snapshot was taken at most once; an export has one exactly when it has succeeded.
 */
export function broken(events: readonly Recorded[], place: PlaceRecord): string[] {
  const wrong: string[] = [];
  const told = (stream: string) => (what: string) => void wrong.push(`${stream}: ${what}`);
  for (const [id, stream] of streamsOf(events, 'request')) {
    const tell = told(`request-${id}`);
    ended(foldRequest(stream, tell), stream, tell);
  }
  const installed = new Set<string>();
  for (const [name, stream] of streamsOf(events, 'environment')) {
    const stands = foldEnvironment(stream, told(`environment-${name}`));
    for (const [key, generation] of stands) installed.add(`${name} ${key} g${generation}`);
  }
  const standing = new Set<string>();
  for (const kind of RESOURCE_KINDS) {
    for (const [id, stream] of streamsOf(events, kind)) {
      const [environment, name] = id.split('.') as [string, string];
      const generation = foldResource(kind, stream, told(`${kind}-${id}`));
      if (generation !== undefined) standing.add(`${environment} ${resourceKey({ kind, name })} g${generation}`);
    }
  }
  const there = new Set(
    place.marks().map(({ resource, generation }) => `${resource.environment} ${resourceKey(resource)} g${generation}`),
  );
  wrong.push(
    ...difference(there, standing, 'is at its place and its stream does not say so'),
    ...difference(standing, there, 'is not at its place and its stream says so'),
    ...difference(standing, installed, 'stands and its environment does not say so'),
    ...difference(installed, standing, 'is installed and its stream does not say so'),
    ...oftener(place.made, 'made'),
    ...oftener(place.removed, 'removed'),
    ...snapshotsBroken(events),
  );
  return wrong;
}

function ended(
  { status, planned, succeeded, undone }: RequestRun,
  events: readonly Recorded[],
  wrong: (what: string) => void,
): void {
  if (events[0]?.type === 'RequestVoided') return;
  if (!ENDED.includes(status)) wrong(`It has not ended: ${status}, last ${events.at(-1)!.type}`);
  if (status === 'succeeded') for (const { id } of planned) if (!succeeded.has(id)) wrong(`It succeeded without ${id}`);
  if (status !== 'failed' && status !== 'cancelled') return;
  const isUp = (stopped: RequestRun['planned'][number]) =>
    planned.some(
      (one) => one.action === 'ensure' && succeeded.has(one.id) && resourceKey(one) === resourceKey(stopped) && one !== stopped,
    );
  for (const step of planned) {
    const left = step.inverse === 'destroy' || (step.inverse === 'ensure' && !isUp(step));
    if (succeeded.has(step.id) && left && !undone.has(step.id)) wrong(`It ${status} and ${step.id} was not undone`);
  }
}

const difference = (these: Set<string>, those: Set<string>, what: string): string[] =>
  [...these].filter((one) => !those.has(one)).map((one) => `${one} ${what}`);

const oftener = (counts: ReadonlyMap<string, number> = new Map(), what: string): string[] =>
  [...counts].filter(([, times]) => times > 1).map(([one, times]) => `${one} was ${what} ${times} times`);

/** What a person would say became of it all: how each request ended, and what stands. Equal for runs that differ only in their troubles. */
export function outcome(
  events: readonly Recorded[],
  place: PlaceRecord,
): { requests: Record<string, RequestStatus>; standing: string[] } {
  const requests = [...streamsOf(events, 'request')].map(([id, stream]) => [id, foldRequest(stream, () => {}).status] as const);
  const standing = place.marks().map(({ resource, generation }) => `${resourceKey(resource)} g${generation}`);
  return { requests: Object.fromEntries(requests), standing: standing.toSorted() };
}
