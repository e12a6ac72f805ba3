import { describe, expect, test } from '@jest/globals';
import type { SnapshotEvent, SnapshotManifest } from '@slipway/contracts';
import { given as givenEvents } from '@slipway/event-store/testing';
import { blobsOf, snapshot } from './snapshot.js';

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
const kept = { manifest: MANIFEST, bytes: 2, contentBytes: 2 };
const taken: SnapshotEvent = { type: 'SnapshotTaken', data: kept };
const received: SnapshotEvent = { type: 'SnapshotReceived', data: { ...kept, actor: ADA } };
const deleted: SnapshotEvent = { type: 'SnapshotDeleted', data: { actor: ADA } };
const given = (...events: SnapshotEvent[]) => givenEvents(snapshot, events);

describe('a snapshot', () => {
  test('is taken once, however often it is said', () => {
    given().when({ type: 'Take', manifest: MANIFEST }).then([taken]);
    given(taken).when({ type: 'Take', manifest: MANIFEST }).then([]);
  });

  test('S1: comes again only as the same', () => {
    given().when({ type: 'Receive', manifest: MANIFEST, actor: ADA }).then([received]);
    given(taken).when({ type: 'Receive', manifest: MANIFEST, actor: ADA }).then([]);
    given(taken)
      .when({ type: 'Receive', manifest: { ...MANIFEST, instanceId: 'other' }, actor: ADA })
      .thenRefuses('archive-invalid');
  });

  test('S2: that was deleted may come again; deleting twice changes nothing, deleting what never was is refused', () => {
    given(taken).when({ type: 'Delete', actor: ADA }).then([deleted]);
    given(taken, deleted).when({ type: 'Delete', actor: ADA }).then([]);
    given(taken, deleted).when({ type: 'Receive', manifest: MANIFEST, actor: ADA }).then([received]);
    given().when({ type: 'Delete', actor: ADA }).thenRefuses('not-found');
  });

  test('consists of its parts, and of its manifest where that is too large for an event', () => {
    const manifestBlob = { sha256: 'm', bytes: 70_000 };
    const state = snapshot.evolve(snapshot.initialState(), { type: 'SnapshotTaken', data: { ...kept, manifestBlob } });
    expect(blobsOf(state)).toEqual(['a', 'b', 'm']);
  });
});
