import { describe, expect, test } from '@jest/globals';
import { CoreRig, type Mortal } from './testing/core-rig.js';
import { SimulatedPlace } from './testing/simulated-place.js';

const WHAT = 'storage-default.shop-data/g1';

/** How a caller gets its way: sends its command again and again, to whoever lives, until the outcome stands in the log. */
async function insist(rig: CoreRig, send: () => Promise<unknown>, outcome: string, alive: () => void): Promise<void> {
  for (let tries = 200; !rig.types().includes(outcome); tries -= 1) {
    if (tries === 0) throw new Error(`There was no ${outcome}`);
    alive();
    void send().catch(() => {});
    await rig.clock.pass(500);
  }
}

/** Makes and destroys a resource, and lets processes die at the n-th points of their lives; `false` when they did not get that far. */
async function run(deaths: readonly number[], replicas: readonly string[]): Promise<boolean> {
  const rig = new CoreRig('storage');
  const place = new SimulatedPlace();
  const left = [...deaths];
  let lives = 0;
  let died = 0;
  let current: Mortal | undefined;
  const alive = () => {
    if (current && !current.dead()) return;
    const replica = replicas[lives % replicas.length]!;
    lives += 1;
    const dies = left.shift();
    let points = 0;
    current = rig.mortal(place, replica, () => {
      if ((points += 1) !== dies) return 'live';
      died += 1;
      return 'die';
    });
    for (const other of replicas) if (other !== replica) rig.silence.set(other, 60_000);
    rig.silence.delete(replica);
    void current.provisioner.carryOn(rig.ensure().resource).catch(() => {});
  };
  const ensure = rig.ensure();
  const destroy = rig.destroy({ requestId: 'r2' });
  await insist(rig, () => current!.provisioner.ensure(ensure, rig.context), 'Provisioned', alive);
  expect(place.marks()).toHaveLength(1);
  await insist(rig, () => current!.provisioner.destroy(destroy, rig.context), 'Destroyed', alive);
  await rig.clock.pass(30_000);

  const types = rig.types();
  expect(types.filter((type) => type === 'Provisioned' || type === 'Destroyed')).toEqual(['Provisioned', 'Destroyed']);
  expect(types.filter((type) => type === 'Started')).toHaveLength(2);
  expect([place.made.get(WHAT), place.removed.get(WHAT), place.marks()]).toEqual([1, 1, []]);
  const epochs = rig.disk.events.filter(({ type }) => /Started|TakenOver/.test(type)).map(({ data }) => data['epoch'] as number);
  expect(epochs).toEqual(epochs.map((_, index) => index + 1));
  return died === deaths.length;
}

describe('a sub-provisioner that is killed before and after each append and each effect', () => {
  const upToTheEnd = async (replicas: string[], before: number[] = []): Promise<number> => {
    for (let point = 1; ; point += 1) if (!(await run([...before, point], replicas))) return point - 1;
  };

  test('goes on after its restart: made once, removed once, nothing left', async () => {
    // Two appends and two effects each way, before and after each.
    expect(await upToTheEnd(['here'])).toBe(16);
  });

  test('is taken over by another replica when it stays away', async () => {
    expect(await upToTheEnd(['here', 'there'])).toBe(16);
  });

  test('goes on when it is killed a second time at any point', async () => {
    // After the sixteenth point all is recorded: there is no second life.
    for (let first = 1; first < 16; first += 1) expect(await upToTheEnd(['here', 'there'], [first])).toBeGreaterThan(0);
  });
});
