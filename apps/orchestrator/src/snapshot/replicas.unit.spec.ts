import { describe, expect, jest, test } from '@jest/globals';
import { sha256, type SnapshotManifest } from '@slipway/contracts';
import { MemoryEventLog } from '@slipway/event-store/testing';
import { ADA, World, exportOf, importAs, job, type Life } from '../testing/world.js';

jest.setTimeout(60_000);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const replica = async (world: World, name: string, options: Parameters<World['live']>[0] = {}): Promise<Life> => {
  const life = world.live({ ...options, replica: name });
  await life.orchestrator.start();
  return life;
};

/** One that hears nothing of what others record: what it does not read by itself it does not know. */
async function deafReplica(world: World, name: string): Promise<Life> {
  const spied = jest.spyOn(MemoryEventLog.prototype, 'as').mockImplementation(function as(this: MemoryEventLog, service) {
    spied.mockRestore();
    const store = this.as(service);
    store.subscribe = ({ after }) => ({ position: after!, stop: async () => {} }) as ReturnType<typeof store.subscribe>;
    return store;
  });
  return replica(world, name);
}

/** A snapshot of a shop, in a mesh with one replica. */
async function exported() {
  const world = new World();
  const one = await replica(world, 'one');
  await one.orchestrator.accept(job('shop'), ADA);
  await world.clock.until(() => world.quiet, HOUR);
  const { requestId: id } = await one.orchestrator.accept(exportOf('shop'), ADA);
  await world.clock.until(() => world.quiet, HOUR);
  expect(world.last(id)!.type).toBe('RequestSucceeded');
  const manifest = world.events(`snapshot-${id}`)[0]!.data['manifest'] as unknown as SnapshotManifest;
  return { world, one, id, manifest };
}

const from = (snapshot: string) => ({ snapshot, snapshotId: true, definition: 'guestbook' });
const slowly = (world: World) => {
  world.provisioners.storage.behave = ({ action }) => (action === 'ensure' ? { takesMs: 30_000 } : {});
};
const copied = (world: World, name = 'copy') => world.provisioners.storage.data.get(`storage/${name}-data g1`);

describe('snapshots with several replicas', () => {
  test('B4: what one replica deletes is there for an import that another one carries out, and goes with its end', async () => {
    const { world, one, id } = await exported();
    slowly(world);
    const { requestId } = await one.orchestrator.accept(importAs('copy', from(id)), ADA);
    const two = await replica(world, 'two');
    await world.clock.until(() => world.provisioners.storage.begun.some((step) => step.includes('copy-data')), HOUR);
    await two.orchestrator.deleteSnapshot({ snapshotId: id }, ADA);
    for (const late of [one, two])
      await expect(late.orchestrator.accept(importAs('late', from(id)), ADA)).rejects.toMatchObject({ code: 'not-found' });
    expect(await world.clock.until(() => world.quiet, HOUR)).toBe(true);
    expect([world.last(requestId)!.type, copied(world)]).toEqual(['RequestSucceeded', 'made of storage/shop-data']);
    await world.clock.pass(2 * MINUTE);
    expect(world.blobs.held()).toEqual([]);
  });

  test('B4: also where the one that deletes has heard neither of that import nor of its environment', async () => {
    const { world, one, id } = await exported();
    slowly(world);
    const two = await deafReplica(world, 'two');
    const { requestId } = await one.orchestrator.accept(importAs('copy', { ...from(id), environment: 'fresh' }), ADA);
    await two.orchestrator.deleteSnapshot({ snapshotId: id }, ADA);
    await world.clock.pass(10_000);
    expect(world.blobs.held()).not.toEqual([]);
    expect(await world.clock.until(() => world.quiet, HOUR)).toBe(true);
    expect([world.last(requestId)!.type, copied(world)]).toEqual(['RequestSucceeded', 'made of storage/shop-data']);
    await world.clock.pass(2 * MINUTE);
    expect(world.blobs.held()).toEqual([]);
  });

  test('B3: of an old upload that one replica has just recorded the other one removes nothing; of a forgotten one everything', async () => {
    const { world, one, manifest } = await exported();
    const contents = ['made of instance/shop', 'made of storage/shop-data', 'made of database/shop-db'];
    const upload = async (id: string) => {
      const [holder, sent] = [world.ids(), { ...manifest, id }];
      for (const content of contents) await world.blobs.of(holder).put(content);
      const ref = await world.blobs.of(holder).put(JSON.stringify(sent));
      world.blobs.of(holder).touched -= 25 * HOUR;
      return { holder, manifest: ref };
    };
    const kept = await upload('0b8f2c1e-0000-4000-8000-000000000001');
    const forgotten = await upload('0b8f2c1e-0000-4000-8000-000000000002');
    await one.orchestrator.receiveSnapshot(kept, ADA);
    // Each start looks, and both replicas have to know what the other one has recorded.
    const two = await deafReplica(world, 'two');
    await replica(world, 'three');
    await world.clock.pass(2 * MINUTE);
    expect(await world.blobs.of(forgotten.holder).has(forgotten.manifest.sha256)).toBe(false);
    for (const content of contents) expect(await world.blobs.of(kept.holder).has(sha256(content))).toBe(true);
    slowly(world);
    const { requestId } = await two.orchestrator.accept(importAs('copy', from('0b8f2c1e-0000-4000-8000-000000000001')), ADA);
    expect(await world.clock.until(() => world.quiet, HOUR)).toBe(true);
    expect([world.last(requestId)!.type, copied(world)]).toEqual(['RequestSucceeded', 'made of storage/shop-data']);
  });

  test('who takes over an export whose replica dies makes one snapshot of it, once, and nothing else of it stays', async () => {
    const { world, one } = await exported();
    let silentSince = Infinity;
    const two = await replica(world, 'two', {
      silentFor: (name) => (name === 'one' ? Math.max(0, world.clock.now() - silentSince) : 0),
    });
    world.provisioners.storage.behave = ({ action }) => (action === 'export' ? { takesMs: 5_000 } : {});
    const { requestId } = await two.orchestrator.accept({ ...exportOf('shop', { destination: 'backups' }), key: 'again' }, ADA);
    await world.clock.until(() => world.provisioners.storage.begun.some((step) => step.includes('#export')), HOUR);
    one.crash();
    silentSince = world.clock.now();
    expect(await world.clock.until(() => world.quiet, HOUR)).toBe(true);
    expect(world.last(requestId)!.type).toBe('RequestSucceeded');
    expect(world.events(`snapshot-${requestId}`).map(({ type }) => type)).toEqual(['SnapshotTaken']);
    expect([...world.archives.files.keys()]).toEqual([`/backups/shop-${requestId}.slipway.tar`]);
    await two.orchestrator.deleteSnapshot({ snapshotId: requestId }, ADA);
    await world.clock.pass(2 * MINUTE);
    expect((await world.blobs.holders()).map(({ holder }) => holder)).not.toContain(requestId);
  });
});
