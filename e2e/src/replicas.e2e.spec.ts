import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SlipwayClient } from '@slipway/client';
import type { RequestView } from '@slipway/contracts/http';
import { TestMesh } from '@slipway/testing';

const LONG = 240_000;
const NAMES = ['one', 'two', 'three'];

describe('Two orchestrators share exports, imports and the removal of snapshots', () => {
  let mesh: TestMesh;
  let client: SlipwayClient;
  beforeAll(async () => {
    mesh = await TestMesh.start({ processes: true });
    await mesh.startReplica('second', ['orchestrator']);
    client = mesh.client();
    const made = await Promise.all(
      NAMES.map((instanceId) => client.provision({ ownerId: 'ada', instanceId, definition: 'guestbook' })),
    );
    for (const { requestId } of made) expect(await ended(requestId)).toMatchObject({ status: 'succeeded' });
  }, LONG);
  afterAll(() => mesh?.remove(), 60_000);

  const ended = (requestId: string): Promise<RequestView> => mesh.client().wait(requestId, { timeoutMs: 180_000 });
  const succeeded = async (asked: { requestId: string }[]): Promise<string[]> => {
    const requests = await Promise.all(asked.map(({ requestId }) => ended(requestId)));
    expect(requests.map(({ status, cause }) => [status, cause])).toEqual(asked.map(() => ['succeeded', undefined]));
    return asked.map(({ requestId }) => requestId);
  };
  const exportAll = () => Promise.all(NAMES.map((instanceId) => client.export({ instanceId })));
  const importAs = (instanceId: string, snapshot: string) =>
    client.import({ ownerId: 'ada', instanceId, snapshot, snapshotId: true });
  const holders = () => {
    const held = join(mesh.data, 'blobs', 'held');
    return existsSync(held) ? readdirSync(held).toSorted() : [];
  };
  /** What is deleted goes after the answer, and after the imports that had begun. */
  const heldAre = async (ids: string[]) => {
    for (let tries = 0; tries < 2_000 && holders().join() !== ids.toSorted().join(); tries += 1) await sleep(50);
    expect(holders()).toEqual(ids.toSorted());
  };

  it(
    'what is deleted while it is read goes when nobody reads it any more, whoever deletes and whoever reads',
    async () => {
      const ids = await succeeded(await exportAll());
      const imports = await Promise.all(ids.map((id, n) => importAs(`of-${NAMES[n]}`, id)));
      await Promise.all(ids.slice(0, 2).map((id) => client.snapshots.delete(id, 'not wanted any more')));
      await succeeded(imports);
      await heldAre([ids[2]!]);
      const kept = (await client.snapshots.list({ filter: { status: 'kept' } })).items;
      expect(kept.map(({ id }) => id)).toEqual([ids[2]]);
      await succeeded([await importAs('of-three-again', ids[2]!)]);
    },
    LONG,
  );

  it(
    'the one that carries them out is killed in the middle: the other one ends all that was begun, each export with one snapshot',
    async () => {
      const [before] = (await client.snapshots.list({ filter: { status: 'kept' } })).items;
      const asked = [...(await exportAll()), ...(await Promise.all(['a', 'b'].map((name) => importAs(name, before!.id))))];
      // It came first, and has the requests of all partitions.
      await mesh.hostOf('orchestrator').kill();
      const ids = await succeeded(asked);
      const kept = (await client.snapshots.list({ filter: { status: 'kept' } })).items.map(({ id }) => id);
      expect(kept.toSorted()).toEqual([before!.id, ...ids.slice(0, 3)].toSorted());
      await heldAre(kept);
      for (const id of kept) await client.snapshots.delete(id);
      await heldAre([]);
    },
    LONG,
  );
});
