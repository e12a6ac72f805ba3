import { describe, expect, test } from '@jest/globals';
import type { SnapshotEvent, SnapshotManifest } from '@slipway/contracts';
import { given as givenEvents } from '@slipway/event-store/testing';
import { snapshot } from './snapshot.js';

const ADA = { id: 'ada', type: 'user' as const };
const definition = { name: 'guestbook', version: '1.0.0', hash: 'h' };
const part = (role: string, sha256: string) => {
  const content = { sha256, bytes: 1, mediaType: 'application/x-tar', contentBytes: 1 };
  return { ...content, role, kind: 'storage' as const, driver: 'directory', definition, spec: {}, file: 'parts/1.zst' };
};
const MANIFEST: SnapshotManifest = {
  format: 'slipway-snapshot/1',
  id: 's1',
  takenAt: '2026-03-01T06:00:00.000Z' as SnapshotManifest['takenAt'],
  mesh: 'dev',
  environment: 'default',
  instanceId: 'shop',
  owner: ADA,
  definition,
  parts: [part('', 'a'), part('data', 'b')],
  wires: [],
};
const kept = { holder: 'h1', manifest: MANIFEST, bytes: 2, contentBytes: 2 };
const taken: SnapshotEvent = { type: 'SnapshotTaken', data: kept };
const received: SnapshotEvent = { type: 'SnapshotReceived', data: { ...kept, actor: ADA } };
const deleted: SnapshotEvent = { type: 'SnapshotDeleted', data: { actor: ADA } };
const given = (...events: SnapshotEvent[]) => givenEvents(snapshot, events);

describe('a snapshot', () => {
  test('is taken once, however often it is said', () => {
    given().when({ type: 'Take', holder: 'h1', manifest: MANIFEST }).then([taken]);
    given(taken).when({ type: 'Take', holder: 'h1', manifest: MANIFEST }).then([]);
  });

  test('S1, S3: comes again only as the same, and keeps its holder', () => {
    given().when({ type: 'Receive', holder: 'h1', manifest: MANIFEST, actor: ADA }).then([received]);
    given(taken).when({ type: 'Receive', holder: 'h2', manifest: MANIFEST, actor: ADA }).then([]);
    given(taken)
      .when({ type: 'Receive', holder: 'h1', manifest: { ...MANIFEST, instanceId: 'other' }, actor: ADA })
      .thenRefuses('archive-invalid');
  });

  test('S2: that was deleted may come again; deleting twice changes nothing, deleting what never was is refused', () => {
    given(taken).when({ type: 'Delete', actor: ADA }).then([deleted]);
    given(taken, deleted).when({ type: 'Delete', actor: ADA }).then([]);
    given(taken, deleted).when({ type: 'Receive', holder: 'h1', manifest: MANIFEST, actor: ADA }).then([received]);
    given().when({ type: 'Delete', actor: ADA }).thenRefuses('not-found');
  });

  test('is told with its holder, which a new one has when it comes again', () => {
    const manifestBlob = { sha256: 'm', bytes: 70_000 };
    const state = snapshot.evolve(snapshot.initialState(), { type: 'SnapshotTaken', data: { ...kept, manifestBlob } });
    expect(state).toMatchObject({ phase: 'kept', holder: 'h1', manifestBlob });
    const again = { type: 'SnapshotReceived' as const, data: { ...kept, holder: 'h2', actor: ADA } };
    expect([deleted, again].reduce(snapshot.evolve, state)).toEqual({ phase: 'kept', holder: 'h2', manifest: MANIFEST });
  });
});
