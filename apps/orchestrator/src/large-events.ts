import {
  SlipwayError,
  type BlobRef,
  type EnvironmentEvent,
  type Installed,
  type Plan,
  type RequestEvent,
  type SnapshotEvent,
  type SnapshotManifest,
} from '@slipway/contracts';
import type { Blobs, Contents } from '@slipway/blobs';

/** Bytes of data beyond which a part of an event stands in a blob; the log takes 64 KiB. */
const LARGE = 60 * 1024;
/** Largest plan or list that is read back. */
const LARGEST = 64 * 1024 * 1024;

type Event = RequestEvent | EnvironmentEvent | SnapshotEvent;

/** Types of which a part may be too large. */
const LARGE_TYPES = ['PlanMade', 'PlanSettled', 'RequestSucceeded', 'SnapshotTaken', 'SnapshotReceived'] as const;
type Large = Extract<Event, { type: (typeof LARGE_TYPES)[number] }>;
const mayBeLarge = (event: Event): event is Large => (LARGE_TYPES as readonly string[]).includes(event.type);

/** The event as it is recorded: what would make it too large for the log stands in a blob, which is durable before. */
export async function recordable(event: Event, blobs: Blobs): Promise<Event> {
  if (!mayBeLarge(event) || Buffer.byteLength(JSON.stringify(event.data)) <= LARGE) return event;
  switch (event.type) {
    case 'PlanMade': {
      const planBlob = await blobs.put(JSON.stringify(event.data.plan));
      return { type: event.type, data: { planHash: event.data.planHash, planBlob } };
    }
    case 'PlanSettled': {
      const installedBlob = await blobs.put(JSON.stringify(event.data.installed));
      return { type: event.type, data: { ...event.data, installed: [], installedBlob } };
    }
    case 'RequestSucceeded': {
      const resultBlob = await blobs.put(JSON.stringify(event.data));
      const { snapshot } = event.data;
      const short = { alreadySatisfied: [], installed: [], removed: [], wires: [], ...(snapshot !== undefined && { snapshot }) };
      return { type: event.type, data: { ...short, resultBlob } };
    }
    case 'SnapshotTaken':
    case 'SnapshotReceived': {
      const { manifest } = event.data;
      const manifestBlob = await blobs.of(event.data.holder).put(JSON.stringify(manifest));
      return {
        ...event,
        data: { ...event.data, manifest: { ...manifest, parts: [], wires: [] }, manifestBlob },
      } as SnapshotEvent;
    }
  }
}

/** A recorded event with what stands in a blob, as far as it is folded. Throws the blob store's errors. */
export async function whole<E extends Event>(event: E, blobs: Blobs): Promise<E> {
  if (event.type === 'PlanMade' && event.data.planBlob) {
    return { ...event, data: { ...event.data, plan: await readJson<Plan>(blobs, event.data.planBlob) } };
  }
  if (event.type === 'PlanSettled' && event.data.installedBlob) {
    return { ...event, data: { ...event.data, installed: await readJson<Installed[]>(blobs, event.data.installedBlob) } };
  }
  if ((event.type === 'SnapshotTaken' || event.type === 'SnapshotReceived') && event.data.manifestBlob) {
    const { holder, manifestBlob } = event.data;
    return { ...event, data: { ...event.data, manifest: await readJson<SnapshotManifest>(blobs.of(holder), manifestBlob) } };
  }
  return event;
}

async function readJson<T>(blobs: Contents, { sha256, bytes }: BlobRef): Promise<T> {
  if (bytes > LARGEST) throw new SlipwayError('too-large', `Blob ${sha256} has ${bytes} bytes; ${LARGEST} are read`);
  return JSON.parse((await blobs.read(sha256, LARGEST)).toString('utf8')) as T;
}
