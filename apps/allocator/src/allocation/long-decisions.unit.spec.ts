import { describe, expect, it } from '@jest/globals';
import { Model, limitsIn } from '../testing/model.js';
import { World, ada, declared, operator } from '../testing/world.js';
import { MOST_EVENTS } from './deciding.js';

const MANY = 3 * MOST_EVENTS;
const limits = (over: object) => ({ limits: { ...declared().limits, resources: 2 * MANY, ...over } });
const pool = (count: number) => {
  const world = new World(declared({ can: [], ...limits({}) }));
  return { world, id: world.enter('pool', { capacity: count }) };
};
const counted = (world: World) => {
  const by: Record<string, number> = {};
  for (const [, { status }] of world.state.leases.entries()) by[status] = (by[status] ?? 0) + 1;
  return by;
};

/** Decides again and again, as its caller does; tells in how many decisions, of which none is longer than an append can be. */
function whole(world: World, command: Parameters<World['run']>[0], then = command): number {
  for (let events = world.run(command), decisions = 1; ; events = world.run(then), decisions += 1) {
    expect(events.length).toBeLessThan(MOST_EVENTS * 2);
    if (events.length < MOST_EVENTS) return decisions;
  }
}

describe('what one decision could not record comes with the next ones', () => {
  it('of idle resources that go, and warm ones that come', () => {
    const world = new World(declared(limits({ warm: MANY })));
    expect(whole(world, { type: 'Tidy' })).toBeGreaterThan(2);
    for (const [resourceId] of [...world.state.resources.entries()]) world.run({ type: 'Opened', resourceId });
    expect(world.state.idle.get('RackHost')!.size).toBe(MANY);
    world.run({ type: 'SetLimits', blueprint: 'RackHost', limits: { warm: 0 }, actor: operator });
    world.later(60_000);
    expect(whole(world, { type: 'Tidy' })).toBeGreaterThan(2);
    expect(world.state.idle.size).toBe(0);
  });

  it('of leases that are granted at once, reclaimed, or end with their request', () => {
    const { world, id } = pool(MANY);
    world.run({ type: 'Change', resourceId: id, capacity: 1, actor: operator });
    for (let count = 0; count < MANY; count += 1) world.ask({ requestId: 'r1' });
    whole(world, { type: 'Change', resourceId: id, capacity: MANY, actor: operator }, { type: 'Tidy' });
    expect(counted(world)).toEqual({ acquired: MANY });
    const ended = { type: 'EndRequest', requestId: 'r1' } as const;
    world.run(ended);
    expect(counted(world)).toEqual({ acquired: MANY - MOST_EVENTS, released: MOST_EVENTS });
    whole(world, { type: 'Reclaim', of: { owner: ada }, actor: operator, reason: 'moved' });
    expect(counted(world)).toEqual({ released: MANY });
    expect(whole(world, ended)).toBe(1);
  });

  it('of leases that are lost with their resource, also with one that is not made', () => {
    const { world, id } = pool(MANY);
    for (let count = 0; count < MANY; count += 1) world.ask({ replace: count % 2 === 0 });
    whole(world, { type: 'Broke', resourceId: id, reason: 'fire' }, { type: 'Tidy' });
    expect(counted(world)).toEqual({ pending: MANY / 2, broken: MANY / 2 });
    for (const command of ['Failed', 'Drain'] as const) {
      const made = new World(declared({ capacity: MANY, ...limits({ resources: 1 }) }));
      const model = new Model(limitsIn(made.catalogue, () => 1));
      for (let count = 0; count < MANY; count += 1) made.ask();
      const [[resourceId]] = [...made.state.resources.entries()] as [[string, unknown]];
      const first = { resourceId, reason: 'no disk', actor: operator, retryAt: made.now + 1_000 };
      made.run({ type: command, ...first });
      if (command === 'Drain') while (made.run({ type: 'Tidy' }).length > 0);
      expect(made.resource(resourceId).status).toBe('closed');
      whole(made, { type: 'Gone', resourceId });
      made.later(1_000);
      while (made.run({ type: 'Tidy' }).length > 0);
      for (const event of made.events) model.follow(event);
      model.settled();
      expect([counted(made), made.state.resources.size]).toEqual([{ acquired: MANY }, 1]);
    }
  });
});
