import type { RequestEvent, SnapshotEvent } from '@slipway/contracts';
import { streamsOf, type Recorded } from './fold.js';

/** What is wrong with the snapshots: see I6 of {@link broken}. */
export function snapshotsBroken(events: readonly Recorded[]): string[] {
  const wrong: string[] = [];
  const kept = keptSnapshots(events);
  for (const [id, stream] of streamsOf(events, 'snapshot')) {
    const taken = stream.filter(({ type }) => type === 'SnapshotTaken').length;
    if (taken > 1) wrong.push(`snapshot-${id}: It was taken ${taken} times`);
  }
  for (const [id, stream] of streamsOf(events, 'request')) {
    const told = stream.map((event) => event as unknown as RequestEvent);
    const accepted = told.find(({ type }) => type === 'RequestAccepted');
    if (accepted?.type !== 'RequestAccepted' || accepted.data.job !== 'export') continue;
    const last = told.at(-1)!;
    const has =
      kept.has(id) ||
      streamsOf(events, 'snapshot')
        .get(id)
        ?.some(({ type }) => type === 'SnapshotDeleted') === true;
    if (last.type === 'RequestSucceeded' && !has) wrong.push(`request-${id}: It succeeded without a snapshot`);
    if (last.type !== 'RequestSucceeded' && kept.has(id))
      wrong.push(`request-${id}: It has not succeeded, and there is a snapshot`);
  }
  return wrong;
}

/** Parts of the snapshots that are kept, by its id: names of blobs. */
export function keptSnapshots(events: readonly Recorded[]): Map<string, string[]> {
  const kept = new Map<string, string[]>();
  for (const [id, stream] of streamsOf(events, 'snapshot')) {
    const last = stream.at(-1) as unknown as SnapshotEvent;
    if (last.type !== 'SnapshotDeleted')
      kept.set(
        id,
        last.data.manifest.parts.map(({ sha256 }) => sha256),
      );
  }
  return kept;
}
