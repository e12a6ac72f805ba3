import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { MemoryDisk, MemoryEventLog } from '@slipway/event-store/testing';
import { VirtualClock } from '@slipway/mesh/testing';
import * as fc from 'fast-check';
import { Allocations } from './allocations.js';
import type { AllocationCommand } from './commands.js';
import { RandomWorld, throws } from '../testing/random-world.js';
import { World, T0, ada, asking, bob, declared } from '../testing/world.js';

// A failure prints seed and path; SLIPWAY_SEED replays it. SLIPWAY_SEQUENCES=100000 is the campaign in full.
const seed = Number(process.env.SLIPWAY_SEED ?? Date.now() % 2 ** 31);
const sequences = Number(process.env.SLIPWAY_SEQUENCES ?? 100);
const LONG = 60_000 + sequences * 100;

/** Whether some waiting lease has room, and there is nobody for whom that could be kept. */
function grantedAll(world: RandomWorld): void {
  const waiting = [...world.state.leases.entries()].map(([, lease]) => lease).filter(({ status }) => status === 'pending');
  for (const lease of waiting) {
    const alone = waiting.every(
      (other) => other === lease || (other.type !== lease.type && !['database', 'both'].includes(other.type)),
    );
    const { approved } = world.state.blueprints.get('Host')!;
    if (!alone || !approved.has(`${lease.owner.type}/${lease.owner.id}`)) continue;
    for (const [id, { status, type, capacity, attributes, slots }] of world.state.resources.entries()) {
      const isOpen = (status === 'open' || status === 'pending') && type === lease.type;
      const hasRoom = world.model.load(id) + lease.amount <= capacity && lease.slots.every((slot) => !slots.has(slot));
      if (isOpen && hasRoom && Object.entries(lease.attributes).every(([name, value]) => attributes[name] === value))
        throw new Error(`${lease.id} waits, and ${id} has room for it`);
    }
  }
}

describe(`laws of leases (SLIPWAY_SEED=${seed}, ${sequences} sequences)`, () => {
  it(
    'whatever happens: no double grant, no lost lease, no leaked resource; a restart changes nothing; nobody waits for nothing',
    () => {
      fc.assert(
        fc.property(throws(40), (dice) => {
          const world = new RandomWorld();
          for (const one of dice) {
            world.throw(one);
            grantedAll(world);
          }
          for (const [id, { status, granted }] of world.state.leases.entries())
            expect([id, world.model.claims.get(id)]).toEqual([id, expect.objectContaining({ status, on: granted?.resourceId })]);
          world.restart();
          world.wind();
          expect([...world.model.claims.values()].filter(({ status }) => status !== 'destroyed')).toEqual([]);
          expect([...world.model.things].filter(([, { status }]) => status !== 'destroyed')).toEqual([]);
          expect(
            [world.state.leases, world.state.resources, world.state.names, world.state.held, world.state.granted].map(
              ({ size }) => size,
            ),
          ).toEqual([0, 0, 0, 0, 0]);
          expect([world.state.queues.size, world.state.idle.size, world.state.requests.size]).toEqual([0, 0, 0]);
          for (const [, { made, making, spare, leaving }] of world.state.blueprints)
            expect([made, making, spare, leaving]).toEqual([0, 0, 0, 0]);
        }),
        { seed, numRuns: sequences },
      );
    },
    LONG,
  );

  it(
    'what was left on what was entered by hand is taken back or given up by an operator, whatever befalls it',
    () => {
      fc.assert(
        fc.property(throws(40), (dice) => {
          const world = new RandomWorld();
          for (const one of dice) world.throwAtPool(one);
          world.restart();
          world.wind();
          expect(world.model.remaining()).toEqual([]);
          expect([world.state.leases.size, world.state.resources.size]).toEqual([0, 0]);
        }),
        { seed, numRuns: Math.min(sequences, 3_000) },
      );
    },
    LONG,
  );

  it(
    'a pool of n grants exactly n, whoever asks and gives back in whatever order',
    () => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 9 }), fc.array(fc.nat(99), { maxLength: 60 }), (n, dice) => {
          const world = new World(declared({ can: [] }));
          world.enter('pool', { capacity: n });
          for (const die of dice) {
            const ids = [...world.state.leases.entries()].map(([id]) => id).toSorted();
            const id = ids[die % Math.max(1, ids.length)];
            if (die < 60 || id === undefined) world.ask();
            else world.back(id);
            const granted = [...world.state.leases.entries()].filter(([, lease]) => lease.granted).length;
            expect(granted).toBe(Math.min(n, world.state.leases.size));
          }
        }),
        { seed, numRuns: Math.min(sequences, 3_000) },
      );
    },
    LONG,
  );

  it(
    'a pool of n grants exactly n, also where two replicas decide on one log at once',
    async () => {
      const clock = new VirtualClock();
      const disk = new MemoryDisk();
      const catalogue = new Map([['RackHost', declared({ can: [] })]]);
      const replica = () =>
        new Allocations({
          ...{ store: new MemoryEventLog({ disk, clock }).as('allocator'), catalogue, ids: randomUUID, clock },
          warn: () => {},
          recorded: () => {},
        });
      const both = [replica(), replica()];
      const now = T0;
      const by = { actor: ada };
      const decide = (at: number, command: AllocationCommand) => both[at % 2]!.decide('default', command, by);
      await decide(0, { type: 'Approve', blueprint: 'RackHost', owner: ada, actor: ada, now });
      await decide(0, {
        type: 'Enter',
        resource: { name: 'pool', blueprint: 'RackHost', attributes: {}, capacity: 5 },
        actor: ada,
        now,
      });
      const tokens = new Set<number>();
      for (let round = 0; round < 10; round += 1) {
        const asks = Array.from({ length: 8 }, (_, at) => decide(at, { type: 'Ask', ask: asking(), wait: true, now }));
        const held = [...both[0]!.of('default').state.leases.entries()].filter(([, { granted }]) => granted).map(([id]) => id);
        // Each is given back over both at once.
        const back = held
          .slice(0, 3)
          .flatMap((leaseId) => [0, 1].map((at) => decide(at, { type: 'Release', leaseId, actor: ada, now })));
        await Promise.all([...asks, ...back]);
        await Promise.all(
          held.slice(0, 3).flatMap((leaseId) => [0, 1].map((at) => decide(at, { type: 'TookBack', leaseId, now }))),
        );
        await Promise.all(both.map((one) => one.of('default').refresh()));
        const states = both.map((one) => one.of('default').state);
        for (const { leases, resources } of states) {
          const granted = [...leases.entries()].flatMap(([, lease]) => lease.granted ?? []);
          expect(granted).toHaveLength(5);
          expect(new Set(granted.map(({ token }) => token)).size).toBe(5);
          expect([...resources.entries()].map(([, { load }]) => load)).toEqual([5]);
        }
        expect(states[0]!.lastToken).toBe(states[1]!.lastToken);
      }
      for (const { type, data } of disk.events) {
        if (type !== 'LeaseAcquired') continue;
        const { token } = data as { token: number };
        expect(tokens.has(token)).toBe(false);
        tokens.add(token);
      }
      expect(tokens.size).toBe(5 + 9 * 3);
    },
    LONG,
  );

  it(
    'nobody starves: whoever wants all of the largest is overtaken by none who asked ten minutes and his priorities later',
    () => {
      const small = fc.record({
        amount: fc.integer({ min: 1, max: 3 }),
        minutes: fc.integer({ min: 1, max: 9 }),
        priority: fc.nat(2),
      });
      fc.assert(
        fc.property(fc.array(small, { minLength: 1, maxLength: 12 }), fc.integer({ min: 3, max: 6 }), (asks, capacity) => {
          const world = new World(declared({ can: [], limits: { ...declared().limits, leaseSeconds: 0 } }));
          world.run({ type: 'Approve', blueprint: 'RackHost', owner: bob, actor: ada });
          world.enter('one', { capacity });
          const ends = new Map<string, number>();
          const large = () => [...world.state.leases.entries()].find(([, { owner }]) => owner.id === 'bob')?.[1];
          for (let minute = 0; large()?.status !== 'acquired'; minute += 1) {
            if (minute === 2_000) throw new Error('The large one still waits');
            if (minute === 5) world.ask({ owner: bob, amount: capacity });
            const { amount, minutes, priority } = asks[minute % asks.length]!;
            world.ask({ amount, priority });
            for (const [id, { at, priority: its, granted, owner }] of world.state.leases.entries()) {
              if (!granted || ends.has(id) || owner.id === 'bob') continue;
              ends.set(id, minute + minutes);
              if (large()?.status === 'pending') expect(at).toBeLessThanOrEqual(large()!.at + (its + 1) * 600_000);
            }
            for (const [id, end] of ends)
              if (end <= minute && world.state.leases.has(id)) {
                world.activate(id);
                world.back(id);
              }
            world.later(60_000);
          }
        }),
        { seed, numRuns: Math.min(sequences, 1_000) / 10 },
      );
    },
    LONG,
  );

  it(
    'nobody starves: nor where there are several, and on some is what nobody ever gives back',
    () => {
      const small = fc.record({
        amount: fc.integer({ min: 1, max: 3 }),
        minutes: fc.integer({ min: 1, max: 9 }),
        hasEnd: fc.boolean(),
      });
      const one = fc.record({ amount: fc.integer({ min: 1, max: 3 }), hasLock: fc.boolean() });
      const held = fc.array(one, { minLength: 1, maxLength: 3 });
      fc.assert(
        fc.property(fc.array(small, { minLength: 1, maxLength: 12 }), held, fc.boolean(), (asks, forGood, wantsLock) => {
          const world = new World(declared({ can: [], limits: { ...declared().limits, leaseSeconds: 0 } }));
          world.run({ type: 'Approve', blueprint: 'RackHost', owner: bob, actor: ada });
          // On all but the last somebody has something for good.
          for (const [at, { amount, hasLock }] of forGood.entries()) {
            const resourceId = world.enter(`held-${at}`, { capacity: 4 });
            world.use({ resourceId, amount, slots: hasLock ? ['port/8080'] : [] });
          }
          world.enter('free', { capacity: 4 });
          const ends = new Map<string, number>();
          const large = () => [...world.state.leases.entries()].find(([, { owner }]) => owner.id === 'bob')?.[1];
          const lasting = new Set([...world.state.leases.entries()].map(([id]) => id));
          for (let minute = 0; large()?.status !== 'acquired'; minute += 1) {
            if (minute === 2_000) throw new Error('The large one still waits');
            if (minute === 5) world.ask({ owner: bob, amount: 4, slots: wantsLock ? ['port/8080'] : [] });
            const { amount, minutes, hasEnd } = asks[minute % asks.length]!;
            world.ask({ amount, ...(hasEnd && { until: world.now + 3_600_000 }) });
            for (const [id, { granted }] of world.state.leases.entries())
              if (granted && !ends.has(id) && !lasting.has(id)) ends.set(id, minute + minutes);
            for (const [id, end] of ends)
              if (end <= minute && world.state.leases.has(id) && id !== large()?.id) {
                world.activate(id);
                world.back(id);
              }
            world.later(60_000);
          }
        }),
        { seed, numRuns: Math.min(sequences, 1_000) / 10 },
      );
    },
    LONG,
  );
});
