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
const blobs = (world: World) => world.blobs.held();
/** An archive's parts as an upload gives them to a holder of its own. */
const uploaded = async (world: World, manifest: SnapshotManifest, contents: string[], holder = world.ids()) => {
  const held = world.blobs.of(holder);
  for (const content of contents) await held.put(content);
  return { holder, manifest: await held.put(JSON.stringify(manifest)) };
};
const OF_SHOP = ['made of instance/shop', 'made of storage/shop-data', 'made of database/shop-db'];
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

  test('are not found by what is no id, whatever it holds, and whoever asks', async () => {
    const { ids, orchestrator } = await exported(['shop']);
    for (const id of ['none', `-${ids[0]}`, `${ids[0]}/..`, '--help', 'x'.repeat(300), ids[0]!.toUpperCase()]) {
      const none = { code: 'not-found', message: `There is no snapshot ${id.slice(0, 64)}` };
      const from = { snapshot: id, snapshotId: true };
      await expect(orchestrator().offerings({ provisioner: 'slipway', ...from }, ADA)).rejects.toMatchObject(none);
      await expect(orchestrator().accept(importAs('copy', { ...from, definition: 'guestbook' }), ADA)).rejects.toMatchObject(
        none,
      );
      await expect(orchestrator().deleteSnapshot({ snapshotId: id }, ADA)).rejects.toMatchObject(none);
    }
  });

  test('B3: what is deleted is gone with its blobs, and with no others', async () => {
    const { world, ids, orchestrator } = await exported(['shop', 'forum']);
    const [shop, forum] = ids as [string, string];
    const first = await orchestrator().deleteSnapshot({ snapshotId: shop, reason: 'old' }, ADA);
    await world.clock.pass(1);
    expect(world.events(`snapshot-${shop}`).at(-1)).toMatchObject({
      type: 'SnapshotDeleted',
      data: { actor: ADA.actor, reason: 'old' },
    });
    expect(blobs(world)).toEqual(partsOf(world, forum));
    const again = await orchestrator().deleteSnapshot({ snapshotId: shop }, ADA);
    expect(again).toEqual({ ...first, repeated: true });
    await expect(orchestrator().deleteSnapshot({ snapshotId: 'none' }, ADA)).rejects.toMatchObject({ code: 'not-found' });
  });

  test('B1: of the same data have them each for itself, and nobody else’s blobs ever go with them', async () => {
    const { world, ids, orchestrator } = await exported(['shop']);
    const manifest = { ...manifestOf(world, ids[0]!), id: '0b8f2c1e-0000-4000-8000-000000000001' };
    for (const content of OF_SHOP) await world.blobs.put(content);
    const received = await uploaded(world, manifest, OF_SHOP);
    await orchestrator().receiveSnapshot(received, ADA);
    await orchestrator().deleteSnapshot({ snapshotId: ids[0]! }, ADA);
    await world.clock.pass(1);
    expect(blobs(world)).toEqual([...partsOf(world, manifest.id), received.manifest.sha256].toSorted());
    await orchestrator().deleteSnapshot({ snapshotId: manifest.id }, ADA);
    await world.clock.pass(1);
    expect(blobs(world)).toEqual([]);
    for (const part of manifest.parts) expect(await world.blobs.has(part.sha256)).toBe(true);
  });

  test('S3: that comes again while it is kept changes nothing, and what came with it goes; so does what is refused', async () => {
    const { world, ids, orchestrator } = await exported(['shop']);
    const manifest = manifestOf(world, ids[0]!);
    const before = blobs(world);
    const again = await uploaded(world, manifest, OF_SHOP);
    expect(await orchestrator().receiveSnapshot(again, ADA)).toMatchObject({ snapshotId: ids[0]!, repeated: true });
    const other = await uploaded(world, { ...manifest, instanceId: 'other' }, OF_SHOP);
    await expect(orchestrator().receiveSnapshot(other, ADA)).rejects.toMatchObject({ code: 'archive-invalid' });
    await world.clock.pass(1);
    expect(blobs(world)).toEqual(before);
    const message = { ...again, holder: ids[0]!, manifest: await world.blobs.of(ids[0]!).put(JSON.stringify(manifest)) };
    await orchestrator().receiveSnapshot(message, ADA);
    await world.clock.pass(1);
    expect(partsOf(world, ids[0]!).filter((part) => !blobs(world).includes(part))).toEqual([]);
  });

  test('B3: of an upload of whose fate nobody knows its parts go a day later, those of a kept one never', async () => {
    const { world, ids, again } = await exported(['shop']);
    const manifest = { ...manifestOf(world, ids[0]!), id: '0b8f2c1e-0000-4000-8000-000000000001' };
    const kept = blobs(world);
    const { holder } = await uploaded(world, manifest, OF_SHOP);
    await again();
    await world.clock.pass(60_000);
    expect(blobs(world)).toHaveLength(kept.length + OF_SHOP.length + 1);
    for (const id of [holder, ids[0]!]) world.blobs.of(id).touched -= 25 * HOUR;
    await again();
    await world.clock.pass(60_000);
    expect(await world.blobs.of(holder).has(manifest.parts[0]!.sha256)).toBe(false);
    expect(blobs(world)).toEqual(kept);
  });

  test('B4: that is deleted while an import reads it is there for that import until it has ended, and for no other', async () => {
    const { world, ids, orchestrator } = await exported(['shop']);
    world.provisioners.storage.behave = ({ action }) => (action === 'ensure' ? { takesMs: 10_000 } : {});
    const from = { snapshot: ids[0]!, snapshotId: true, definition: 'guestbook' };
    const { requestId } = await orchestrator().accept(importAs('copy', from), ADA);
    await world.clock.until(() => world.provisioners.storage.begun.some((step) => step.includes('copy-data')), HOUR);
    await orchestrator().deleteSnapshot({ snapshotId: ids[0]! }, ADA);
    await expect(orchestrator().accept(importAs('late', from), ADA)).rejects.toMatchObject({ code: 'not-found' });
    await world.clock.until(() => world.quiet, HOUR);
    expect(world.last(requestId)!.type).toBe('RequestSucceeded');
    expect(world.provisioners.storage.data.get('storage/copy-data g1')).toBe('made of storage/shop-data');
    await world.clock.pass(60_000);
    expect(blobs(world)).toEqual([]);
  });

  test('of very many parts have their manifest in a blob, which goes with them', async () => {
    const { world, ids, orchestrator } = await exported(['shop'], undefined, 'wide');
    const { data } = world.events(`snapshot-${ids[0]!}`)[0]!;
    expect(data).toMatchObject({ manifest: { instanceId: 'shop', parts: [], wires: [] }, bytes: expect.any(Number) });
    const { sha256: manifestBlob } = data['manifestBlob'] as { sha256: string };
    const whole = JSON.parse((await world.blobs.of(ids[0]!).read(manifestBlob)).toString()) as SnapshotManifest;
    expect(whole.parts).toHaveLength(301);
    const asked = importAs('copy', { snapshot: ids[0]!, snapshotId: true, definition: 'wide' });
    const { requestId } = await orchestrator().accept(asked, ADA);
    await world.clock.until(() => world.quiet, HOUR);
    expect(world.last(requestId)!.type).toBe('RequestSucceeded');
    expect(world.provisioners.storage.data.get('storage/copy-part-7 g1')).toBe('made of storage/shop-part-7');
    await orchestrator().deleteSnapshot({ snapshotId: ids[0]! }, ADA);
    await world.clock.pass(1);
    expect(blobs(world)).toEqual([]);
  }, 60_000);

  test('whose export fails after its archive was written leaves none at the destination', async () => {
    const { world, orchestrator } = await exported(['shop']);
    const write = world.archives.write.bind(world.archives);
    let written = 0;
    world.archives.write = async (manifest, holder, path) => {
      await write(manifest, holder, path);
      written = world.archives.files.size;
      await world.blobs.of(holder).remove();
    };
    const { requestId } = await orchestrator().accept({ ...exportOf('shop', { destination: 'backups' }), key: 'again' }, ADA);
    await world.clock.until(() => world.quiet, HOUR);
    expect(world.last(requestId)!.type).toBe('RequestFailed');
    expect([written, world.archives.files.size]).toEqual([1, 0]);
  });

  test('whose export names no destination goes to its environment’s, as its plan said, whatever the configuration says by then', async () => {
    const { world, orchestrator } = await exported(['shop']);
    world.config.environments = { default: { destination: 'backups:daily' } };
    const { requestId } = await orchestrator().accept({ ...exportOf('shop'), key: 'again' }, ADA);
    await world.clock.until(() => world.types(requestId).includes('PlanMade'), HOUR);
    world.config.environments = {};
    await world.clock.until(() => world.quiet, HOUR);
    const planned = world.events(`request-${requestId}`).find(({ type }) => type === 'PlanMade')!;
    expect(planned.data['plan']).toMatchObject({ destination: 'backups:daily' });
    const file = `daily/shop-${requestId}.slipway.tar`;
    expect(world.events(`snapshot-${requestId}`)[0]!.data['copy']).toEqual({ store: 'backups', file });
    expect([...world.archives.files.keys()]).toEqual([`/backups/${file}`]);
    const asked = orchestrator().plan({ body: { job: 'export', instanceId: 'shop', destination: 'backups' } }, ADA);
    const [plan] = await Promise.all([asked, world.clock.pass(60_000)]);
    expect(plan.destination).toBe('backups');
    await expect(
      orchestrator().plan({ body: { job: 'export', instanceId: 'shop', destination: 'moon' } }, ADA),
    ).rejects.toMatchObject({ code: 'bad-input' });
  });

  test('whose export was given up leaves none at the environment’s destination either', async () => {
    const { world, orchestrator } = await exported(['shop']);
    world.config.snapshots.destination = 'backups:daily';
    const write = world.archives.write.bind(world.archives);
    world.archives.write = async (manifest, holder, path) => {
      await write(manifest, holder, path);
      await world.blobs.of(holder).remove();
    };
    const { requestId } = await orchestrator().accept({ ...exportOf('shop'), key: 'again' }, ADA);
    await world.clock.until(() => world.quiet, HOUR);
    expect([world.last(requestId)!.type, world.archives.files.size]).toEqual(['RequestFailed', 0]);
  });

  test('B2: one whose part is not there is not received', async () => {
    const { world, ids, orchestrator } = await exported(['shop']);
    const manifest = { ...manifestOf(world, ids[0]!), id: '0b8f2c1e-0000-4000-8000-000000000001' };
    manifest.parts = manifest.parts.map((part) => ({ ...part, sha256: 'f'.repeat(64) }));
    const received = await uploaded(world, manifest, OF_SHOP);
    await expect(orchestrator().receiveSnapshot(received, ADA)).rejects.toMatchObject({ code: 'blob-missing' });
    expect(world.events(`snapshot-${manifest.id}`)).toEqual([]);
  });

  test.each(['after snapshot SnapshotDeleted', 'before blobs.remove', 'after blobs.remove'])(
    'B3: killed %s, the blobs are gone soon after the next start',
    async (where) => {
      const { world, ids, again, orchestrator } = await exported(['shop', 'forum'], (point) => point === where);
      void orchestrator().deleteSnapshot({ snapshotId: ids[0]! }, ADA);
      await world.clock.pass(1_000);
      expect(blobs(world).length).toBeGreaterThanOrEqual(partsOf(world, ids[1]!).length);
      await again();
      await world.clock.pass(60_000);
      expect(blobs(world)).toEqual(partsOf(world, ids[1]!));
    },
  );
});
