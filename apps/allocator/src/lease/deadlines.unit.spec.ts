import { expect, it } from '@jest/globals';
import { seededRandom, seedOf } from '@slipway/event-store/testing';
import { World, ada, declared, T0 } from '../testing/world.js';
import { Deadlines } from './deadlines.js';
import { dueAt } from './lease.js';

const seed = seedOf(Date.now() % 2 ** 31);

it(`tells which lease is due first, whatever was asked for, renewed or ended (SLIPWAY_SEED=${seed})`, () => {
  const random = seededRandom(seed);
  const world = new World(declared({ limits: { ...declared().limits, resources: 20 } }));
  const deadlines = new Deadlines(world.state);
  const follow = () => {
    for (const event of world.events.splice(0)) deadlines.follow(world.state, event);
  };
  for (let step = 0; step < 400; step += 1) {
    const ids = [...world.state.leases.entries()].map(([id]) => id);
    const id = ids[Math.floor(random() * ids.length)];
    const until = T0 + 1 + Math.floor(random() * 3_000_000);
    const die = random();
    if (id === undefined || die < 0.4)
      world.ask({ until, ...(random() < 0.3 && { waitUntil: T0 + 1 + Math.floor(random() * 1e6) }) });
    else if (die < 0.7) {
      const { until: from } = world.lease(id);
      if (world.lease(id).status !== 'released')
        world.run({ type: 'Renew', leaseId: id, until: Math.min(from! + 1_000, T0 + 3_600_000), actor: ada });
    } else world.back(id);
    follow();
    const due = [...world.state.leases.entries()].map(([, lease]) => dueAt(lease) ?? Infinity);
    expect(deadlines.next()?.at ?? Infinity).toBe(Math.min(Infinity, ...due));
    if (due.length > 0) expect(dueAt(world.lease(deadlines.next()!.leaseId))).toBe(deadlines.next()!.at);
  }
});

it('knows after a start what stood in the state, and nothing of a lease without an end', () => {
  const world = new World(
    declared(),
    declared({ name: 'Endless', type: 'endless', limits: { ...declared().limits, leaseSeconds: 0 } }),
  );
  world.ask({ type: 'endless' });
  expect(new Deadlines(world.state).next()).toBeUndefined();
  const leaseId = world.ask({ until: T0 + 5 });
  expect(new Deadlines(world.state).next()).toEqual({ leaseId, at: T0 + 5 });
});

it('a lease that is renewed for ever takes no more memory for it', () => {
  const world = new World(declared());
  const leaseId = world.ask({ until: T0 + 1 });
  const deadlines = new Deadlines(world.state);
  for (let n = 2; n < 1_000; n += 1) {
    const [event] = world.run({ type: 'Renew', leaseId, until: T0 + n, actor: ada });
    deadlines.follow(world.state, event!);
  }
  expect(deadlines.next()).toEqual({ leaseId, at: T0 + 999 });
  expect(deadlines.entries).toBe(1);
});
