import { describe, expect, test } from '@jest/globals';
import type { SnapshotManifest } from '@slipway/contracts';
import { sha256 } from '@slipway/contracts';
import { ADA, World, exportOf, importAs, job, type CrashPoint } from '../testing/world.js';

const HOUR = 3_600_000;

/** A mesh with exported shops. `dies`: where a life ends. */
async function exported(names: string[], dies?: (point: CrashPoint) => boolean, definition = 'guestbook') {
  const world = new World();
  let passes = (_point: CrashPoint) => {};
  let { orchestrator } = world.live({ passes: (point) => passes(point) });
  await orchestrator.start();
  const ids: string[] = [];
  for (const name of names) {
    await orchestrator.accept(job(name, { definition }), ADA);
    await world.clock.until(() => world.quiet, HOUR);
    ids.push((await orchestrator.accept(exportOf(name), ADA)).requestId);
    await world.clock.until(() => world.quiet, HOUR);
  }
  passes = (point) => {
    if (dies?.(point)) throw new Error('killed');
  };
  const again = async () => {
    passes = () => {};
    ({ orchestrator } = world.live({ replica: 'another' }));
    await orchestrator.start();
  };
  return { world, ids, again, orchestrator: () => orchestrator };
}

const manifestOf = (world: World, id: string) =>
  world.events(`snapshot-${id}`)[0]!.data['manifest'] as unknown as SnapshotManifest;
const blobs = (world: World) => [...world.blobs.contents.keys()].toSorted();
const partsOf = (world: World, id: string) =>
  manifestOf(world, id)
    .parts.map((part) => part.sha256)
    .toSorted();

describe('snapshots', () => {
  test('hold the data of one moment, with what each is to the instance', async () => {
    const { world, ids } = await exported(['shop']);
    const manifest = manifestOf(world, ids[0]!);
    expect(manifest).toMatchObject({
      format: 'slipway-snapshot/1',
      id: ids[0],
      mesh: 'sim',
      environment: 'default',
      instanceId: 'shop',
    });
    expect(manifest.parts.map(({ role, kind, file, sha256: content }) => [role, kind, file, content])).toEqual([
      ['', 'instance', 'parts/1.zst', sha256('made of instance/shop')],
      ['data', 'storage', 'parts/2.zst', sha256('made of storage/shop-data')],
      ['db', 'database', 'parts/3.zst', sha256('made of database/shop-db')],
    ]);
    expect(manifest.owner).toEqual({ id: 'ada', type: 'user' });
  });

  test('B2: what is deleted is gone with its blobs, and with no others', async () => {
    const { world, ids, orchestrator } = await exported(['shop', 'forum']);
    const [shop, forum] = ids as [string, string];
    const first = await orchestrator().deleteSnapshot({ snapshotId: shop, reason: 'old' }, ADA);
    expect(world.events(`snapshot-${shop}`).at(-1)).toMatchObject({
      type: 'SnapshotDeleted',
      data: { actor: ADA.actor, reason: 'old' },
    });
    expect(blobs(world)).toEqual(partsOf(world, forum));
    const again = await orchestrator().deleteSnapshot({ snapshotId: shop }, ADA);
    expect(again).toEqual({ ...first, repeated: true });
    await expect(orchestrator().deleteSnapshot({ snapshotId: 'none' }, ADA)).rejects.toMatchObject({ code: 'not-found' });
  });

  test('B2: a blob that two have stays until both are deleted', async () => {
    const { world, ids, orchestrator } = await exported(['shop']);
    const manifest = { ...manifestOf(world, ids[0]!), id: '0b8f2c1e-0000-4000-8000-000000000001' };
    await orchestrator().receiveSnapshot({ manifest }, ADA);
    await orchestrator().deleteSnapshot({ snapshotId: ids[0]! }, ADA);
    expect(blobs(world)).toEqual(partsOf(world, manifest.id));
    await orchestrator().deleteSnapshot({ snapshotId: manifest.id }, ADA);
    expect(blobs(world)).toEqual([]);
  });

  test('that is deleted while an import begins with it lets that import fail, and be undone', async () => {
    const { world, ids, orchestrator } = await exported(['shop']);
    world.provisioners.storage.behave = ({ action }) => (action === 'ensure' ? { takesMs: 10_000 } : {});
    const asked = importAs('copy', { snapshot: ids[0]!, snapshotId: true, definition: 'guestbook' });
    const { requestId } = await orchestrator().accept(asked, ADA);
    await world.clock.until(() => world.provisioners.storage.begun.some((step) => step.includes('copy-data')), HOUR);
    await orchestrator().deleteSnapshot({ snapshotId: ids[0]! }, ADA);
    await world.clock.until(() => world.quiet, HOUR);
    expect(world.last(requestId)).toMatchObject({ type: 'RequestFailed', data: { cause: { code: 'blob-missing' } } });
    expect(world.standing.filter((one) => one.includes('copy'))).toEqual([]);
    expect(blobs(world)).toEqual([]);
  });

  test('of very many parts have their manifest in a blob, which goes with them', async () => {
    const { world, ids, orchestrator } = await exported(['shop'], undefined, 'wide');
    const { data } = world.events(`snapshot-${ids[0]!}`)[0]!;
    expect(data).toMatchObject({ manifest: { instanceId: 'shop', parts: [], wires: [] }, bytes: expect.any(Number) });
    const { sha256: manifestBlob } = data['manifestBlob'] as { sha256: string };
    const whole = JSON.parse((await world.blobs.read(manifestBlob)).toString()) as SnapshotManifest;
    expect(whole.parts).toHaveLength(301);
    const asked = importAs('copy', { snapshot: ids[0]!, snapshotId: true, definition: 'wide' });
    const { requestId } = await orchestrator().accept(asked, ADA);
    await world.clock.until(() => world.quiet, HOUR);
    expect(world.last(requestId)!.type).toBe('RequestSucceeded');
    expect(world.provisioners.storage.data.get('storage/copy-part-7 g1')).toBe('made of storage/shop-part-7');
    await orchestrator().deleteSnapshot({ snapshotId: ids[0]! }, ADA);
    const parts = [manifestBlob, ...whole.parts.map((part) => part.sha256)];
    expect(parts.filter((blob) => world.blobs.contents.has(blob))).toEqual([]);
  }, 60_000);

  test('B1: one whose part is not there is not received', async () => {
    const { world, ids, orchestrator } = await exported(['shop']);
    const manifest = { ...manifestOf(world, ids[0]!), id: '0b8f2c1e-0000-4000-8000-000000000001' };
    manifest.parts = manifest.parts.map((part) => ({ ...part, sha256: 'f'.repeat(64) }));
    await expect(orchestrator().receiveSnapshot({ manifest }, ADA)).rejects.toMatchObject({ code: 'blob-missing' });
    expect(world.events(`snapshot-${manifest.id}`)).toEqual([]);
  });

  test.each(['after snapshot SnapshotDeleted', 'before blobs.remove', 'after blobs.remove'])(
    'B2: killed %s, the blobs are gone soon after the next start',
    async (where) => {
      const { world, ids, again, orchestrator } = await exported(['shop', 'forum'], (point) => point === where);
      void orchestrator().deleteSnapshot({ snapshotId: ids[0]! }, ADA);
      await world.clock.pass(1_000);
      expect(blobs(world).length).toBeGreaterThan(partsOf(world, ids[1]!).length);
      await again();
      await world.clock.pass(60_000);
      expect(blobs(world)).toEqual(partsOf(world, ids[1]!));
    },
  );
});
