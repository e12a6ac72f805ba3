import { describe, expect, test } from '@jest/globals';
import { VirtualClock, randomFaults, seeded } from '@slipway/mesh/testing';
import { instant, sha256, type SnapshotManifest } from '@slipway/contracts';
import { requestIdOf } from './acceptance.js';
import { cause, run, type Scenario } from '../testing/crash.js';
import { ADA, World, exportOf, updateOf, importAs, job, removal } from '../testing/world.js';

const seed = Number(process.env['SLIPWAY_SEED'] ?? Date.now() % 1_000_000);

/** What holds whatever happens: each effect once, nothing that nobody knows of, each name released or its own. */
function nothingLostOrTwice(world: World): void {
  for (const { made } of Object.values(world.provisioners))
    for (const [what, times] of made) expect([what, times]).toEqual([what, 1]);
  const { installed, names, admitted, held } = world.environment();
  const known = [...installed.entries()].map(([key, { generation }]) => `${key} g${generation}`).toSorted();
  expect(world.standing).toEqual(known);
  expect([admitted.size, held.size]).toEqual([0, 0]);
  for (const [name] of names.entries()) expect([...installed.entries()].some(([, one]) => one.instanceId === name)).toBe(true);
}

/** Id of the request, and of the snapshot, of {@link exportOf} an instance. */
const snapshotOf = (instanceId: string): string => requestIdOf('sim', ADA.actor, exportOf(instanceId).key);

/** What a snapshot's stream tells. */
const snapshotEvents = (world: World, id: string) => world.events(`snapshot-${id}`);
const manifestOf = (world: World, id: string) => snapshotEvents(world, id)[0]!.data['manifest'] as unknown as SnapshotManifest;

/** Blobs are those of the snapshots that are named, and no others. */
function onlyPartsOf(world: World, ...ids: string[]): void {
  const parts = ids.flatMap((id) => manifestOf(world, id).parts.map(({ sha256: blob }) => blob));
  expect(world.blobs.held()).toEqual(parts.toSorted());
}

/** What each kind's thing was changed to last. */
const changedTo = (world: World) =>
  Object.fromEntries(Object.entries(world.provisioners).map(([kind, { specs }]) => [kind, [...specs.values()].at(-1)?.['size']]));

/** What the instance was given last of what it is wired to. */
const givenTo = (world: World, one: string) => world.provisioners.instance.given.get(one);
const givenOf = (...keys: string[]) =>
  Object.fromEntries(keys.map((key) => [key.split('-').at(-1)!, { url: `${key}/g1`, inputs: {} }]));

const CONTENTS = ['made of instance/shop', 'made of storage/shop-data', 'made of database/shop-db'];

/** An archive that nobody here has made. */
function foreignArchive(world: World, contents = CONTENTS): void {
  const kinds = ['instance', 'storage', 'database'] as const;
  const definition = { name: 'guestbook', version: '1.0.0', hash: 'f'.repeat(64) };
  const parts = kinds.map((kind, at) => ({
    role: ['', 'data', 'db'][at]!,
    kind,
    driver: 'fake',
    definition,
    spec: {},
    file: `parts/${at + 1}.zst`,
    sha256: sha256(CONTENTS[at]!),
    bytes: CONTENTS[at]!.length,
    mediaType: `text/${kind}`,
    contentBytes: CONTENTS[at]!.length,
  }));
  const taken = { id: FOREIGN, takenAt: '2026-03-01T06:00:00.000Z', mesh: 'other', environment: 'default', instanceId: 'shop' };
  const manifest = { format: 'slipway-snapshot/1', ...taken, owner: { id: 'bob', type: 'user' }, definition, parts, wires: [] };
  world.archives.files.set('/backups/shop.slipway.tar', { manifest: manifest as SnapshotManifest, parts: contents });
}
const FOREIGN = '0b8f2c1e-0000-4000-8000-000000000001';
const fromFile = { snapshot: '/backups/shop.slipway.tar' };

const scenarios: Scenario[] = [
  {
    name: 'provision',
    jobs: [job('shop')],
    check(world, [shop]) {
      nothingLostOrTwice(world);
      expect(world.last(shop!.requestId)!.type).toBe('RequestSucceeded');
      expect(world.standing).toEqual(['database/shop-db g1', 'instance/shop g1', 'storage/shop-data g1']);
    },
  },
  {
    name: 'provision, deprovision',
    jobs: [job('shop', { definition: 'forum' }), removal('shop')],
    check(world, [, gone]) {
      nothingLostOrTwice(world);
      expect(world.last(gone!.requestId)!.type).toBe('RequestSucceeded');
      expect(world.standing).toEqual([]);
    },
  },
  {
    name: 'an instance that is wanted until a time is given back by itself',
    jobs: [job('shop', { until: instant(new VirtualClock().now() + 900_000) })],
    comes: (world) => world.environment().names.size === 0,
    check(world) {
      nothingLostOrTwice(world);
      expect(world.standing).toEqual([]);
      const own = world.events('environment-default');
      const told = own.filter(({ type }) => type === 'InstanceExpiring' || type === 'InstanceExpired');
      expect(told.map(({ type }) => type)).toEqual(['InstanceExpiring', 'InstanceExpired']);
      const removals = world.events().filter(({ type, data }) => type === 'RequestAccepted' && data['job'] === 'deprovision');
      expect(removals.map(({ metadata }) => metadata.causationId)).toEqual([told[1]!.id]);
    },
  },
  {
    name: 'a step that fails for good is undone',
    jobs: [job('shop')],
    prepare(world) {
      world.provisioners.instance.behave = ({ action }) => (action === 'ensure' ? { fails: cause('foreign') } : {});
    },
    check(world, [shop]) {
      nothingLostOrTwice(world);
      expect(world.last(shop!.requestId)!.type).toBe('RequestFailed');
      expect(world.standing).toEqual([]);
      expect(world.environment().names.size).toBe(0);
    },
  },
  {
    name: 'export',
    jobs: [job('shop'), exportOf('shop', { destination: 'backups' })],
    check(world, [, exported]) {
      nothingLostOrTwice(world);
      const id = exported!.requestId;
      expect(world.last(id)).toMatchObject({ type: 'RequestSucceeded', data: { installed: [], removed: [], snapshot: id } });
      expect(world.standing).toEqual(['database/shop-db g1', 'instance/shop g1', 'storage/shop-data g1']);
      expect([[...world.provisioners.instance.up], world.readWhileUp]).toEqual([['instance/shop g1'], []]);
      expect(snapshotEvents(world, id).map(({ type }) => type)).toEqual(['SnapshotTaken']);
      onlyPartsOf(world, id);
      const copies = [...world.archives.files].map(([path, { manifest }]) => [path, manifest]);
      expect(copies).toEqual([[`/backups/shop-${id}.slipway.tar`, manifestOf(world, id)]]);
    },
  },
  {
    name: 'an export of which something cannot be read out: the instance runs again, and nothing is left',
    jobs: [job('shop'), exportOf('shop')],
    prepare(world) {
      world.provisioners.storage.behave = ({ action }) => (action === 'export' ? { fails: cause('foreign') } : {});
    },
    check(world, [, exported]) {
      nothingLostOrTwice(world);
      expect(world.last(exported!.requestId)!.type).toBe('RequestFailed');
      expect([...world.provisioners.instance.up]).toEqual(['instance/shop g1']);
      expect(snapshotEvents(world, exported!.requestId)).toEqual([]);
      onlyPartsOf(world);
    },
  },
  {
    name: 'an export that cannot be written to where it was to go',
    jobs: [job('shop'), exportOf('shop', { destination: 'backups' })],
    prepare(world) {
      world.archives.fails = () => new Error('The disk is full');
    },
    check(world, [, exported]) {
      nothingLostOrTwice(world);
      const { type, data } = world.last(exported!.requestId)!;
      expect([type, (data['cause'] as { message: string }).message]).toEqual(['RequestFailed', 'The disk is full']);
      expect([...world.provisioners.instance.up]).toEqual(['instance/shop g1']);
      expect([snapshotEvents(world, exported!.requestId), world.archives.files.size]).toEqual([[], 0]);
      onlyPartsOf(world);
    },
  },
  {
    name: 'export, import under another name',
    jobs: [
      job('shop'),
      exportOf('shop'),
      importAs('copy', { snapshot: snapshotOf('shop'), snapshotId: true, definition: 'guestbook' }),
    ],
    check(world, [, , imported]) {
      nothingLostOrTwice(world);
      expect(world.last(imported!.requestId)!.type).toBe('RequestSucceeded');
      const { storage, database, instance } = world.provisioners;
      expect(storage.data.get('storage/copy-data g1')).toBe('made of storage/shop-data');
      expect(database.data.get('database/copy-db g1')).toBe('made of database/shop-db');
      expect([...instance.up].toSorted()).toEqual(['instance/copy g1', 'instance/shop g1']);
      onlyPartsOf(world, snapshotOf('shop'));
    },
  },
  {
    name: 'import of an archive in a store',
    jobs: [importAs('copy', fromFile)],
    prepare: (world) => foreignArchive(world),
    check(world, [imported]) {
      nothingLostOrTwice(world);
      expect(world.last(imported!.requestId)!.type).toBe('RequestSucceeded');
      expect(world.provisioners.storage.data.get('storage/copy-data g1')).toBe('made of storage/shop-data');
      expect(snapshotEvents(world, FOREIGN).map(({ type }) => type)).toEqual(['SnapshotReceived']);
      onlyPartsOf(world, FOREIGN);
    },
  },
  {
    name: 'import of a damaged archive: nothing is made, and nothing is kept',
    jobs: [importAs('copy', fromFile)],
    prepare: (world) => foreignArchive(world, [...CONTENTS.slice(0, 2), '']),
    check(world, [imported]) {
      nothingLostOrTwice(world);
      const { type, data } = world.last(imported!.requestId)!;
      expect([type, (data['cause'] as { code: string }).code]).toEqual(['RequestFailed', 'archive-invalid']);
      expect([world.standing, world.environment().names.size, snapshotEvents(world, FOREIGN)]).toEqual([[], 0, []]);
      onlyPartsOf(world);
    },
  },
  {
    name: 'an import that fails is undone, and the snapshot stays',
    jobs: [
      job('shop'),
      exportOf('shop'),
      importAs('copy', { snapshot: snapshotOf('shop'), snapshotId: true, definition: 'guestbook' }),
    ],
    prepare(world) {
      world.provisioners.instance.behave = ({ action, resource }) =>
        action === 'ensure' && resource.name === 'copy' ? { fails: cause('foreign') } : {};
    },
    check(world, [, , imported]) {
      nothingLostOrTwice(world);
      expect(world.last(imported!.requestId)!.type).toBe('RequestFailed');
      expect(world.standing).toEqual(['database/shop-db g1', 'instance/shop g1', 'storage/shop-data g1']);
      expect(world.environment().names.get('copy')).toBeUndefined();
      onlyPartsOf(world, snapshotOf('shop'));
    },
  },
  {
    name: 'update',
    jobs: [job('shop'), updateOf('shop')],
    check(world, [, updated]) {
      nothingLostOrTwice(world);
      const { type, data } = world.last(updated!.requestId)!;
      expect([type, data['installed'], (data['updated'] as unknown[]).length]).toEqual(['RequestSucceeded', [], 3]);
      expect(world.standing).toEqual(['database/shop-db g1', 'instance/shop g1', 'storage/shop-data g1']);
      expect(changedTo(world)).toEqual({ instance: 'after', storage: 'after', database: 'after' });
      expect(world.environment().installed.get('instance/shop')!.uses.toSorted()).toEqual([
        'database/shop-db',
        'storage/shop-data',
      ]);
    },
  },
  {
    name: 'an update that fails is taken back, each thing to what it was',
    jobs: [job('shop'), updateOf('shop')],
    prepare(world) {
      world.provisioners.instance.behave = ({ action, spec }) =>
        action === 'update' && spec['size'] === 'after' ? { fails: cause('foreign') } : {};
    },
    check(world, [, updated]) {
      nothingLostOrTwice(world);
      expect(world.last(updated!.requestId)!.type).toBe('RequestFailed');
      expect(world.standing).toEqual(['database/shop-db g1', 'instance/shop g1', 'storage/shop-data g1']);
      expect(changedTo(world)).toEqual({ instance: 'before', storage: 'before', database: 'before' });
      expect(givenTo(world, 'instance/shop g1')).toEqual(givenOf('storage/shop-data', 'database/shop-db'));
      expect(world.environment().names.get('shop')).toEqual({ owner: { id: 'ada', type: 'user' } });
    },
  },
  {
    name: 'an update that fails gives back what it had dropped',
    jobs: [job('shop'), updateOf('shop', { definition: 'leaner' })],
    prepare(world) {
      world.provisioners.instance.behave = ({ action, spec }) =>
        action === 'update' && spec['size'] === 'after' ? { fails: cause('foreign') } : {};
    },
    check(world, [, updated]) {
      nothingLostOrTwice(world);
      expect(world.last(updated!.requestId)!.type).toBe('RequestFailed');
      expect(world.standing).toEqual(['database/shop-db g1', 'instance/shop g1', 'storage/shop-data g1']);
      expect(changedTo(world)).toEqual({ instance: 'before', storage: 'before' });
      expect(givenTo(world, 'instance/shop g1')).toEqual(givenOf('storage/shop-data', 'database/shop-db'));
    },
  },
  {
    name: 'an update that takes away what is not needed any more',
    jobs: [job('shop'), updateOf('shop', { definition: 'leaner' })],
    check(world, [, updated]) {
      nothingLostOrTwice(world);
      expect(world.last(updated!.requestId)!.type).toBe('RequestSucceeded');
      expect(world.standing).toEqual(['instance/shop g1', 'storage/shop-data g1']);
      expect(world.environment().installed.get('instance/shop')!.uses).toEqual(['storage/shop-data']);
    },
  },
  {
    name: 'a step that fails once is tried again',
    jobs: [job('shop', { definition: 'forum' })],
    prepare(world) {
      world.provisioners.database.behave = (step) => (step.try === 1 ? { fails: cause('driver-failed') } : {});
    },
    check(world, [shop]) {
      nothingLostOrTwice(world);
      expect(world.last(shop!.requestId)!.type).toBe('RequestSucceeded');
    },
  },
];

describe.each(scenarios)('killed at every point: $name', (scenario) => {
  test('once', async () => {
    const points = await run(scenario, []);
    expect(points.length).toBeGreaterThan(20);
    for (let at = 0; at < points.length; at += 1) {
      try {
        await run(scenario, [at]);
      } catch (error) {
        throw new Error(`killed at point ${at}: ${points[at]}\n${(error as Error).message}`, { cause: error });
      }
    }
  }, 120_000);

  test(`several times, messages lost, doubled and late (SLIPWAY_SEED=${seed})`, async () => {
    for (let round = 0; round < 15; round += 1) {
      const random = seeded(seed + round);
      const deaths = Array.from({ length: 3 }, () => Math.floor(random() * 90));
      const faults = randomFaults({ drop: 0.15, double: 0.2, delayMs: 40 });
      try {
        await run({ ...scenario, seed: seed + round, faults }, deaths);
      } catch (error) {
        throw new Error(`SLIPWAY_SEED=${seed}, round ${round}, killed at ${deaths.join(', ')}\n${(error as Error).message}`, {
          cause: error,
        });
      }
    }
  }, 120_000);
});
