import { describe, expect, test } from '@jest/globals';
import { SlipwayError, VERBS, type JobKind, type JsonObject, type RequestContext } from '@slipway/contracts';
import type { Accepted } from '@slipway/contracts/http';
import { seedOf } from '@slipway/event-store/testing';
import { randomFaults } from '@slipway/mesh/testing';
import { broken, explore, keptSnapshots, outcome, run, type Scenario, type SimulatedMesh } from '@slipway/testing/simulation';
import { World, compose } from './simulation/composition.js';

const ADA: RequestContext = { correlationId: 'call-1', actor: { id: 'ada', type: 'user' } };

const accept = (mesh: SimulatedMesh, job: JobKind, key: string, body: JsonObject) =>
  mesh.ask<Accepted>('orchestrator', VERBS.accept, { job, key, body }, ADA);
const provision = (mesh: SimulatedMesh, instanceId: string, ownerId = 'ada', definition = 'guestbook') =>
  accept(mesh, 'provision', `make-${instanceId}-${ownerId}`, { ownerId, instanceId, definition });
const deprovision = (mesh: SimulatedMesh, instanceId: string) =>
  accept(mesh, 'deprovision', `remove-${instanceId}`, { instanceId });

const exported = (mesh: SimulatedMesh, instanceId: string) => accept(mesh, 'export', `export-${instanceId}`, { instanceId });
const imported = (mesh: SimulatedMesh, instanceId: string, snapshot: string) =>
  accept(mesh, 'import', `import-${instanceId}`, { ownerId: 'ada', instanceId, snapshot, snapshotId: true });

/** Until it is recorded. Who asks again because the answer was lost may be refused: it has happened already. */
async function tell(mesh: SimulatedMesh, { requestId }: Accepted, verb: 'cancel' | 'retry'): Promise<void> {
  try {
    await mesh.ask('orchestrator', VERBS[verb], { requestId }, ADA);
  } catch (error) {
    const wanted = { cancel: 'CancelRequested', retry: 'RequestRetried' }[verb];
    if (!mesh.events(`request-${requestId}`).some(({ type }) => type === wanted)) throw error;
  }
}

/** Resolves when a request, and its environment, know that it has ended. */
const ended = (mesh: SimulatedMesh, world: World, { requestId }: Accepted, status: string) =>
  mesh.when(() => {
    const settled = mesh.events('environment-default').findLast(({ data }) => data['requestId'] === requestId)?.type;
    const { requests } = outcome(mesh.events(), world.place);
    return requests[requestId] === status && (settled === 'PlanSettled' || settled === 'NameReleased');
  });

interface Play {
  name: string;
  world?: (world: World) => void;
  play: Scenario<World>['play'];
  /** What stands in the end, `storage/shop-data g1`. */
  standing: string[];
  replicas?: number;
}

const GUESTBOOK = ['database/shop-db g1', 'instance/shop g1', 'storage/shop-data g1'];

/** Blobs that are part of a snapshot that is not kept, and kept ones that are missing. */
function blobsBroken(mesh: SimulatedMesh, { blobs }: World): string[] {
  const kept = new Set([...keptSnapshots(mesh.events()).values()].flat());
  const read = mesh
    .events()
    .flatMap(({ type, data }) => (type.endsWith('Exported') ? [(data['part'] as { sha256: string }).sha256] : []));
  const held = blobs.held();
  const left = read.filter((sha256) => !kept.has(sha256) && held.includes(sha256));
  const missing = [...kept].filter((sha256) => !held.includes(sha256));
  return [...left.map((sha256) => `Blob ${sha256} is left`), ...missing.map((sha256) => `Blob ${sha256} is missing`)];
}

const scenario = ({ name, world, play, standing, replicas }: Play): Scenario<World> => ({
  name,
  compose(mesh) {
    const made = new World();
    world?.(made);
    return compose(mesh, made, replicas);
  },
  play,
  wrong(mesh, left) {
    const { place, secrets } = left;
    const wrong = broken(mesh.events(), place);
    const stands = outcome(mesh.events(), place).standing;
    if (stands.join() !== standing.join()) wrong.push(`There stands ${stands.join(', ') || 'nothing'}`);
    if (secrets.values.size !== standing.length) wrong.push(`There are ${secrets.values.size} secrets of ${standing.length}`);
    wrong.push(...place.stopped().map((one) => `${one} does not run`), ...blobsBroken(mesh, left));
    return wrong;
  },
});

const PROVISION: Play = {
  name: 'provision',
  async play(mesh, world) {
    await ended(mesh, world, await provision(mesh, 'shop'), 'succeeded');
  },
  standing: GUESTBOOK,
};

const THERE_AND_BACK: Play = {
  name: 'provision, then deprovision',
  async play(mesh, world) {
    await ended(mesh, world, await provision(mesh, 'shop'), 'succeeded');
    await ended(mesh, world, await deprovision(mesh, 'shop'), 'succeeded');
  },
  standing: [],
};

const UNDONE: Play = {
  name: 'a step that fails for good, undone',
  world: (world) => (world.fails = (kind, action) => (kind === 'instance' && action === 'ensure' ? 'foreign' : undefined)),
  async play(mesh, world) {
    await ended(mesh, world, await provision(mesh, 'shop'), 'failed');
  },
  standing: [],
};

const CANCELLED: Play = {
  name: 'cancelled in the middle',
  // Long enough for a cancel that is lost a few times.
  world: (world) => (world.takesMs = (kind, action) => (kind === 'instance' && action === 'ensure' ? 50_000 : 5)),
  async play(mesh, world) {
    const accepted = await provision(mesh, 'shop');
    await mesh.when(() => mesh.events('instance-default.shop').length > 0);
    await tell(mesh, accepted, 'cancel');
    await ended(mesh, world, accepted, 'cancelled');
  },
  standing: [],
};

const RETRIED: Play = {
  name: 'retried after it had failed',
  world: (world) => (world.fails = (kind) => (kind === 'database' ? 'foreign' : undefined)),
  async play(mesh, world) {
    const accepted = await provision(mesh, 'shop');
    await ended(mesh, world, accepted, 'failed');
    world.fails = () => undefined;
    await tell(mesh, accepted, 'retry');
    await ended(mesh, world, accepted, 'succeeded');
  },
  standing: GUESTBOOK.map((one) => (one.startsWith('storage') ? 'storage/shop-data g2' : one.replace('g1', 'g2'))),
};

const TWO_AT_ONCE: Play = {
  name: 'two owners ask for one name at once: one wins',
  async play(mesh, world) {
    const asked = ['ada', 'grace'].map((owner) => provision(mesh, 'shop', owner));
    const answers = await Promise.allSettled(asked);
    const won = answers.filter((answer) => answer.status === 'fulfilled').map(({ value }) => value);
    const lost = answers.filter((answer) => answer.status === 'rejected').map(({ reason }) => (reason as SlipwayError).code);
    if (won.length !== 1 || lost.join() !== 'name-taken') throw new Error(`${won.length} won; the other: ${lost.join()}`);
    await ended(mesh, world, won[0]!, 'succeeded');
  },
  standing: GUESTBOOK,
};

/** What the guestbook of a world holds: of two moments if anybody wrote between them. */
const write = ({ place }: World, what: string) => {
  for (const stream of ['storage-default.shop-data', 'database-default.shop-db']) place.data(`${stream}/g1`, what);
};

const EXPORTED: Play = {
  name: 'export',
  async play(mesh, world) {
    await ended(mesh, world, await provision(mesh, 'shop'), 'succeeded');
    write(world, 'of one moment');
    await ended(mesh, world, await exported(mesh, 'shop'), 'succeeded');
  },
  standing: GUESTBOOK,
};

const EXPORT_UNDONE: Play = {
  name: 'an export that fails for good: what ran runs again',
  world: (world) => (world.fails = (kind, action) => (kind === 'database' && action === 'export' ? 'foreign' : undefined)),
  async play(mesh, world) {
    await ended(mesh, world, await provision(mesh, 'shop'), 'succeeded');
    await ended(mesh, world, await exported(mesh, 'shop'), 'failed');
  },
  standing: GUESTBOOK,
};

const EXPORT_CANCELLED: Play = {
  name: 'an export that is cancelled in the middle',
  world: (world) => (world.takesMs = (kind, action) => (kind === 'storage' && action === 'export' ? 50_000 : 5)),
  async play(mesh, world) {
    await ended(mesh, world, await provision(mesh, 'shop'), 'succeeded');
    const accepted = await exported(mesh, 'shop');
    await mesh.when(() => mesh.events('storage-default.shop-data').some(({ data }) => data['action'] === 'export'));
    await tell(mesh, accepted, 'cancel');
    await ended(mesh, world, accepted, 'cancelled');
  },
  standing: GUESTBOOK,
};

const IMPORTED: Play = {
  name: 'export, then import under another name',
  async play(mesh, world) {
    await ended(mesh, world, await provision(mesh, 'shop'), 'succeeded');
    write(world, 'of one moment');
    const { requestId } = await exported(mesh, 'shop');
    await ended(mesh, world, { requestId } as Accepted, 'succeeded');
    write(world, 'of a later one');
    await ended(mesh, world, await imported(mesh, 'copy', requestId), 'succeeded');
    for (const one of ['storage-default.copy-data/g1', 'database-default.copy-db/g1'])
      if (world.place.data(one) !== 'of one moment') throw new Error(`${one} holds "${world.place.data(one)}"`);
  },
  standing: [...GUESTBOOK, ...GUESTBOOK.map((one) => one.replace('shop', 'copy'))].toSorted(),
};

const IMPORT_UNDONE: Play = {
  name: 'an import that fails for good leaves nothing but the snapshot',
  async play(mesh, world) {
    await ended(mesh, world, await provision(mesh, 'shop'), 'succeeded');
    const { requestId } = await exported(mesh, 'shop');
    await ended(mesh, world, { requestId } as Accepted, 'succeeded');
    world.fails = (kind, action) => (kind === 'instance' && action === 'ensure' ? 'foreign' : undefined);
    await ended(mesh, world, await imported(mesh, 'copy', requestId), 'failed');
  },
  standing: GUESTBOOK,
};

const updated = (mesh: SimulatedMesh, instanceId: string) =>
  accept(mesh, 'update', `update-${instanceId}`, { instanceId, definition: 'guestbook@1.1.0-next' });
/** What of the guestbook is as its newer version wants it. */
const newer = ({ place }: World): [instance: boolean, storage: boolean] => [
  JSON.stringify(place.spec('instance-default.shop/g1')).includes('next.mjs'),
  place.spec('storage-default.shop-data/g1')['sizeLimit'] === '1GiB',
];

const UPDATED: Play = {
  name: 'update to a newer version',
  async play(mesh, world) {
    await ended(mesh, world, await provision(mesh, 'shop'), 'succeeded');
    write(world, 'kept');
    await ended(mesh, world, await updated(mesh, 'shop'), 'succeeded');
    if (newer(world).join() !== 'true,true') throw new Error(`It is ${JSON.stringify(newer(world))}`);
    if (world.place.data('storage-default.shop-data/g1') !== 'kept') throw new Error('Its data are gone');
  },
  standing: GUESTBOOK,
};

const UPDATE_UNDONE: Play = {
  name: 'an update that fails for good is taken back',
  async play(mesh, world) {
    await ended(mesh, world, await provision(mesh, 'shop'), 'succeeded');
    const undone = () => mesh.events().some(({ type }) => type === 'UndoStarted');
    world.fails = (kind, action) => (kind === 'instance' && action === 'update' && !undone() ? 'foreign' : undefined);
    await ended(mesh, world, await updated(mesh, 'shop'), 'failed');
    if (newer(world).join() !== 'false,false') throw new Error(`It is ${JSON.stringify(newer(world))}`);
  },
  standing: GUESTBOOK,
};

const BOTH_LEAVE: Play = {
  name: 'both users of what is shared are given back at once: it goes as well',
  async play(mesh, world) {
    const names = ['one', 'two'];
    for (const name of names) await ended(mesh, world, await provision(mesh, name, 'ada', 'forum'), 'succeeded');
    const asked = await Promise.all(names.map((name) => deprovision(mesh, name)));
    for (const one of asked) await ended(mesh, world, one, 'succeeded');
  },
  standing: [],
};

/** `one` on what `main` holds, then `two`, which needs it in its second version. */
async function upgrading(mesh: SimulatedMesh, world: World, status: string): Promise<void> {
  await ended(mesh, world, await provision(mesh, 'main', 'ada', 'cellar@1.0.0'), 'succeeded');
  await ended(mesh, world, await provision(mesh, 'one', 'grace', 'stall'), 'succeeded');
  if (status === 'failed') world.fails = (kind, action) => (kind === 'instance' && action === 'ensure' ? 'foreign' : undefined);
  const two = { ownerId: 'eve', instanceId: 'two', definition: 'market', allowUpgrade: ['cellar'] };
  await ended(mesh, world, await accept(mesh, 'provision', 'make-two', two), status);
  const { sizeLimit } = world.place.spec('storage-default.main/g1');
  if (sizeLimit !== (status === 'succeeded' ? '1GiB' : undefined)) throw new Error(`It is ${String(sizeLimit)}`);
}

const UPGRADED: Play = {
  name: 'what is shared is upgraded for somebody else, and then taken away with all who need it',
  async play(mesh, world) {
    await upgrading(mesh, world, 'succeeded');
    await ended(mesh, world, await accept(mesh, 'deprovision', 'remove-all', { instanceId: 'main', cascade: true }), 'succeeded');
  },
  standing: [],
};

const UPGRADED_BACK: Play = {
  name: 'an upgrade for somebody else is taken back with what it was for',
  async play(mesh, world) {
    await upgrading(mesh, world, 'failed');
  },
  standing: ['instance/one g1', 'storage/main g1'],
};

const PLAYS = [
  ...[PROVISION, THERE_AND_BACK, UNDONE, CANCELLED, RETRIED, TWO_AT_ONCE],
  ...[EXPORTED, EXPORT_UNDONE, EXPORT_CANCELLED, IMPORTED, IMPORT_UNDONE],
  ...[UPDATED, UPDATE_UNDONE, BOTH_LEAVE, UPGRADED, UPGRADED_BACK],
].map((play) => [play.name, play] as const);
const SEED = seedOf(Date.now() % 2 ** 31);
/** In how many runs of a sample somebody dies; all of them by hand: SLIPWAY_POINTS=all. */
const SAMPLE = 4;
const { SLIPWAY_POINT, SLIPWAY_POINTS } = process.env;

describe(`a mesh whose processes are killed (SLIPWAY_SEED=${SEED})`, () => {
  describe('one process, at every point', () => {
    test.each(PLAYS)(
      '%s',
      async (_name, play) => {
        const { points, runs } = await explore(scenario(play), { seed: SEED });
        expect(points).toBeGreaterThan(80);
        if (!SLIPWAY_POINT && !SLIPWAY_POINTS) expect(runs).toBe(points);
      },
      300_000,
    );
  });

  describe('all processes at once, at a sample of the points', () => {
    test.each(PLAYS)(
      '%s',
      async (_name, play) => {
        await explore(scenario(play), { seed: SEED, dies: 'everything', points: SAMPLE });
      },
      300_000,
    );
  });

  describe('three times in one run, at a sample of the points', () => {
    test.each(PLAYS)(
      '%s',
      async (_name, play) => {
        await explore(scenario(play), { seed: SEED, deaths: 3, points: SAMPLE });
      },
      300_000,
    );
  });

  describe('one of two replicas, which stays away, at a sample of the points', () => {
    test.each(PLAYS)(
      '%s',
      async (_name, play) => {
        await explore(scenario({ ...play, replicas: 2 }), { seed: SEED, awayMs: 40_000, points: SAMPLE });
      },
      300_000,
    );
  });

  describe('one of two replicas that take each other for dead all the time, at a sample of the points', () => {
    test.each(PLAYS)(
      '%s',
      async (_name, play) => {
        const distrusting = (world: World) => {
          play.world?.(world);
          world.distrust = true;
        };
        await explore(scenario({ ...play, world: distrusting, replicas: 2 }), { seed: SEED, points: SAMPLE / 4 });
      },
      300_000,
    );
  });
});

describe(`messages that are lost, doubled and late change nothing in the outcome (SLIPWAY_SEED=${SEED})`, () => {
  /** Seeds in a row, each in a run without a death and in three with one; one replica of each service, then two. */
  const ROUNDS = 3;

  test.each(PLAYS)(
    '%s',
    async (_name, play) => {
      for (let seed = SEED; seed < SEED + ROUNDS; seed += 1) {
        const faults = randomFaults({ drop: 0.2, double: 0.3, delayMs: 400 });
        await explore({ ...scenario({ ...play, replicas: 1 + (seed % 2) }), faults }, { seed, points: 3 });
      }
    },
    300_000,
  );
});

describe('the harness', () => {
  const stories = (mesh: SimulatedMesh) =>
    mesh.events().map(({ stream, type, id, recordedAt }) => [stream, type, id, recordedAt]);

  test('the same seed and the same points are the same run, to the event', async () => {
    const once = async () => {
      const faults = randomFaults({ drop: 0.1, double: 0.2, delayMs: 50 });
      const { mesh } = await run({ ...scenario(THERE_AND_BACK), faults }, { seed: SEED, dieAt: [40, 90] });
      return { points: mesh.points, deaths: mesh.deaths, story: stories(mesh) };
    };
    const first = await once();
    expect(first.deaths).toHaveLength(2);
    expect(await once()).toEqual(first);
  });
});
